import type { Report } from '../contract/report.ts'
import { durationText, sizeText } from '../units.ts'

/** A report for a terminal. */
export function reportText({ requests, cached, sources, outputs, formats, entries, largest, slowest, failed }: Report): string {
  const list = (title: string, rows: readonly [string, string][]): string =>
    rows.length === 0 ? '' : `\n${title}\n${rows.map(([value, name]) => `  ${value.padStart(10)}  ${name}\n`).join('')}`
  return [
    `${requests} requests, ${cached} of them from the cache\n`,
    `${sources.files} sources, ${sizeText(sources.size_bytes)}\n${outputs.files} outputs, ${sizeText(outputs.size_bytes)}\n`,
    list(
      'Formats',
      Object.entries(formats).map(([format, { files, size_bytes }]) => [sizeText(size_bytes), `${format}, ${files} files`]),
    ),
    list(
      'Most that a page can load',
      (entries ?? []).map(({ name, files, size_bytes }) => [sizeText(size_bytes), `${name}, ${files} files`]),
    ),
    list(
      'Largest',
      largest.map(({ path, size_bytes }) => [sizeText(size_bytes), path]),
    ),
    list(
      'Slowest',
      slowest.map(({ request, elapsed_ms }) => [durationText(elapsed_ms), request]),
    ),
    list(
      'Failed',
      failed.map(({ request, error }) => ['', `${request}: ${error}`]),
    ),
  ].join('')
}
