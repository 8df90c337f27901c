import type { Format } from '../types.ts'

/** Formats that have a quality. */
export type LossyFormat = Exclude<Format, 'png' | 'gif'>

export function isLossy(format: Format): format is LossyFormat {
  return format !== 'png' && format !== 'gif'
}

/** Qualities of the values below. */
const KNOTS = [1, 5, 10, 20, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 100]

/** Mean of log(bytes) over photographs, relative to quality 65, with our encoder settings. */
const CURVES: Readonly<Record<LossyFormat, readonly number[]>> = {
  webp: [
    -1.352, -1.109, -0.926, -0.681, -0.492, -0.405, -0.323, -0.244, -0.184, -0.122, -0.06, 0, 0.065, 0.135, 0.369, 0.647, 1.046, 1.526,
    1.868,
  ],
  jpeg: [
    -2.035, -1.82, -1.388, -0.92, -0.634, -0.526, -0.435, -0.355, -0.276, -0.186, -0.113, 0, 0.107, 0.264, 0.475, 0.681, 1.023, 1.46, 2.322,
  ],
  avif: [
    -2.076, -2.031, -1.846, -1.539, -1.255, -1.089, -0.9, -0.666, -0.463, -0.307, -0.118, 0, 0.222, 0.374, 0.56, 0.715, 1.048, 1.552, 2.517,
  ],
}

/** log(bytes) at quality 65 of a photograph of one pixel; it grows by this share of the log of the number of pixels. */
const BASES: Readonly<Record<LossyFormat, number>> = { webp: -2.031, jpeg: -1.537, avif: -1.701 }
const GROWTH = 0.9

/** Mean of the scores of photographs, at the qualities above. */
const SCORES: Readonly<Record<LossyFormat, readonly number[]>> = {
  webp: [45, 50, 54, 61, 67.6, 69, 70.2, 71.5, 72.3, 73.1, 73.9, 74.6, 75.3, 76.1, 78.4, 80.9, 83.7, 86, 90],
  jpeg: [40, 45, 50, 57, 63, 64.5, 65.8, 66.9, 67.9, 68.9, 69.5, 70.5, 73, 75.3, 77.2, 79.9, 82.7, 86, 94],
  avif: [40, 45, 50, 58, 65.1, 68, 70.6, 73.4, 75.6, 77.4, 79.8, 81.4, 83, 84.2, 85.2, 86.9, 88.7, 91, 96],
}

/** How large a photograph of so many pixels usually is at a quality, as log(bytes). */
export function usualSize(format: LossyFormat, pixels: number, quality: number): number {
  return BASES[format] + GROWTH * Math.log(pixels) + interpolate(CURVES[format], quality)
}

/** The score that a picture usually has at a quality. */
export function usualScore(format: LossyFormat, quality: number): number {
  return interpolate(SCORES[format], quality)
}

function interpolate(curve: readonly number[], quality: number): number {
  const right = Math.max(
    1,
    KNOTS.findIndex((knot) => knot >= quality),
  )
  const [x0 = 0, x1 = 0, y0 = 0, y1 = 0] = [KNOTS[right - 1], KNOTS[right], curve[right - 1], curve[right]]
  return y0 + ((y1 - y0) * (quality - x0)) / (x1 - x0)
}
