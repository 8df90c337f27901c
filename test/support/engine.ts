import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { findFact } from '../../src/engine/fact.ts'
import { inspectHeader, trimmedBox } from '../../src/engine/inspect.ts'
import { loadSource, work, type Batch, type Report } from '../../src/engine/work.ts'
import { ImagemillError } from '../../src/errors.ts'
import { openPipeline, type Pipeline, type Planned } from '../../src/pipeline.ts'
import { parseRequest } from '../../src/query/request.ts'
import type { Queue } from '../../src/queue/queue.ts'
import { diskStore } from '../../src/store/disk.ts'
import type { Output, StoredOutput } from '../../src/types.ts'
import { project } from './project.ts'

sharp.concurrency(1)
sharp.cache(false)

export const PIXEL_LIMIT = 100_000_000

/** The work of the worker processes, done in this one: the same engine, but its failures have stacks. */
export function inProcess(pixelLimit = PIXEL_LIMIT): Queue {
  return {
    async encode(source, output, folder) {
      const [stored] = await runBatch({ source, outputs: [output], pixelLimit }, folder)
      if (!stored) throw new Error('nothing was reported')
      return stored
    },
    header: (file, format) => inspectHeader(readFileSync(file), format),
    trim: async (source, question) => trimmedBox(await loadSource({ source, pixelLimit }), question),
    fact: async (source, question) => findFact(await loadSource({ source, pixelLimit }), question),
    versions: async () => ({ ...sharp.versions }),
    load: () => ({ busy: 0, most: 1, waiting: 0 }),
    rest: () => undefined,
    close: async () => undefined,
  }
}

/** Runs a batch to its end; the first failure is thrown. */
export async function runBatch(batch: Batch, folder: string): Promise<StoredOutput[]> {
  const reports: Report[] = []
  await work(batch, diskStore(folder), (report) => reports.push(report))
  return reports.flatMap((report) => {
    if (report.type === 'failed') throw new ImagemillError(report.error)
    return report.type === 'done' ? [report.output] : []
  })
}

export interface Made extends Output {
  bytes: Buffer
}

export interface Workshop {
  folder: string
  pipeline: Pipeline
  plan(bytes: Uint8Array, query: string): Promise<Planned>
  /** Every output of a query. */
  make(bytes: Uint8Array, query: string): Promise<Made[]>
  /** The only output of a query. */
  one(bytes: Uint8Array, query: string): Promise<Buffer>
  /** Its pixels. */
  pixels(bytes: Uint8Array, query: string): Promise<Raw>
}

/** An engine with a store of its own, gone when the test is over. */
export function workshop(pixelLimit = PIXEL_LIMIT): Workshop {
  const { root } = project()
  const folder = join(root, 'cache')
  const pipeline = openPipeline({
    folder,
    maxSize: 1e9,
    pixelLimit,
    queue: inProcess(pixelLimit),
    patience: 60_000,
    warn: (error) => {
      throw error
    },
  })
  let count = 0
  const plan = (bytes: Uint8Array, query: string): Promise<Planned> => {
    const file = join(root, `source-${count++}`)
    writeFileSync(file, bytes)
    return pipeline.plan(file, parseRequest(query))
  }
  const make = async (bytes: Uint8Array, query: string): Promise<Made[]> => {
    const {
      source,
      plan: { outputs },
    } = await plan(bytes, query)
    const made: Made[] = []
    for (const output of outputs) made.push({ ...output, bytes: (await pipeline.read({ source, output })).bytes })
    return made
  }
  const one = async (bytes: Uint8Array, query: string): Promise<Buffer> => {
    const [first, ...more] = await make(bytes, query)
    if (!first || more.length > 0) throw new Error(`${more.length + 1} outputs of ${query}`)
    return first.bytes
  }
  return { folder, pipeline, plan, make, one, pixels: async (bytes, query) => raw(await one(bytes, query)) }
}

/** Decoded pixels of all frames, one below the other. */
export interface Raw {
  data: Buffer
  width: number
  height: number
  channels: number
}

export async function raw(image: Uint8Array | Sharp): Promise<Raw> {
  const pipeline = image instanceof Uint8Array ? sharp(image, { animated: true, limitInputPixels: false }) : image
  const { data, info } = await pipeline.toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}

/** The colour of a pixel, as many numbers as there are channels. */
export function pixelAt({ data, width, channels }: Raw, x: number, y: number): number[] {
  const at = (y * width + x) * channels
  return [...data.subarray(at, at + channels)]
}

/** Mean and largest difference of two pictures of one size, over all channels. */
export function difference(a: Raw, b: Raw): { mean: number; most: number } {
  if (a.width !== b.width || a.height !== b.height || a.channels !== b.channels) {
    throw new Error(`expected ${b.width} × ${b.height} px of ${b.channels} channels, received ${a.width} × ${a.height} px of ${a.channels}`)
  }
  let sum = 0
  let most = 0
  for (let at = 0; at < a.data.length; at++) {
    const gap = Math.abs((a.data[at] ?? 0) - (b.data[at] ?? 0))
    sum += gap
    most = Math.max(most, gap)
  }
  return { mean: sum / a.data.length, most }
}
