import type { LookTarget, Search } from '../types.ts'
import type { Look } from './look.ts'
import type { Found } from './reach-size.ts'
import { seek } from './seek.ts'
import { usualScore, type LossyFormat } from './usual.ts'

/** Points above the target that are near enough to it: an encode more would save less than a per cent. */
const NEAR = 1

/** The smallest file whose look reaches a score; when none does, the one that comes nearest to it. */
export async function reachLook(
  encode: (quality: number) => Promise<Buffer>,
  look: Look,
  { score: target, min, max, iterations }: LookTarget,
  format: LossyFormat,
): Promise<Found> {
  let best: { quality: number; bytes: Buffer; score: number } | undefined
  const tries: Search['tries'] = []
  const measure = async (quality: number): Promise<number> => {
    const bytes = await encode(quality)
    const score = await look(bytes)
    tries.push([quality, bytes.length, score])
    const isBetter = !best || (score >= target ? best.score < target || bytes.length < best.bytes.length : score > best.score)
    if (isBetter) best = { quality, bytes, score }
    return score
  }
  await seek(measure, {
    qualities: Array.from({ length: max - min + 1 }, (_, index) => min + index),
    iterations,
    least: target,
    most: target + NEAR,
    aim: target + NEAR / 2,
    safe: 'high',
    usual: (quality) => usualScore(format, quality),
  })
  if (!best) throw new TypeError('a search needs at least one try')
  const { quality, bytes, score } = best
  return { bytes, search: { quality, iterations: tries.length, converged: score >= target, score, tries } }
}
