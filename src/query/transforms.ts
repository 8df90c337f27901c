import { ImagemillError } from '../errors.ts'
import type { Picture, PixelTransform, TransformModule } from '../types.ts'
import { nearest } from './spelling.ts'
import { transformSteps } from './values.ts'

/** The modules that a request needs, by the name that its query has for them. */
export type Transforms = Readonly<Record<string, TransformModule>>

export interface KnownTransforms {
  names: readonly string[]
  find(name: string): TransformModule
}

/** The modules of all transforms that a query names. */
export function findTransforms(texts: readonly string[], { names, find }: KnownTransforms = { names: [], find: unknown }): Transforms {
  const wanted = [...new Set(texts.flatMap(transformSteps).map(({ name }) => name))]
  return Object.fromEntries(wanted.map((name) => [name, names.includes(name) ? find(name) : refuse(name, names)]))
}

function refuse(name: string, names: readonly string[]): never {
  const near = nearest(name, names, 3)
  throw new ImagemillError({
    code: 'INVALID_DIRECTIVE',
    message: `unknown transform \`${name}\`: expected ${names.length > 0 ? `one of ${names.join(', ')}` : 'one of the plugin options, which have none'}`,
    hint: near ? `Did you mean \`${near}\`?` : 'Add it to `transforms` in the options of the plugin.',
  })
}

function unknown(name: string): never {
  throw new TypeError(`transform ${name} was not looked for`)
}

/** The steps of one picture. */
export function pixelTransforms(text: string, modules: Transforms = {}): PixelTransform[] {
  return transformSteps(text).map(({ name, value }) => ({ name, value, ...(modules[name] ?? unknown(name)) }))
}

/** A picture as its key knows it: where the modules lie changes nothing. */
export function keyed(picture: Picture): object {
  return picture.transforms
    ? { ...picture, transforms: picture.transforms.map(({ name, value, digest }) => ({ name, value, digest })) }
    : picture
}
