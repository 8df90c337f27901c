import type * as z from 'zod'
import { ImagemillError } from '../errors.ts'
import { isRecord } from '../hash.ts'
import { nearest } from '../query/spelling.ts'

/** The error for a job that is wrong in itself, whatever the files are. */
export function invalidJob(message: string, hint?: string): ImagemillError {
  return new ImagemillError({ code: 'INPUT_INVALID', message, hint })
}

/** What a schema has against a value, in the words that its fields say what they expect in. */
export function invalidField({ issues: [issue] }: z.ZodError, value: unknown, known: readonly string[]): ImagemillError {
  if (!issue) return invalidJob('the job is not valid')
  const name = fieldName(issue.path)
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    const near = nearest(key, known)
    return invalidJob(
      `unknown field \`${short(name === '' ? key : `${name}.${key}`)}\``,
      near ? `Did you mean \`${near}\`?` : `Known ones are ${known.filter((field) => !field.includes('.')).join(', ')}.`,
    )
  }
  const found = issue.path.reduce<unknown>(
    (inner, key) => (isRecord(inner) || Array.isArray(inner) ? Reflect.get(inner, key) : undefined),
    value,
  )
  if (found === undefined) return invalidJob(`missing field \`${name}\`: expected ${issue.message}`)
  return invalidJob(`invalid value of \`${name}\`: expected ${issue.message}, received ${short(JSON.stringify(found))}`)
}

function fieldName(path: readonly PropertyKey[]): string {
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`)).join('')
}

/** What a person wrote, no longer than a person reads. */
export function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
