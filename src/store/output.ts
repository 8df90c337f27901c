import { isRecord } from '../hash.ts'
import type { Search, StoredOutput } from '../types.ts'
import type { Entry } from './store.ts'

/** Whether an entry describes an output; those of other machines may say anything. */
export function isOutput({ value, blob }: Entry): boolean {
  return blob !== undefined && isRecord(value) && typeof value['elapsed_ms'] === 'number'
}

/** An entry as the output it describes; one that does not describe an output is a fault of ours. */
export function storedOutput({ key, value, blob }: Entry): StoredOutput {
  const elapsed_ms = isRecord(value) ? value['elapsed_ms'] : undefined
  if (!blob || typeof elapsed_ms !== 'number') throw new TypeError(`entry ${key} is not an encoded output`)
  const search = isRecord(value) ? searchOf(value['search']) : undefined
  const kept = isRecord(value) && value['kept'] === true
  return { key, ...blob, elapsed_ms, ...(search && { search }), ...(kept && { kept }) }
}

function searchOf(value: unknown): Search | undefined {
  if (!isRecord(value)) return undefined
  const { quality, iterations, converged, score, tries } = value
  if (typeof quality !== 'number' || typeof iterations !== 'number' || typeof converged !== 'boolean' || !Array.isArray(tries))
    return undefined
  return { quality, iterations, converged, ...(typeof score === 'number' && { score }), tries: tries.filter(isTry) }
}

function isTry(value: unknown): value is Search['tries'][number] {
  return Array.isArray(value) && (value.length === 2 || value.length === 3) && value.every((item) => typeof item === 'number')
}
