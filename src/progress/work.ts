import type { Format, Output } from '../types.ts'

/** CPU for a pixel of each format against JPEG, with our encoder settings. */
const COST: Readonly<Record<Format, number>> = { jpeg: 1, webp: 1.7, avif: 4, png: 2, gif: 3 }

/** Decoding and resizing, for an output of any size, as pixels of a JPEG. */
const BASE = 100_000

/** Encodes of a search, as a rule. */
export const SEARCH = 3

/** How much work an output is against others. */
export function workOf({ picture, encoding }: Pick<Output, 'picture' | 'encoding'>): number {
  const { width, height, frames } = picture
  return pixelWork(width * height * frames, encoding.format) * ((encoding.target ?? encoding.auto) ? SEARCH : 1)
}

export function pixelWork(pixels: number, format: Format): number {
  return BASE + pixels * COST[format]
}
