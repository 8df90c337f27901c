import type { FactQuestion, Header, Picture, PlaceholderKind } from '../types.ts'
import { translucent } from './encoding.ts'
import type { Size } from './size.ts'
import type { Variant } from './variants.ts'

/** Longest side in px of the picture that a placeholder is made from: what ThumbHash takes, and plenty for the others. */
const SIDE = 100

/** The variant that a placeholder stands in for, and its picture. */
interface Shown {
  variant: Variant
  picture: Picture
  header: Header
  /** Size in px of the whole source as it is displayed. */
  displayed: Size
}

/** What is asked of the source for a placeholder: the picture that it stands in for, turned, cut and coloured alike, but small. */
export function placeholderQuestion(
  { kind, width }: { kind: PlaceholderKind; width: number },
  shown: Shown,
  settle: (variant: Variant) => Picture,
): FactQuestion {
  const { variant, header, picture } = shown
  const transparent = header.alpha || [picture.resize?.background, picture.rotate?.background].some(translucent)
  return {
    operation: 'placeholder',
    kind,
    picture: smallPicture(shown, settle),
    ...(kind === 'lqip' && { width }),
    // A BlurHash has no transparency: it is laid on what a page mostly is.
    ...(kind === 'blurhash' && transparent && { matte: (variant.background ?? '#ffffff').slice(0, 7) }),
  }
}

function smallPicture({ variant, picture, header, displayed }: Shown, settle: (variant: Variant) => Picture): Picture {
  // Pixels decide where these cut, and fewer pixels might decide otherwise.
  if (picture.resize?.position === 'entropy' || picture.resize?.position === 'attention') return still(picture)
  const box = picture.box ?? displayed
  // Every width of one picture has the same placeholder, however its height was rounded.
  const size = picture.resize && (picture.resize.fit !== 'fill' || variant.fit === 'fill') ? picture.resize : box
  const most = header.format === 'svg' ? Infinity : Math.min(box.width / size.width, box.height / size.height)
  const factor = Math.min(most, SIDE / Math.max(size.width, size.height))
  const { aspect: _a, kernel: _k, scale: _s, density: _d, ...rest } = variant
  const small = settle({
    ...rest,
    w: Math.max(1, Math.round(size.width * factor)),
    h: Math.max(1, Math.round(size.height * factor)),
    // Already in the size.
    ...((rest.fit === 'inside' || rest.fit === 'outside') && { fit: 'fill' }),
    allowUpscale: true,
    animated: false,
  })
  return { ...still(small), scale: header.format === 'svg' ? 1 : decodeScale(small, displayed) }
}

/** One frame, without the effects that are about details, which a placeholder has none of. */
function still({ effects, ...picture }: Picture): Picture {
  const { blur: _b, sharpen: _s, median: _m, ...colours } = effects ?? {}
  return { ...picture, frames: 1, ...(Object.keys(colours).length > 0 && { effects: colours }) }
}

/** Divisor of the raster: it is decoded at about twice the size of the picture, as fast as the format allows. */
function decodeScale({ box, resize }: Picture, displayed: Size): number {
  if (!resize) return 1
  const whole = box ?? displayed
  return Math.max(1, Math.floor(Math.min(whole.width / resize.width, whole.height / resize.height) / 2))
}
