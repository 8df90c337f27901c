import { ImagemillError } from '../errors.ts'
import type { Format, Header } from '../types.ts'
import { MULTIPLYING, type DirectiveName, type ValueOf } from './directives.ts'
import { PROFILED } from './encoder-defaults.ts'
import { conflict, type Values } from './request.ts'

/** One output of a request: one value of every list, a format, and a place in the srcset. */
export type Variant = { [K in Exclude<DirectiveName, 'format' | 'animated' | 'allowUpscale' | 'colors' | 'metadata'>]?: ValueOf<K> } & {
  format: Format
  animated: boolean
  allowUpscale: boolean
  orient: boolean
  /** Whether a wide gamut is kept, where the format can say which it is. */
  keepColors: boolean
  metadata: ValueOf<'metadata'>
  /** Whether the format is our choice (`format=auto`). */
  chosen: boolean
  /** Pixel density that the output is for. */
  density?: number
  /** Factor of the size that was asked for: the density, or its share of the highest when no size was. */
  scale?: number
  /** Width in px that density 1 stands for, where `basePixels` alone says so. */
  base?: number
}

/** More outputs than a page can want; lists multiply, so a short query could ask for millions. */
const MOST = 1000

/** All outputs of a request: formats in the order asked for, and for each every combination of the lists. */
export function variantsOf(values: Values, header: Header): Variant[] {
  const animated = values.animated?.[0] ?? true
  const asked = values.format?.flatMap((format) => (format === 'auto' ? autoFormats(header, animated) : [format])) ?? [ownFormat(header)]
  const formats = unique(asked)
  checkCount(formats, values)
  const keep = values.colors?.[0] === 'keep' && header.format !== 'svg'
  const common = {
    animated,
    allowUpscale: values.allowUpscale?.[0] ?? false,
    orient: !(values.noAutoOrient?.[0] ?? false),
    metadata: values.metadata?.[0] ?? 'strip',
    chosen: values.format?.includes('auto') ?? false,
    ...searchOf(values),
  }
  return formats.flatMap((format) =>
    combinations(values).flatMap((variant) =>
      withDensity({ ...variant, ...common, format, keepColors: keep && PROFILED.has(format) }, values),
    ),
  )
}

/** What is said of a search, once for all outputs. */
function searchOf(values: Values): Partial<Variant> {
  const names = ['target_size', 'tolerance_percent', 'max_iterations', 'min_quality', 'max_quality'] as const
  return Object.fromEntries(names.flatMap((name) => (values[name] ? [[name, values[name][0]]] : [])))
}

function checkCount(formats: readonly Format[], values: Values): void {
  const count = [formats, ...(['w', 'densities', ...MULTIPLYING] as const).map((name) => values[name] ?? [1])].reduce(
    (product, list) => product * list.length,
    1,
  )
  if (count <= MOST) return
  throw new ImagemillError({
    code: 'SIZE_LIMIT',
    message: `the lists multiply to ${count} outputs: expected at most ${MOST}`,
    hint: 'Make the lists shorter.',
  })
}

function combinations(values: Values): Partial<Variant>[] {
  let all: Partial<Variant>[] = (values.w ?? [undefined]).map((w) => (w === undefined ? {} : { w }))
  for (const name of MULTIPLYING) {
    const list = values[name]
    if (list) all = all.flatMap((variant) => list.map((value) => ({ ...variant, [name]: value })))
  }
  return all
}

function withDensity(variant: Variant, values: Values): Variant[] {
  const { densities } = values
  const base = values.basePixels?.[0]
  if (!densities) return [base === undefined ? variant : { ...variant, base }]
  if ((values.w?.length ?? 0) > 1 || (values.h?.length ?? 0) > 1)
    throw conflict(
      '`densities` needs one size, not a list: a srcset has either widths or densities',
      'Give one `w` or `h`, or leave out `densities`.',
    )
  const sized = variant.w !== undefined || variant.h !== undefined
  if (base !== undefined && sized)
    throw conflict('with `densities`, `basePixels` and `w` or `h` both say how large density 1 is', 'Leave out one of them.')
  // Without any size the source is taken to be drawn for the highest density.
  const unit = sized || base !== undefined ? 1 : Math.max(...densities)
  return densities.map((density) => ({ ...variant, ...(base !== undefined && { w: base }), density, scale: density / unit }))
}

/** What `format=auto` means: the best two, and a fallback that every browser shows and that loses nothing. */
function autoFormats(header: Header, animated: boolean): Format[] {
  const moving = header.frames > 1 && animated
  return moving ? ['webp', 'gif'] : ['avif', 'webp', header.alpha ? 'png' : 'jpeg']
}

/** The source's own format where browsers show it, else the one nearest to it. */
function ownFormat(header: Header): Format {
  if (header.format !== 'tiff' && header.format !== 'svg') return header.format
  return header.alpha ? 'png' : 'jpeg'
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}
