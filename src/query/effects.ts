import type { Effects } from '../types.ts'
import type { Variant } from './variants.ts'

/** The pixel effects of a variant, or undefined when there are none. What changes nothing is left out. */
export function settleEffects(variant: Variant): Effects | undefined {
  const { blur, sharpen, median, grayscale, invert, normalize, flatten, tint, hue, saturation, brightness } = variant
  const effects: Effects = {
    ...(blur && { blur }),
    ...(sharpen && { sharpen }),
    ...(median && median > 1 && { median }),
    ...(grayscale && { grayscale }),
    ...(invert && { invert }),
    ...(normalize && { normalize }),
    ...(flatten && { flatten: (variant.background ?? '#000000').slice(0, 7) }),
    ...(tint && { tint: tint.slice(0, 7) }),
    ...(hue && { hue }),
    ...(saturation !== undefined && saturation !== 1 && { saturation }),
    ...(brightness !== undefined && brightness !== 1 && { brightness }),
  }
  return Object.keys(effects).length > 0 ? effects : undefined
}
