import type { Sharp } from 'sharp'
import type { Effects, Picture } from '../types.ts'
import { fromPixels, toPixels, type Pixels } from './raster.ts'

/** The pixels of one picture, made from the raster that its plan names. */
export async function makePicture(raster: Pixels, picture: Picture): Promise<Pixels> {
  return changesPixels(picture) ? toPixels(applyPicture(fromPixels(raster), picture)) : raster
}

/** Whether anything but orientation and box is done to the pixels. */
export function changesPixels({ resize, rotate, flip, flop, effects }: Picture): boolean {
  return Boolean(resize ?? rotate ?? flip ?? flop ?? effects)
}

/** Adds the operations of a picture to a pipeline; sharp applies them in its own fixed order. */
export function applyPicture(image: Sharp, { resize, rotate, flip, flop, effects = {} }: Picture): Sharp {
  if (resize) image.resize(resize)
  if (flip) image.flip()
  if (flop) image.flop()
  if (rotate) image.rotate(rotate.angle, { background: rotate.background })
  return applyEffects(image, effects)
}

function applyEffects(image: Sharp, { blur, sharpen, median, grayscale, invert, normalize, flatten, tint, hue, saturation, brightness }: Effects): Sharp {
  if (flatten) image.flatten({ background: flatten })
  if (invert) image.negate({ alpha: false })
  if (median) image.median(median)
  if (blur) image.blur(blur === true ? undefined : blur)
  if (sharpen === true) image.sharpen()
  else if (sharpen) image.sharpen({ sigma: sharpen })
  if (normalize) image.normalise()
  if (hue !== undefined || saturation !== undefined || brightness !== undefined) {
    image.modulate({ ...(hue !== undefined && { hue }), ...(saturation !== undefined && { saturation }), ...(brightness !== undefined && { brightness }) })
  }
  if (tint) image.tint(tint)
  if (grayscale) image.grayscale()
  return image
}
