import type { InspectedOutput, InspectedRequest } from './data.ts'

export const SORTS = { name: 'Name', saved: 'Bytes saved', slowest: 'Slowest', largest: 'Largest' } as const
export const STATUSES = ['completed', 'partial', 'processing', 'waiting', 'failed'] as const
export const FORMATS = ['avif', 'webp', 'jpeg', 'png', 'gif'] as const

export interface Wanted {
  search: string
  sort: keyof typeof SORTS
  /** Empty for all. */
  status: string
  /** Of an output; empty for all. */
  format: string
}

/** Outputs of the format that a modern browser takes: the first of a `<picture>`. */
function candidates({ outputs }: InspectedRequest): InspectedOutput[] {
  return outputs.filter(({ format }) => format === outputs[0]?.format)
}

/** What of a request a modern browser loads at most, as far as it is made; the weight of pages counts the same. */
export function shipped(request: InspectedRequest): InspectedOutput | undefined {
  const made = candidates(request).filter(({ size_bytes }) => size_bytes !== undefined)
  return made.toSorted((a, b) => (b.size_bytes ?? 0) - (a.size_bytes ?? 0))[0]
}

/** How many of the files that a modern browser chooses from are not made yet, and so not counted. */
export function uncounted(request: InspectedRequest): number {
  return candidates(request).filter(({ size_bytes, original }) => size_bytes === undefined && !original).length
}

/** Bytes that a browser is spared; undefined while nothing is made. */
export function savedBytes(request: InspectedRequest): number | undefined {
  const size = shipped(request)?.size_bytes
  return size === undefined || request.source.size_bytes === undefined ? undefined : request.source.size_bytes - size
}

export function elapsed({ outputs }: InspectedRequest): number {
  return outputs.reduce((sum, { elapsed_ms = 0 }) => sum + elapsed_ms, 0)
}

/** The requests that are wanted, in the order that is. */
export function listed(requests: readonly InspectedRequest[], { search, sort, status, format }: Wanted): InspectedRequest[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const found = requests.filter((request) => {
    if (status !== '' && request.status !== status) return false
    if (format !== '' && !request.outputs.some((output) => output.format === format)) return false
    const text = `${request.name} ${request.importers.map(({ file }) => file).join(' ')} ${request.error?.message ?? ''}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
  const size = (request: InspectedRequest): number => Math.max(0, ...request.outputs.map(({ size_bytes = 0 }) => size_bytes))
  const by: Record<keyof typeof SORTS, (request: InspectedRequest) => number> = {
    name: () => 0,
    saved: (request) => savedBytes(request) ?? -Infinity,
    slowest: elapsed,
    largest: size,
  }
  // Those of equal rank stay in the order of their names.
  return sort === 'name' ? found : found.toSorted((a, b) => by[sort](b) - by[sort](a) || 0)
}
