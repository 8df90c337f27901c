import type { Effects } from '../types.ts'
import { wholeTurn, type Size } from './size.ts'
import type { Variant } from './variants.ts'

/** The pixel effects of a variant of `size`, or undefined when there are none. What changes nothing is left out. */
export function settleEffects(variant: Variant, size: Size): Effects | undefined {
  const { blur, sharpen, grayscale, invert, normalize, flatten, tint, saturation, brightness } = variant
  const hue = wholeTurn(variant.hue ?? 0)
  // libvips refuses a mask that is larger than the picture.
  const median = Math.min(variant.median ?? 1, size.width, size.height)
  const effects: Effects = {
    ...(blur && { blur }),
    ...(sharpen && { sharpen }),
    ...(median > 1 && { median }),
    ...(grayscale && { grayscale }),
    ...(invert && { invert }),
    ...(normalize && { normalize }),
    ...(flatten && { flatten: (variant.background ?? '#ffffff').slice(0, 7) }),
    ...(tint && { tint: tint.slice(0, 7) }),
    ...(hue && { hue }),
    ...(saturation !== undefined && saturation !== 1 && { saturation }),
    ...(brightness !== undefined && brightness !== 1 && { brightness }),
  }
  return Object.keys(effects).length > 0 ? effects : undefined
}
