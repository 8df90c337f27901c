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
  await seek(measure, {
    qualities: Array.from({ length: max - min + 1 }, (_, index) => min + index),
    iterations,
    least: Math.log(size * (1 - tolerance / 100)),
    most: Math.log(size),
    aim: Math.log(size * (1 - Math.min(AIM, tolerance / 2) / 100)),
    safe: 'low',
    usual: (quality) => usualSize(format, pixels, quality),
  })
  if (!best) throw new TypeError('a search needs at least one try')
  const { quality, bytes } = best
  return { bytes, search: { quality, iterations: sizes.length, converged: isConverged(bytes.length, { size, tolerance }), tries: sizes } }
}

/** Whether a size is at most the target and near enough to it. */
export function isConverged(bytes: number, { size, tolerance }: Pick<SizeTarget, 'size' | 'tolerance'>): boolean {
  return bytes <= size && bytes >= size * (1 - tolerance / 100)
}

function isBetter(bytes: number, than: number, most: number): boolean {
  return bytes <= most ? than > most || bytes > than : bytes < than
}
