import type { Search, SizeTarget } from '../types.ts'
import { seek } from './seek.ts'
import { usualSize, type LossyFormat } from './usual.ts'

/** What a search chose, and how. */
export interface Found {
  bytes: Buffer
  search: Search
}

/** How far below a target is aimed, in per cent: the middle of the usual tolerance. */
const AIM = 2.5

/**
 * The largest file at or under a size; when none is, the smallest. It depends on nothing but the picture, not even on
 * what was found for its neighbours: the same key has to mean the same bytes, whatever was made with it.
 */
export async function reachSize(
  encode: (quality: number) => Promise<Buffer>,
  { size, tolerance, min, max, iterations }: SizeTarget,
  { format, pixels }: { format: LossyFormat; pixels: number },
): Promise<Found> {
  let best: { quality: number; bytes: Buffer } | undefined
  const sizes: [quality: number, size_bytes: number][] = []
  const measure = async (quality: number): Promise<number> => {
    const bytes = await encode(quality)
    sizes.push([quality, bytes.length])
    if (!best || isBetter(bytes.length, best.bytes.length, size)) best = { quality, bytes }
    return Math.log(bytes.length)
  }
  const least = size * (1 - tolerance / 100)
  await seek(measure, {
    qualities: Array.from({ length: max - min + 1 }, (_, index) => min + index),
    iterations,
    least: Math.log(least),
    most: Math.log(size),
    aim: Math.log(size * (1 - Math.min(AIM, tolerance / 2) / 100)),
    safe: 'low',
    usual: (quality) => usualSize(format, pixels, quality),
  })
  if (!best) throw new TypeError('a search needs at least one try')
  const { quality, bytes } = best
  const converged = bytes.length <= size && bytes.length >= least
  return { bytes, search: { quality, iterations: sizes.length, converged, tries: sizes } }
}

/** The source's own encoding, which no quality of ours can better. */
export function asItIs(bytes: Buffer, { size, tolerance }: SizeTarget): Found {
  const converged = bytes.length <= size && bytes.length >= size * (1 - tolerance / 100)
  return { bytes, search: { quality: 100, iterations: 0, converged, tries: [] } }
}

function isBetter(bytes: number, than: number, most: number): boolean {
  return bytes <= most ? than > most || bytes > than : bytes < than
}
