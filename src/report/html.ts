import type { Report } from '../contract/report.ts'
import { durationText, sizeText } from '../units.ts'
import { barsTable, type Bar } from './bars.ts'
import { escapeHtml } from './escape.ts'
import { STYLE } from './style.ts'

/** A report as one page that needs nothing else, not even a server. */
export function reportHtml(report: Report): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Images of the build</title>
<style>:root { color-scheme: light dark } body { margin: 0 }${STYLE}</style>
</head>
<body class="report">
<main>
<h1>Images of the build</h1>
${contentOf(report)}
</main>
</body>
</html>
`
}

function contentOf(report: Report): string {
  const sections = [overview(report), formats(report), pages(report), largest(report), slowest(report), cache(report), failed(report)]
  return sections.filter((part) => part !== '').join('\n')
}

function section(title: string, content: string, note = ''): string {
  return `<section><h2>${escapeHtml(title)}</h2>${note === '' ? '' : `<p>${escapeHtml(note)}</p>`}${content}</section>`
}

function overview({ requests, sources, outputs }: Report): string {
  const facts: [string, string][] = [
    ['requests', String(requests)],
    ['sources', `${sources.files}, ${sizeText(sources.size_bytes)}`],
    ['files', `${outputs.files}, ${sizeText(outputs.size_bytes)}`],
  ]
  return `<dl>${facts.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>`
}

function formats({ source_formats, formats: after }: Report): string {
  const bars = (by: Report['formats'], kind: 'before' | 'after'): Bar[] =>
    Object.entries(by)
      .sort(([, a], [, b]) => b.size_bytes - a.size_bytes)
      .map(([format, { files, size_bytes }]) => ({
        name: `${kind}: ${format}, ${files} ${files === 1 ? 'file' : 'files'}`,
        value: sizeText(size_bytes),
        parts: [{ amount: size_bytes, kind }],
      }))
  const rows = [...bars(source_formats, 'before'), ...bars(after, 'after')]
  return rows.length === 0
    ? ''
    : section(
        'Bytes before and after',
        barsTable('Bytes by format', ['format', 'bytes'], rows),
        'Before: the image files. After: all that was made of them, in every size and format; a browser loads one file of each image.',
      )
}

function pages({ entries }: Report): string {
  if (!entries || entries.length === 0) return ''
  const rows = entries
    .toSorted((a, b) => b.size_bytes - a.size_bytes)
    .map(({ name, files, size_bytes, first_size_bytes }): Bar => ({
      name: `${name}, ${files} ${files === 1 ? 'image' : 'images'}`,
      value: first_size_bytes < size_bytes ? `${sizeText(size_bytes)}, ${sizeText(first_size_bytes)} at first` : sizeText(size_bytes),
      parts: [
        { amount: first_size_bytes, kind: 'first' },
        { amount: size_bytes - first_size_bytes, kind: 'after' },
      ],
    }))
  return section(
    'Weight of pages',
    barsTable('Most that each entry can load', ['entry', 'bytes'], rows),
    'The largest file of each import, of the page, its style sheets and its chunks. The stronger part needs no dynamic import.',
  )
}

function largest(report: Report): string {
  const rows = report.largest.map(({ path, request, size_bytes }): Bar => ({
    name: `${path} (${request})`,
    value: sizeText(size_bytes),
    parts: [{ amount: size_bytes, kind: 'after' }],
  }))
  return rows.length === 0 ? '' : section('Largest files', barsTable('Largest files', ['file', 'bytes'], rows))
}

function slowest(report: Report): string {
  const rows = report.slowest.map(({ request, elapsed_ms }): Bar => ({
    name: request,
    value: durationText(elapsed_ms),
    parts: [{ amount: elapsed_ms, kind: 'time' }],
  }))
  return rows.length === 0
    ? ''
    : section(
        'Slowest requests',
        barsTable('Slowest requests', ['request', 'time'], rows),
        'What came from the cache has the time of the run that made it.',
      )
}

function cache({ requests, cached }: Report): string {
  if (requests === 0) return section('Nothing was made', '<p>No image of this build is made by imagemill.</p>')
  const rows: Bar[] = [
    { name: 'from the cache', value: String(cached), parts: [{ amount: cached, kind: 'after' }] },
    { name: 'made anew', value: String(requests - cached), parts: [{ amount: requests - cached, kind: 'time' }] },
  ]
  return section('Use of the cache', barsTable('Requests', ['where from', 'requests'], rows))
}

function failed(report: Report): string {
  const items = report.failed.map(({ request, error }) => `<li><code>${escapeHtml(request)}</code>: ${escapeHtml(error)}</li>`)
  return items.length === 0 ? '' : section('Failed', `<ul>${items.join('')}</ul>`)
}
