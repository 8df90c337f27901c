import { hash } from 'node:crypto'

/** sha256 in hex: the identity of bytes and the name of everything in the store. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data)
}

/** JSON with sorted keys and without undefined: equal values give equal text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(byKey)) : inner))
}

/** Whether a value is a plain object, whose keys can be looked at one by one. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1
}
