import type { Sharp } from 'sharp'
import type { Effects, Picture } from '../types.ts'
import { fromPixels, toPixels, type Pixels } from './raster.ts'

/** What is done to pixels that are already turned upright and cut to their box. */
export type Changes = Pick<Picture, 'resize' | 'rotate' | 'flip' | 'flop' | 'effects' | 'transforms'>

/** The pixels of one picture, made from the raster that its plan names. */
export async function makePicture(raster: Pixels, { transforms, ...changes }: Changes): Promise<Pixels> {
  const pixels = await changedPixels(raster, changes)
  if (!transforms) return pixels
  const { transformed } = await import('./transform.ts')
  return transformed(pixels, transforms)
}

/** The pipeline of a picture that is its raster at another size and nothing else. */
export function resizedImage(raster: Pixels, { resize, ...others }: Changes): Sharp | undefined {
  return resize && !resize.linear && !changesPixels(others) ? fromPixels(raster).resize(resize) : undefined
}

async function changedPixels(raster: Pixels, changes: Changes): Promise<Pixels> {
  if (!changesPixels(changes)) return raster
  const { resize, rotate, flip, flop, effects: { flatten, ...effects } = {} } = changes
  if (effects.grayscale && !flatten && raster.channels === 4) {
    const { grayscale: _, ...others } = effects
    return changedPixels(await greyPixels(raster), { ...changes, effects: others })
  }
  if (resize?.linear) {
    // scRGB is linear light; what else is done to the pixels is meant for those that people see.
    const resized = await toPixels(fromPixels(raster).pipelineColourspace('scrgb').resize(resize))
    const { resize: _, ...others } = changes
    return changedPixels(resized, others)
  }
  if (!resize || resize.fit === 'fill' || !rotate || rotate.angle % 90 !== 0) return toPixels(applyChanges(fromPixels(raster), changes))
  // Asked for both at once, sharp would turn first and then cut the turned picture to the size before the turn.
  const resized = await changedPixels(raster, {
    resize,
    ...(flip && { flip }),
    ...(flop && { flop }),
    ...(flatten && { effects: { flatten } }),
  })
  return changedPixels(resized, { rotate, effects })
}

/** Whether anything but orientation and box is done to the pixels. */
export function changesPixels({ resize, rotate, flip, flop, effects, transforms }: Changes): boolean {
  return Boolean(resize ?? rotate ?? flip ?? flop ?? transforms) || Object.keys(effects ?? {}).length > 0
}

/** Adds changes to a pipeline; sharp applies them in its own fixed order. */
export function applyChanges(image: Sharp, { resize, rotate, flip, flop, effects = {} }: Changes): Sharp {
  if (resize) image.resize(resize)
  if (flip) image.flip()
  if (flop) image.flop()
  if (rotate) image.rotate(rotate.angle, rotate.background === undefined ? {} : { background: rotate.background })
  return applyEffects(image, effects)
}

/** Grey and alpha: as raw pixels, sharp makes grey pictures without their alpha. */
async function greyPixels(raster: Pixels): Promise<Pixels> {
  const grey = await fromPixels(raster).removeAlpha().grayscale().raw().toBuffer()
  const data = Buffer.alloc(2 * grey.length)
  for (let pixel = 0; pixel < grey.length; pixel++) {
    data[2 * pixel] = grey[pixel] ?? 0
    data[2 * pixel + 1] = raster.data[4 * pixel + 3] ?? 0
  }
  return { data, width: raster.width, height: raster.height, channels: 2 }
}

function applyEffects(
  image: Sharp,
  { blur, sharpen, median, grayscale, invert, normalize, flatten, tint, hue, saturation, brightness }: Effects,
): Sharp {
  if (flatten) image.flatten({ background: flatten })
  if (invert) image.negate({ alpha: false })
  if (median) image.median(median)
  if (blur) image.blur(blur === true ? undefined : blur)
  if (sharpen === true) image.sharpen()
  else if (sharpen) image.sharpen({ sigma: sharpen })
  if (normalize) image.normalise()
  if (hue !== undefined || saturation !== undefined || brightness !== undefined) {
    image.modulate({
      ...(hue !== undefined && { hue }),
      ...(saturation !== undefined && { saturation }),
      ...(brightness !== undefined && { brightness }),
    })
  }
  if (tint) image.tint(tint)
  if (grayscale) image.grayscale()
  return image
}
