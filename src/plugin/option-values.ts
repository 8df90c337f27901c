import { ImagemillError } from '../errors.ts'

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
