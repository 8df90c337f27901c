import * as z from 'zod'
import { DIRECTIVES, FORMATS, PER_FORMAT, isDirective, type DirectiveName } from '../query/directives.ts'

/** Directives that say what a module is, or that a job says in its own way. */
const OF_IMPORTS = ['as', 'preset', 'id', 'imagemill', 'inline', 'placeholder', 'exif', 'transform'] as const

export type JobDirective = Exclude<DirectiveName, (typeof OF_IMPORTS)[number]>

/** A field whose every rule is broken with the same words: what was expected. */
export function text(expected: string): z.ZodString {
  return z.string({ error: expected }).min(1, { error: expected }).describe(expected)
}

/** A path; no system has one with a NUL byte in it, and one with half a letter has no address. */
export function path(expected: string): z.ZodString {
  return text(expected)
    .regex(/^[^\0]*$/, { error: `${expected}, without NUL bytes` })
    .refine((value) => !/\p{Cs}/u.test(value), { error: `${expected}, of whole letters` })
}

export function whole(expected: string, min: number, max: number): z.ZodInt {
  return z.int({ error: expected }).min(min, { error: expected }).max(max, { error: expected }).describe(expected)
}

export function yesOrNo(expected = 'true or false'): z.ZodBoolean {
  return z.boolean({ error: expected }).describe(expected)
}

export function oneOf<const T extends readonly [string, ...string[]]>(words: T): z.ZodEnum<{ [K in T[number]]: K }> {
  const expected = `one of ${words.join(', ')}`
  return z.enum(words, { error: expected }).describe(expected)
}

type Scalar = z.ZodUnion<readonly [z.ZodNumber, z.ZodString, z.ZodBoolean]>

/** One value of a directive, read by the table of the query: a number, a text or a flag. */
export function directiveValue(name: DirectiveName): Scalar {
  const { expected, read } = DIRECTIVES[name]
  return z
    .union([z.number(), z.string(), z.boolean()], { error: expected })
    .refine((value) => read(value === true ? '' : String(value)) !== undefined, { error: expected })
}

export type DirectiveField = z.ZodOptional<z.ZodUnion<readonly [Scalar, z.ZodArray<Scalar>]> | Scalar>

function directiveField(name: DirectiveName, list: boolean): DirectiveField {
  const { expected } = DIRECTIVES[name]
  const value = directiveValue(name)
  if (!list) return value.optional().describe(expected)
  return z
    .union([value, z.array(value).min(1)], { error: `${expected}, or a list of such` })
    .optional()
    .describe(`${expected}, or a list of such`)
}

/** Every directive that a job may have, by its own name and with JSON types. */
export const directiveFields = Object.fromEntries(
  Object.keys(DIRECTIVES)
    .filter(isJobDirective)
    .map((name) => [name, directiveField(name, DIRECTIVES[name].list)]),
) as Record<JobDirective, DirectiveField>

/** Settings of one format alone, such as `avif.quality`. */
export const formatFields: Record<string, DirectiveField> = Object.fromEntries(
  FORMATS.flatMap((format) => PER_FORMAT.map((name) => [`${format}.${name}`, directiveField(name, false)])),
)

export function isJobDirective(name: string): name is JobDirective {
  return isDirective(name) && !OF_IMPORTS.some((other) => other === name)
}
