import { ImagemillError } from '../errors.ts'
import { isRecord } from '../hash.ts'
import { isList, isOutput, isPlainObject, isText, type UrlOf } from '../module/code.ts'
import { exportedValue, type Text, type Value } from '../module/image.ts'
import type { Job } from './api.ts'
import type { Options } from './options.ts'
import type { ShapedImage } from './shape-functions.ts'

/** What a shape of the plugin options makes of an image. */
export async function customValue(
  { name, args }: { name: string; args: readonly string[] },
  { request, plan }: Job,
  { shapes, path, urlOf }: Pick<Options, 'shapes'> & { path: string; urlOf: UrlOf },
): Promise<unknown> {
  const shape = shapes[name]
  if (!shape) throw new TypeError(`shape ${name} is asked for and not known`)
  const image = plain(exportedValue(request, plan), urlOf)
  if (!isImage(image)) throw new TypeError(`${name} is asked for of something else than an image`)
  const value = await answerOf(name, () => shape(image, { path, args }))
  const wrong = impure(value, name)
  if (wrong === undefined) return value
  throw new ImagemillError({
    code: 'INVALID_OPTION',
    message: `option \`shapes.${name}\` answered ${wrong}: expected plain data, which can be written as JSON`,
    hint: 'Answer texts, numbers, booleans, null, lists and objects of them.',
  })
}

async function answerOf(name: string, ask: () => unknown): Promise<unknown> {
  try {
    return await ask()
  } catch (error) {
    throw new ImagemillError(
      {
        code: 'INVALID_OPTION',
        message: `option \`shapes.${name}\` failed: ${error instanceof Error ? error.message : String(error)}`,
        hint: 'It is given the image object with `path` and `args`, and answers plain data.',
      },
      { cause: error },
    )
  }
}

/** The type of what a shape has made: texts may hold addresses, so that only their kind is known. */
export function dataType(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(dataType).join(', ')}]`
  if (isRecord(value))
    return `{ ${Object.entries(value)
      .map(([key, inner]) => `${JSON.stringify(key)}: ${dataType(inner)}`)
      .join('; ')} }`
  return typeof value === 'string' ? 'string' : JSON.stringify(value)
}

/** A value with its addresses written out. */
function plain(value: Value | Text, urlOf: UrlOf): unknown {
  if (isText(value)) return value.map((piece) => (typeof piece === 'string' ? piece : urlOf(piece))).join('')
  if (typeof value === 'object' && isOutput(value)) return urlOf(value)
  if (isList(value)) return value.map((item) => plain(item, urlOf))
  if (isPlainObject(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner, urlOf)]))
  return value
}

function isImage(value: unknown): value is ShapedImage {
  return isRecord(value) && typeof value['src'] === 'string' && Array.isArray(value['outputs'])
}

/** What in a value is no plain data, and where; undefined when nothing is. */
function impure(value: unknown, where: string): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${value} in \`${where}\``
  if (Array.isArray(value)) return first(value.map((item, index) => impure(item, `${where}[${index}]`)))
  const isPlain = isRecord(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value))
  if (isPlain) return first(Object.entries(value).map(([key, inner]) => impure(inner, `${where}.${key}`)))
  return `${typeof value === 'object' ? value?.constructor.name : typeof value} in \`${where}\``
}

function first(texts: readonly (string | undefined)[]): string | undefined {
  return texts.find((text) => text !== undefined)
}
