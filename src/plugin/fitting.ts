import { isLossy } from '../engine/usual.ts'
import { canonical, sha256 } from '../hash.ts'
import type { Pipeline } from '../pipeline.ts'
import type { SizeTarget, StoredOutput } from '../types.ts'
import type { Shipped } from './shipped.ts'

/** How a file could be as small as it should be. */
export interface Fitting {
  /** The largest quality that fits; undefined where none does, or there is none to choose. */
  quality: number | undefined
  /** About the width in px at which it would fit with the quality that it has. */
  width: number
}

/** Encodes that bring a bracket of all qualities down to one. */
const ITERATIONS = 10

/** Looks for the largest quality below its own with which a file has at most so many bytes, as `target_size` does. */
export async function fittingOf({ planned, size_bytes }: Shipped, limit: number, pipeline: Pipeline): Promise<Fitting> {
  const { source, output } = planned
  const { quality: asked, auto: _, target: __, ...encoding } = output.encoding
  const width = Math.floor(output.picture.width * Math.sqrt(limit / size_bytes))
  if (planned.original || encoding.lossless || !isLossy(encoding.format)) return { quality: undefined, width }
  const current = asked ?? searched(await pipeline.make(planned))
  const target: SizeTarget = { size: Math.floor(limit), tolerance: 0, min: 1, max: current - 1, iterations: ITERATIONS }
  if (target.size < 1 || target.max < 1) return { quality: undefined, width }
  const key = sha256(`fitting ${output.key} ${canonical(target)}`)
  const found = await pipeline.make({ source, output: { ...output, key, encoding: { ...encoding, target } } })
  return { quality: found.size_bytes <= target.size ? searched(found) : undefined, width }
}

function searched({ search }: Pick<StoredOutput, 'search'>): number {
  return search?.quality ?? 100
}
