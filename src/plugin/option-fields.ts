import { ImagemillError } from '../errors.ts'
import { isRecord } from '../hash.ts'
import { nearest } from '../query/spelling.ts'

/** A value as its parser gives it, undefined when it was left out; anything else is refused by name. */
export function read<T>(value: unknown, name: string, expected: string, parse: (value: unknown) => T | undefined): T | undefined {
  if (value === undefined) return undefined
  const parsed = parse(value)
  if (parsed === undefined) throw invalid(name, expected, value)
  return parsed
}

/** The error of a value that an option cannot have. */
export function invalid(name: string, expected: string, value: unknown): ImagemillError {
  const shown = typeof value === 'function' ? 'a function' : JSON.stringify(value)
  return new ImagemillError({
    code: 'INVALID_OPTION',
    message: `invalid option \`${name}\`: expected ${expected}, received ${shown}`,
    hint: 'The README lists every option.',
  })
}

/** The options in an object, none of which may be unknown. */
export function fields(value: unknown, prefix: string, known: readonly string[]): Record<string, unknown> {
  if (!isRecord(value)) throw invalid(prefix.slice(0, -1) || 'imagemill()', 'an object', value)
  const unknown = Object.keys(value).find((name) => !known.includes(name))
  if (unknown === undefined) return value
  const near = nearest(unknown, known)
  const hint = near ? `Did you mean \`${prefix}${near}\`?` : `Known ones are ${known.map((name) => prefix + name).join(', ')}.`
  throw new ImagemillError({ code: 'UNKNOWN_OPTION', message: `unknown option \`${prefix}${unknown}\``, hint })
}
