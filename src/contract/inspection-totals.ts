import type { InspectedRequest, Inspection } from './inspection.ts'

/** What requests come to. A file that several of them share is counted once. */
export function totalsOf(requests: readonly InspectedRequest[], damaged: number): Inspection['totals'] {
  const sources = new Map(requests.flatMap(({ source }) => (source.sha256 === undefined ? [] : [[source.sha256, source] as const])))
  const outputs = new Map(requests.flatMap((request) => request.outputs.map((output) => [output.key, output] as const)))
  const made = [...outputs.values()].filter(({ status }) => status === 'completed')
  return {
    requests: requests.length,
    sources: filesOf([...sources.values()]),
    outputs: filesOf(made),
    hits: made.filter(({ cached }) => cached === true).length,
    misses: made.filter(({ cached }) => cached === false).length,
    failed: requests.filter(({ status }) => status === 'failed').length,
    damaged,
  }
}

function filesOf(files: readonly { format?: string; size_bytes?: number }[]): Inspection['totals']['sources'] {
  const by_format: Record<string, { files: number; size_bytes: number }> = {}
  for (const { format = '', size_bytes = 0 } of files) {
    const { files: count = 0, size_bytes: bytes = 0 } = by_format[format] ?? {}
    by_format[format] = { files: count + 1, size_bytes: bytes + size_bytes }
  }
  return { files: files.length, size_bytes: files.reduce((sum, { size_bytes = 0 }) => sum + size_bytes, 0), by_format }
}
