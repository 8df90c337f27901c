import { isAbsolute, win32 } from 'node:path'
import { ImagemillError } from '../errors.ts'
import { isRecord } from '../hash.ts'
import { MOVED_OPTIONS } from '../migrate/options.ts'
import { nearest } from '../query/spelling.ts'

const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 }

export const SIZE = "bytes, as a number or such as '500mb'"

/** A value as its parser gives it, undefined when it was left out; anything else is refused by name. */
export function read<T>(value: unknown, name: string, expected: string, parse: (value: unknown) => T | undefined): T | undefined {
  if (value === undefined) return undefined
  const parsed = parse(value)
  if (parsed === undefined) throw invalid(name, expected, value)
  return parsed
}

export function invalid(name: string, expected: string, value: unknown): ImagemillError {
  const shown = typeof value === 'function' ? 'a function' : JSON.stringify(value)
  return new ImagemillError({
    code: 'INVALID_OPTION',
    message: `invalid option \`${name}\`: expected ${expected}, received ${shown}`,
    hint: 'The README lists every option.',
  })
}

export function fields(value: unknown, prefix: string, known: readonly string[]): Record<string, unknown> {
  if (!isRecord(value)) throw invalid(prefix.slice(0, -1) || 'imagemill()', 'an object', value)
  const unknown = Object.keys(value).find((name) => !known.includes(name))
  if (unknown === undefined) return value
  const near = nearest(unknown, known)
  const moved = prefix === '' && Object.hasOwn(MOVED_OPTIONS, unknown) ? MOVED_OPTIONS[unknown] : undefined
  const usual = near ? `Did you mean \`${prefix}${near}\`?` : `Known ones are ${known.map((name) => prefix + name).join(', ')}.`
  throw new ImagemillError({ code: 'UNKNOWN_OPTION', message: `unknown option \`${prefix}${unknown}\``, hint: moved ?? usual })
}

export function positiveInteger(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 ? value : undefined
}

export function port(value: unknown): number | undefined {
  return value === 0 || (positiveInteger(value) ?? 65_536) <= 65_535 ? Number(value) : undefined
}

export const FILE_NAME = 'a file name within the build'

/** The name of a file of a bundle, as bundlers take it: below its folder, and said plainly. */
export function fileNameOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || isAbsolute(value) || win32.isAbsolute(value)) return undefined
  return value.split(/[\\/]/).some((part) => part === '.' || part === '..') ? undefined : value
}

/** Bytes as people write them: a number, or a text such as `500mb`. */
export function bytesOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value > 0 && Number.isFinite(value) ? value : undefined
  const [, number, unit = ''] = (typeof value === 'string' && /^(\d+(?:\.\d+)?)\s*([kmgt]?b)?$/i.exec(value.trim())) || []
  const factor = UNITS[unit.toLowerCase()]
  return number === undefined || factor === undefined ? undefined : Number(number) * factor
}

/** One text, or a list of them. */
export function globs(value: unknown, name: string): string[] | undefined {
  return read(value, name, 'a glob or a list of globs', (given) => {
    const list: unknown[] = Array.isArray(given) ? given : [given]
    const texts = list.filter((glob) => typeof glob === 'string')
    return texts.length === list.length ? texts : undefined
  })
}
