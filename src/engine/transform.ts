import type { Sharp } from 'sharp'
import { ImagemillError } from '../errors.ts'
import { isRecord } from '../hash.ts'
import type { PixelTransform } from '../types.ts'
import { fromPixels, toPixels, type Pixels } from './raster.ts'

/** What a module exports by default. */
type Transform = (image: Sharp, context: { value: string; width: number; height: number }) => Sharp | Promise<Sharp>

/** Pixels as modules of the project leave them, one after the other. */
export async function transformed(pixels: Pixels, transforms: readonly PixelTransform[]): Promise<Pixels> {
  let made = pixels
  for (const transform of transforms) made = await applied(made, transform)
  return made
}

async function applied(pixels: Pixels, { name, value, url, digest }: PixelTransform): Promise<Pixels> {
  const { width, height } = pixels
  try {
    // A module that has changed is another one to a process that lives on.
    const module: unknown = await import(`${url}?${digest}`)
    const transform = isRecord(module) ? module['default'] : undefined
    if (!isTransform(transform)) throw new TypeError('its default export is no function of an image')
    const made = await toPixels(await transform(fromPixels(pixels), { value, width, height }))
    if (made.width === width && made.height === height) return made
    throw new TypeError(`it gave ${made.width} × ${made.height} px: expected ${width} × ${height} px`)
  } catch (error) {
    throw new ImagemillError(
      {
        code: 'INVALID_OPTION',
        message: `transform \`${name}\` failed: ${error instanceof Error ? error.message : String(error)}`,
        hint: 'It is given an image of sharp with `value`, `width` and `height`, and answers an image of the same size.',
      },
      { cause: error },
    )
  }
}

function isTransform(value: unknown): value is Transform {
  return typeof value === 'function'
}
