import { ImagemillError } from '../errors.ts'
import type { Encoding, Format, Header } from '../types.ts'
import { EFFORTS, ENCODER_DEFAULTS, TRANSPARENT } from './encoder-defaults.ts'
import { conflict, type FormatSettings } from './request.ts'
import { settleQuality } from './search.ts'
import type { Variant } from './variants.ts'

/** Encoder settings of one output: its own (`avif.quality`) before the request's (`quality`) before the defaults. */
export function settleEncoding(variant: Variant, own: FormatSettings | undefined, header: Header): Encoding {
  const { format } = variant
  const defaults = ENCODER_DEFAULTS[format]
  const lossless = settleLossless(format, variant.lossless, own?.lossless?.[0])
  const { quality = defaults.quality, ...search } = settleQuality(variant, own, lossless)
  if (search.auto && variant.keepColors)
    throw conflict('`quality=auto` compares colours in sRGB, and `colors=keep` keeps others', 'Give a quality, or leave out `colors`.')
  const searches = search.target !== undefined || search.auto !== undefined
  const effort = settleEffort(format, variant.effort, own?.effort?.[0]) ?? defaults.effort
  const progressive = own?.progressive?.[0] ?? variant.progressive ?? defaults.progressive
  const flattened = variant.flatten === true
  return {
    format,
    ...(effort !== undefined && { effort }),
    // Quality of a lossless image would only change the effort; PNG takes it as the wish for a palette.
    ...(quality !== undefined && !lossless && !searches && format !== 'gif' && { quality }),
    ...search,
    ...(lossless && { lossless: true }),
    ...(progressive !== undefined && (format === 'jpeg' || format === 'png' || format === 'gif') && { progressive }),
    // JPEG has no transparency: what would be black in sharp is the paper that a page mostly is.
    ...(((header.alpha && !flattened) || translucent(variant.background)) &&
      !TRANSPARENT.has(format) && { matte: (variant.background ?? '#ffffff').slice(0, 7) }),
    // GIF has no place for EXIF.
    ...(variant.metadata !== 'strip' && format !== 'gif' && { metadata: variant.metadata }),
  }
}

/** What `contain` and `rotate` fill when no background is given: nothing, or where that cannot be, the paper that a page mostly is. */
export function paddingOf({ background, format, flatten }: Pick<Variant, 'background' | 'format' | 'flatten'>): string {
  return background ?? (TRANSPARENT.has(format) && !flatten ? '#ffffff00' : '#ffffff')
}

/** Whether what `contain` and `rotate` fill with a background can be seen through, in `#rrggbbaa`. */
export function translucent(background: string | undefined): boolean {
  return background !== undefined && background.length > 7
}

function settleLossless(format: Format, general: boolean | undefined, own: boolean | undefined): boolean {
  if (format === 'webp' || format === 'avif') return own ?? general ?? false
  if (own && format === 'jpeg') throw conflict('JPEG cannot be lossless', 'Use `format=webp`, `avif` or `png`.')
  return false
}

function settleEffort(
  format: Format,
  general: number | 'min' | 'max' | undefined,
  own: number | 'min' | 'max' | undefined,
): number | undefined {
  const [min, max] = EFFORTS[format]
  const wanted = own ?? general
  if (wanted === undefined) return undefined
  if (wanted === 'min') return min
  if (wanted === 'max') return max
  if (wanted >= min && wanted <= max) return wanted
  // `effort=9` for AVIF and WebP together means "as hard as you can" to both.
  if (own === undefined && wanted > max) return max
  if (own === undefined) return min
  throw new ImagemillError({
    code: 'INVALID_DIRECTIVE',
    message: `invalid value of \`${format}.effort\`: expected a number from ${min} to ${max}, min or max, received \`${wanted}\``,
  })
}
