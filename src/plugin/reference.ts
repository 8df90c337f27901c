import { sha256 } from '../hash.ts'
import type { Output } from '../types.ts'

/** The very pixels that an output was encoded from, without loss: PNG is made fastest, WebP is smaller. */
export function referenceOf({ key, picture, descriptor }: Output, format: 'png' | 'webp'): Output {
  return {
    key: sha256(`reference ${format} ${key}`),
    picture: { ...picture, frames: 1 },
    encoding: format === 'png' ? { format, effort: 2 } : { format, lossless: true, effort: 2 },
    descriptor,
  }
}
