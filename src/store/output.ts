import { isRecord } from '../hash.ts'
import type { StoredOutput } from '../types.ts'
import type { Entry } from './store.ts'

/** An entry as the output it describes; one that does not describe an output is a fault of ours. */
export function storedOutput({ key, value, blob }: Entry): StoredOutput {
  const elapsed_ms = isRecord(value) ? value['elapsed_ms'] : undefined
  if (!blob || typeof elapsed_ms !== 'number') throw new TypeError(`entry ${key} is not an encoded output`)
  return { key, ...blob, elapsed_ms }
}
