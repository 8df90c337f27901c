import { hash } from 'node:crypto'

/** sha256 in hex: the identity of bytes and the name of everything in the store. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data)
}

/** sha256 in base64, as content security policies write it. */
export function sha256Base64(text: string): string {
  return hash('sha256', text, 'base64')
}

/** JSON with sorted keys and without undefined: equal values give equal text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(',')}]`
  if (!isRecord(value)) return JSON.stringify(value)
  let text = ''
  for (const key of Object.keys(value).sort()) {
    const inner = value[key]
    if (inner !== undefined) text += `${text === '' ? '' : ','}"${key}":${canonical(inner)}`
  }
  return `{${text}}`
}

/** Whether a value is a plain object, whose keys can be looked at one by one. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
