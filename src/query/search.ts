import type { Encoding, Format, SearchRange } from '../types.ts'
import { LOOKS } from './encoder-defaults.ts'
import { conflict, type FormatSettings } from './request.ts'
import type { Variant } from './variants.ts'

/** Settings of the search where the query says nothing. */
const RANGE = { min: 30, max: 95 }
const TOLERANCE = 5
const ITERATIONS = 10

/** How the quality of an output is settled: a number, or what to look for. */
export function settleQuality(
  variant: Variant,
  own: FormatSettings | undefined,
  lossless: boolean,
): Pick<Encoding, 'quality' | 'target' | 'auto'> {
  const { format } = variant
  const [size, quality] = wanted(variant, own)
  if (size !== undefined && quality !== undefined)
    throw conflict('`target_size` and `quality` both say how good the image is', 'Leave out one of them.')
  if (size === undefined && typeof quality !== 'string') return quality === undefined ? {} : { quality }
  const asked = size === undefined ? `quality=${quality}` : 'target_size'
  if (format === 'png' || format === 'gif') return withoutQuality(variant, asked)
  if (lossless) throw conflict(`\`${asked}\` looks for a quality, and a lossless image has none`, 'Leave out `lossless`.')
  if (size !== undefined) return { target: { size, tolerance: variant.tolerance_percent ?? TOLERANCE, ...rangeOf(variant, RANGE) } }
  if (typeof quality !== 'string') return {}
  const { score, ...range } = LOOKS[format][quality]
  return { auto: { score, ...rangeOf(variant, range) } }
}

/** What a format says for itself goes before what is said for all; it may say it by the other directive. */
function wanted(variant: Variant, own: FormatSettings | undefined): [size: number | undefined, quality: Variant['quality']] {
  const [size, quality] = [own?.target_size?.[0], own?.quality?.[0]]
  return size !== undefined || quality !== undefined ? [size, quality] : [variant.target_size, variant.quality]
}

/** `format=auto` may end in a fallback without quality, which nobody asked for by name. */
function withoutQuality({ format, chosen }: Variant, asked: string): Pick<Encoding, 'quality'> {
  if (chosen && asked !== 'target_size') return {}
  throw conflict(
    `\`${asked}\` looks for a quality, and ${NAMES[format]} has none`,
    chosen ? 'Write out the formats, such as `format=avif;webp`.' : 'Write `format=webp`, `avif` or `jpeg`.',
  )
}

const NAMES: Readonly<Record<Format, string>> = { png: 'PNG', gif: 'GIF', jpeg: 'JPEG', webp: 'WebP', avif: 'AVIF' }

/** An end that is not said gives way to the one that is. */
function rangeOf({ min_quality, max_quality, max_iterations }: Variant, usual: { min: number; max: number }): SearchRange {
  const min = min_quality ?? Math.min(usual.min, max_quality ?? usual.min)
  const max = max_quality ?? Math.max(usual.max, min)
  if (min > max) throw conflict(`\`min_quality=${min}\` is above \`max_quality=${max}\``, 'Exchange the two.')
  return { min, max, iterations: max_iterations ?? ITERATIONS }
}
