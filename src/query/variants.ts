import type { Format, Header } from '../types.ts'
import type { DirectiveName, ValueOf } from './directives.ts'
import { conflict, type Values } from './request.ts'

/** One output of a request: one value of every list, a format, and a place in the srcset. */
export type Variant = { [K in Exclude<DirectiveName, 'format' | 'animated' | 'allowUpscale'>]?: ValueOf<K> } & {
  format: Format
  animated: boolean
  allowUpscale: boolean
  orient: boolean
  /** Pixel density, and the width in px that density 1 stands for; both or none. */
  density?: number
  base?: number
}

const MULTIPLYING = [
  'h', 'aspect', 'fit', 'position', 'focus', 'kernel', 'background', 'crop', 'trim', 'rotate', 'flip', 'flop', 'blur', 'sharpen', 'median', 'grayscale', 'invert',
  'normalize', 'flatten', 'tint', 'hue', 'saturation', 'brightness', 'quality', 'effort', 'lossless', 'progressive',
] as const satisfies readonly DirectiveName[]

/** All outputs of a request: formats in the order asked for, and for each every combination of the lists. */
export function variantsOf(values: Values, header: Header): Variant[] {
  const animated = values.animated?.[0] ?? true
  const formats = unique((values.format ?? ['auto-none']).flatMap((format) => (format === 'auto' ? autoFormats(header, animated) : format === 'auto-none' ? [ownFormat(header)] : [format])))
  const common = { animated, allowUpscale: values.allowUpscale?.[0] ?? false, orient: !(values.noAutoOrient?.[0] ?? false) }
  return formats.flatMap((format) => combinations(values).flatMap((variant) => withDensity({ ...variant, ...common, format }, values, header)))
}

function combinations(values: Values): Partial<Variant>[] {
  let all: Partial<Variant>[] = (values.w ?? [undefined]).map((w) => (w === undefined ? {} : { w }))
  for (const name of MULTIPLYING) {
    const list = values[name]
    if (list) all = all.flatMap((variant) => list.map((value) => ({ ...variant, [name]: value })))
  }
  return all
}

function withDensity(variant: Variant, values: Values, header: Header): Variant[] {
  const densities = values.densities
  const basePixels = values.basePixels?.[0]
  if (!densities) return [basePixels === undefined ? variant : { ...variant, density: 1, base: basePixels }]
  if ((values.w?.length ?? 0) > 1) throw conflict('`densities` needs one width, not a list: a srcset has either widths or densities', 'Give one `w`, or leave out `densities`.')
  const own = variant.orient && header.orientation >= 5 ? header.height : header.width
  const fromHeight = variant.h === undefined ? undefined : variant.h * (variant.aspect ?? own / (own === header.width ? header.height : header.width))
  // Without any size the source is taken to be drawn for the highest density.
  const base = basePixels ?? variant.w ?? fromHeight ?? own / Math.max(...densities)
  return densities.map((density) => {
    const h = variant.h === undefined || (basePixels !== undefined && variant.w === undefined) ? {} : { h: Math.max(1, Math.round(variant.h * density)) }
    const w = variant.h !== undefined && variant.w === undefined ? {} : { w: Math.max(1, Math.round(base * density)) }
    return { ...variant, ...w, ...h, density, base }
  })
}

/** What `format=auto` means: the best two, and a fallback that every browser shows and that loses nothing. */
export function autoFormats(header: Header, animated: boolean): Format[] {
  const moving = header.frames > 1 && animated
  return moving ? ['webp', 'gif'] : ['avif', 'webp', header.alpha ? 'png' : 'jpeg']
}

/** The source's own format where browsers show it, else the one nearest to it. */
export function ownFormat(header: Header): Format {
  if (header.format !== 'tiff' && header.format !== 'svg') return header.format
  return header.alpha ? 'png' : 'jpeg'
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}
