import { readFileSync } from 'node:fs'
import { isRecord } from '../hash.ts'

/** The version of this package. */
export function version(): string {
  const facts: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return isRecord(facts) ? String(facts['version']) : ''
}
