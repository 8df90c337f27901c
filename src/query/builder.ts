import { anyNames } from './any-names.ts'
import { parseRequest } from './request.ts'
import type { Directives } from './written.ts'

export { ImagemillError } from '../errors.ts'
export type { Directives } from './written.ts'

/**
 * The text of a query: `query({ w: [320, 640], format: ['avif', 'webp'] })` is `w=320;640&format=avif;webp`.
 *
 * @param directives checked by the parser of imports; a wrong one throws an ImagemillError. Names of presets,
 * breakpoints, shapes and transforms are those of the plugin's options, which only the types know here.
 * @returns the query without `?`, safe in an address
 */
export function query(directives: Directives): string {
  const text = Object.entries(directives)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => name + valueText(value))
    .join('&')
  parseRequest(text, anyNames(text))
  return text
}

/** What a query needs for itself, or an address does not allow, is encoded; what people read stays readable. */
function valueText(value: unknown): string {
  if (value === true) return ''
  const text = Array.isArray(value) ? value.join(';') : String(value)
  return `=${encodeURIComponent(text).replace(/%(2C|2F|3A|3B|40)/g, decodeURIComponent)}`
}
