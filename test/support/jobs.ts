import { readFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { openPool, type PoolOptions } from '../../dist/queue/pool.js'
import type { Queue } from '../../dist/queue/queue.js'
import { canonical, sha256 } from '../../src/hash.ts'
import { readHeader } from '../../src/source/header.ts'
import { sniff } from '../../src/source/sniff.ts'
import type { Encoding, Output, Source } from '../../src/types.ts'

/** A pool that ends with the test. */
export function pool(options: Partial<PoolOptions> = {}): Queue {
  const queue = openPool({ concurrency: 2, memory: 1e9, timeout: 60_000, pixelLimit: 1e8, ...options })
  onTestFinished(() => queue.close())
  return queue
}

/** What is known of a JPEG, PNG, WebP or GIF before it is decoded. */
export function sourceOf(file: string): Source {
  const bytes = readFileSync(file)
  const format = sniff(bytes)
  if (format !== 'jpeg' && format !== 'png' && format !== 'webp' && format !== 'gif') throw new TypeError(`${file} is of another format`)
  return { file, digest: sha256(bytes), size_bytes: bytes.length, header: readHeader(bytes, format) }
}

/** An output as a plan would ask for it; it may be larger than its source. */
export function outputOf(source: Source, width: number, encoding: Encoding = { format: 'webp' }): Output {
  const height = Math.round((width * source.header.height) / source.header.width)
  const picture: Output['picture'] = {
    width,
    height,
    orient: true,
    frames: 1,
    scale: 1,
    resize: { width, height, fit: 'fill', kernel: 'lanczos3' },
  }
  return { key: sha256(canonical({ source: source.digest, picture, encoding })), picture, encoding, descriptor: `${width}w` }
}

/** Takes minutes at a width of some thousand px. */
export const SLOW: Encoding = { format: 'avif', effort: 9, lossless: true }
