import type { Image } from '../contract/image.ts'
import { isRecord } from '../hash.ts'
import { isShapeName } from '../query/shapes.ts'
import { invalid } from './option-values.ts'

/** Makes what an import with `as=name` exports; the answer is plain data, or a promise of it. */
export type ShapeFunction = (image: ShapedImage, context: { path: string; args: readonly string[] }) => unknown

/** The image object without what is found out apart, which stays a named export: `placeholder` and `exif`. */
export type ShapedImage = Omit<Image, 'placeholder' | 'exif'>

/** The option `shapes`, settled. */
export function shapesOf(value: unknown): Record<string, ShapeFunction> {
  if (value === undefined) return {}
  if (!isRecord(value)) throw invalid('shapes', 'an object of functions', value)
  const shapes = Object.entries(value).map(([name, shape]): [string, ShapeFunction] => {
    if (!isShapeName(name)) throw invalid(`shapes.${name}`, 'a name of letters, digits and `-` that is no shape of imagemill', name)
    if (!isFunction(shape)) throw invalid(`shapes.${name}`, 'a function of the image', shape)
    return [name, shape]
  })
  return Object.fromEntries(shapes)
}

function isFunction(value: unknown): value is ShapeFunction {
  return typeof value === 'function'
}
