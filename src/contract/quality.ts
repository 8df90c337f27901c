import type { Encoding, StoredOutput } from '../types.ts'

/** What a search for a size found. */
export type SizeMetadata = {
  /** bytes */
  target_size: number
  /** 100 with 0 iterations: the source's own encoding met the target. */
  final_quality: number
  /** bytes */
  final_size: number
  /** How far the file is from the target, in per cent of it, to one decimal. */
  deviation_percent: number
  /** Encodes that the search took. */
  iterations: number
  /** Whether the file is at most as large as the target and within the tolerance. */
  converged: boolean
}

/** What a search for a look found. */
export type LookMetadata = {
  final_quality: number
  /** bytes */
  final_size: number
  iterations: number
  /** Whether the score is reached. */
  converged: boolean
  /** How much the file looks like the source, up to 100. */
  score: number
  target_score: number
}

/** The metadata of a `quality` record; null for an output whose quality was not looked for. */
export function qualityMetadata(
  { target, auto }: Encoding,
  { search, size_bytes }: Pick<StoredOutput, 'search' | 'size_bytes'>,
): SizeMetadata | LookMetadata | null {
  if (!target && !auto) return null
  if (!search) throw new TypeError('an output has lost how its quality was found')
  const { quality: final_quality, iterations, converged, score = 100 } = search
  if (auto) return { final_quality, final_size: size_bytes, iterations, converged, score, target_score: auto.score }
  const target_size = target?.size ?? 0
  const deviation_percent = Math.round((Math.abs(target_size - size_bytes) / target_size) * 1000) / 10
  return { target_size, final_quality, final_size: size_bytes, deviation_percent, iterations, converged }
}
