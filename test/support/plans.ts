import { planRequest, type Plan, type PlanContext } from '../../src/query/plan.ts'
import { parseRequest, type RequestContext } from '../../src/query/request.ts'
import { ImagemillError } from '../../src/errors.ts'
import type { Header } from '../../src/types.ts'

export interface Situation extends RequestContext, Partial<PlanContext> {
  header?: Partial<Header>
}

/** A 3:2 photograph of 1200 × 800 px, unless said otherwise. */
export function planOf(query: string, { header, defaults, presets = {}, ...context }: Situation = {}): Plan {
  const source = {
    file: 'photo.jpg',
    digest: 'digest',
    size_bytes: 1,
    header: { format: 'jpeg' as const, width: 1200, height: 800, orientation: 1, frames: 1, alpha: false, ...header },
  }
  return planRequest(parseRequest(query, { defaults, presets }), source, { encoder: 'test', pixelLimit: 100_000_000, ...context })
}

/** `640x427 webp 640w` for every output. */
export function outputsOf(query: string, situation?: Situation): string[] {
  return planOf(query, situation).outputs.map(
    ({ picture, encoding, descriptor }) => `${picture.width}x${picture.height} ${encoding.format} ${descriptor}`,
  )
}

/** The sizes of every output, as `640x427`. */
export function sizesOf(query: string, situation?: Situation): string[] {
  return planOf(query, situation).outputs.map(({ picture }) => `${picture.width}x${picture.height}`)
}

/** The error of something that must fail. */
export function failureOf(action: () => unknown): ImagemillError {
  try {
    action()
  } catch (error) {
    if (error instanceof ImagemillError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
