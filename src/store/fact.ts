import { isRecord } from '../hash.ts'
import type { StoredFact } from '../types.ts'

/** The value of an entry as the answer that it is, or undefined. */
export function keptFact(value: unknown): StoredFact | undefined {
  if (!isRecord(value)) return undefined
  const { metadata, warning, elapsed_ms } = value
  if (!isRecord(metadata) || typeof elapsed_ms !== 'number') return undefined
  return { metadata, ...(typeof warning === 'string' && { warning }), elapsed_ms }
}
