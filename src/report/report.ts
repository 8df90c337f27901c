import type { OutputFile } from '../contract/job-result.ts'
import type { Manifest } from '../contract/manifest.ts'
import type { Report, ReportEntry, ReportImage } from '../contract/report.ts'

/** Of the largest and the slowest so many are named. */
const NAMED = 10

/** What a manifest comes to. A file that several requests name is counted once. */
export function reportOf(manifest: Manifest, entries: ReportEntry[] | null = null): Report {
  const images = Object.entries(manifest).map(([request, { source, cached, results }]): ReportImage => {
    const { path, format, width, height, size_bytes } = source
    return {
      request,
      source: { path, format, width, height, size_bytes },
      cached,
      elapsed_ms: sum(results.map(({ elapsed_ms }) => elapsed_ms)),
      files: results.flatMap((result) => (result.success ? result.outputs.map(fileOf) : [])),
    }
  })
  const sources = [...new Map(Object.values(manifest).map(({ source }) => [source.sha256, source])).values()]
  const files = new Map(images.flatMap(({ request, files: own }) => own.map((file) => [file.path, { request, ...file }])))
  const outputs = [...files.values()]
  return {
    requests: images.length,
    cached: images.filter(({ cached }) => cached).length,
    sources: { files: sources.length, size_bytes: bytesOf(sources) },
    outputs: { files: outputs.length, size_bytes: bytesOf(outputs) },
    source_formats: byFormat(sources),
    formats: byFormat(outputs),
    entries,
    largest: outputs
      .toSorted((a, b) => b.size_bytes - a.size_bytes)
      .slice(0, NAMED)
      .map(({ path, request, size_bytes }) => ({ path, request, size_bytes })),
    slowest: images
      .map(({ request, elapsed_ms }) => ({ request, elapsed_ms }))
      .sort((a, b) => b.elapsed_ms - a.elapsed_ms)
      .slice(0, NAMED),
    failed: Object.entries(manifest).flatMap(([request, { results }]) =>
      results.flatMap((result) => (result.success ? [] : [{ request, error: result.error }])),
    ),
    images,
  }
}

function fileOf({ path, format, width, height, size_bytes }: OutputFile): ReportImage['files'][number] {
  return { path, format, width, height, size_bytes }
}

function byFormat(files: readonly { format: string; size_bytes: number }[]): Report['formats'] {
  const formats: Report['formats'] = {}
  for (const { format, size_bytes } of files) {
    const { files: count = 0, size_bytes: total = 0 } = formats[format] ?? {}
    formats[format] = { files: count + 1, size_bytes: total + size_bytes }
  }
  return formats
}

function bytesOf(files: readonly { size_bytes: number }[]): number {
  return sum(files.map(({ size_bytes }) => size_bytes))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
