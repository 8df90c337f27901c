import type { Box, Fit } from '../types.ts'
import { lengths, point } from './values.ts'

export interface Size {
  width: number
  height: number
}

export interface Wanted {
  w?: number | undefined
  h?: number | undefined
  aspect?: number | undefined
  fit?: Fit | undefined
  allowUpscale: boolean
  /** Factor by which all that was asked for is multiplied, for a pixel density. */
  scale?: number | undefined
}

/** The exact size in px of an output made from `source`; `shrink` is below 1 when it had to be clamped to the source. */
export function outputSize(source: Size, wanted: Wanted): Size & { clamped: boolean; shrink: number } {
  const { scale = 1 } = wanted
  const { width, height } = idealSize(source, wanted)
  const ideal = { width: width * scale, height: height * scale }
  // Shrinking both sides by one factor keeps the aspect that was asked for.
  const shrink = wanted.allowUpscale ? 1 : Math.min(1, source.width / ideal.width, source.height / ideal.height)
  return {
    width: whole(ideal.width * shrink),
    height: whole(ideal.height * shrink),
    clamped: shrink < 1 - 1e-9 && !sameSize(ideal, source),
    shrink,
  }
}

function idealSize(source: Size, wanted: Wanted): Size {
  const natural = source.width / source.height
  const frame = frameSize(source, wanted)
  if (wanted.fit !== 'inside' && wanted.fit !== 'outside') return frame
  const { width, height } = frame
  const byWidth = wanted.fit === 'inside' ? width / height < natural : width / height > natural
  return byWidth ? { width, height: width / natural } : { width: height * natural, height }
}

/** What was asked for, before the aspect of the source may narrow or widen it. */
function frameSize(source: Size, { w, h, aspect }: Wanted): Size {
  const natural = source.width / source.height
  if (w !== undefined && h !== undefined) return { width: w, height: h }
  const ratio = aspect ?? natural
  if (w !== undefined) return { width: w, height: w / ratio }
  if (h !== undefined) return { width: h * ratio, height: h }
  return ratio > natural ? { width: source.width, height: source.width / ratio } : { width: source.height * ratio, height: source.height }
}

function sameSize(a: Size, b: Size): boolean {
  return whole(a.width) === b.width && whole(a.height) === b.height
}

function whole(px: number): number {
  return Math.max(1, Math.round(px))
}

/** The rectangle that a `crop` directive names, or undefined when it is not inside the source. */
export function cropBox(text: string, source: Size): Box | undefined {
  const [x, y, w, h] = lengths(text) ?? []
  if (!x || !y || !w || !h) return undefined
  const px = ({ value, percent }: { value: number; percent: boolean }, side: number): number =>
    Math.round(percent ? (value / 100) * side : value)
  const box = {
    left: px(x, source.width),
    top: px(y, source.height),
    width: whole(px(w, source.width)),
    height: whole(px(h, source.height)),
  }
  // Percentages within 100 may be rounded beyond the edge, and on small sources a part may be less than a pixel.
  if (x.percent && w.percent && x.value + w.value <= 100) box.left = Math.min(box.left, source.width - box.width)
  if (y.percent && h.percent && y.value + h.value <= 100) box.top = Math.min(box.top, source.height - box.height)
  return box.width > 0 && box.height > 0 && box.left + box.width <= source.width && box.top + box.height <= source.height ? box : undefined
}

/** The largest rectangle of the aspect of `output` within `base` whose centre is as near to the focus as the edges allow. */
export function focusBox(text: string, base: Box, output: Size): Box {
  const { x, y } = point(text) ?? { x: 0.5, y: 0.5 }
  const scale = Math.min(base.width / output.width, base.height / output.height)
  const width = Math.min(base.width, whole(output.width * scale))
  const height = Math.min(base.height, whole(output.height * scale))
  const start = (share: number, side: number, part: number): number =>
    Math.round(Math.min(Math.max(share * side - part / 2, 0), side - part))
  return { left: base.left + start(x, base.width, width), top: base.top + start(y, base.height, height), width, height }
}

/** An angle of any sign as one from 0 up to 360, so that equal turns are equal. */
export function wholeTurn(degrees: number): number {
  return Number((((degrees % 360) + 360) % 360).toFixed(6)) % 360
}

/** Size of the canvas that a turned picture needs, as libvips rounds it. */
export function rotatedSize({ width, height }: Size, turn: number): Size {
  if (turn === 0 || turn === 180) return { width, height }
  if (turn === 90 || turn === 270) return { width: height, height: width }
  const radians = (turn * Math.PI) / 180
  const [sin, cos] = [Math.sin(radians), Math.cos(radians)]
  const xs = [0, width * cos, -height * sin, width * cos - height * sin]
  const ys = [0, width * sin, height * cos, width * sin + height * cos]
  const span = (values: number[]): number => whole(Math.round(Math.max(...values) - Math.min(...values)))
  return { width: span(xs), height: span(ys) }
}

/** Below this width a shared raster is not made smaller, so that all usual widths come from one decode. */
const LEAST_RASTER = 1280

/** Divisors at which libjpeg can leave out work while it decodes (by 2, 4 and 8); other decoders gain as much from them as from any. */
const DIVISORS = [9, 5, 3]

/**
 * Divisor of the raster that an output is resized from. It depends on the output alone, never on what else is
 * asked for, so that the bytes of an output are the same whoever asks first.
 */
export function rasterScale(base: Size, resized: Size): number {
  const needed = Math.max(resized.width / base.width, resized.height / base.height)
  const least = LEAST_RASTER / Math.max(base.width, base.height)
  return DIVISORS.find((divisor) => 1 / divisor >= Math.max(needed, least)) ?? 1
}
