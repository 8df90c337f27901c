import { readFileSync } from 'node:fs'
import { deflateRawSync, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { parseRequest } from '../../dist/query/request.js'
import { openPipeline } from '../../dist/pipeline.js'
import { newWorkers, workerProcesses } from '../support/dev.ts'
import { expectUseful } from '../support/fuzz.ts'
import { pool } from '../support/jobs.ts'
import { project } from '../support/project.ts'

const CRC = Array.from({ length: 256 }, (_, n) =>
  Array.from({ length: 8 }).reduce<number>((c) => (c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1), n),
)

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  let crc = 0xffffffff
  for (const byte of body) crc = (CRC[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8)
  const ends = Buffer.alloc(8)
  ends.writeUInt32BE(data.length)
  ends.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 4)
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)])
}

/** A PNG of zeros that says its size; `rows` of them are there. */
function hollowPng(width: number, height: number, { rows = height, depth = 1, colour = 0, interlaced = false } = {}): Buffer {
  const channels = { 0: 1, 2: 3, 6: 4 }[colour] ?? 1
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width)
  header.writeUInt32BE(height, 4)
  header.set([depth, colour, 0, 0, interlaced ? 1 : 0], 8)
  const row = Buffer.alloc(1 + Math.ceil((width * depth * channels) / 8))
  const data = interlaced ? Buffer.alloc(row.length * rows + 8 * rows) : Buffer.concat(Array.from({ length: rows }, () => row))
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(data)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** The picture with another size in its frame header. */
async function swollenJpeg(width: number, height: number, progressive: boolean): Promise<Buffer> {
  const bytes = await sharp({ create: { width: 16, height: 16, channels: 3, background: 'red' } })
    .jpeg({ progressive })
    .toBuffer()
  const at = bytes.indexOf(Buffer.from([0xff, progressive ? 0xc2 : 0xc0]))
  bytes.writeUInt16BE(height, at + 5)
  bytes.writeUInt16BE(width, at + 7)
  return bytes
}

function swollenGif(width: number, height: number, frames: number): Buffer {
  const frame = Buffer.from('2c0000000001000100000202440100', 'hex')
  const head = Buffer.from('474946383961000000008000000000ffffff', 'hex')
  head.writeUInt16LE(width, 6)
  head.writeUInt16LE(height, 8)
  return Buffer.concat([head, Buffer.from([0]), ...Array.from({ length: frames }, () => frame), Buffer.from([0x3b])])
}

const svg = (attributes: string, content = ''): Buffer =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${attributes}>${content}</svg>`)

/** Small files that would be large: each with what it comes to. */
const BOMBS: Record<string, () => Buffer | Promise<Buffer>> = {
  'a PNG of 65,535 × 65,535 px': () => hollowPng(65_535, 65_535, { rows: 10 }),
  'a PNG of 2 billion px a side': () => hollowPng(0x7fffffff, 0x7fffffff, { rows: 0 }),
  'a PNG of 9,900 × 9,900 px, whole': () => hollowPng(9900, 9900),
  'a PNG that is decoded as a whole': () => hollowPng(5000, 5000, { depth: 8, colour: 6, interlaced: true }),
  'a JPEG of 65,500 px a side': () => swollenJpeg(65_500, 65_500, false),
  'a progressive JPEG of 9,900 px a side': () => swollenJpeg(9900, 9900, true),
  'a GIF of 65,535 px a side': () => swollenGif(65_535, 65_535, 1),
  'a GIF of 50,000 frames': () => swollenGif(300, 300, 50_000),
  'a drawing of 10 million px a side': () => svg('width="10000000" height="10000000"'),
  'a drawing with a thousand filters': () =>
    svg(
      'width="200" height="200"',
      `<filter id="f">${'<feTurbulence numOctaves="10"/><feGaussianBlur stdDeviation="90"/>'.repeat(500)}</filter>${'<rect width="200" height="200" filter="url(#f)"/>'.repeat(20)}`,
    ),
  'a drawing that uses itself twice, thirty times over': () =>
    svg(
      'width="9" height="9"',
      `<rect id="a0" width="1" height="1"/>${Array.from({ length: 30 }, (_, n) => `<g id="a${n + 1}"><use href="#a${n}"/><use href="#a${n}"/></g>`).join('')}<use href="#a30"/>`,
    ),
  'a PNG with a huge profile': async () => {
    const bytes = hollowPng(8, 8)
    const profile = Buffer.concat([Buffer.from('x\0\0'), deflateSync(Buffer.alloc(200_000_000))])
    return Buffer.concat([bytes.subarray(0, 33), chunk('iCCP', profile), bytes.subarray(33)])
  },
  'a PNG with a huge text': async () => {
    const bytes = hollowPng(8, 8)
    return Buffer.concat([
      bytes.subarray(0, 33),
      chunk('zTXt', Buffer.concat([Buffer.from('x\0\0'), deflateRawSync(Buffer.alloc(50_000_000))])),
      bytes.subarray(33),
    ])
  },
}

test.each(Object.entries(BOMBS))('%s is refused, or made within the limits', { timeout: 60_000 }, async (_, make) => {
  const { root, write } = project()
  const before = workerProcesses()
  const queue = pool({ concurrency: 1, timeout: 3000 })
  const warn = (error: unknown): never => {
    throw error
  }
  const pipeline = openPipeline({ folder: `${root}/cache`, maxSize: 1e9, pixelLimit: 100e6, queue, patience: 60_000, warn })
  const file = write('bomb', await make())
  let peak = 0
  const look = setInterval(() => (peak = Math.max(peak, peakOf(newWorkers(before)))), 20)
  try {
    const { source, plan } = await pipeline.plan(file, parseRequest('w=64&format=webp&animated=false'))
    for (const output of plan.outputs)
      expect((await sharp((await pipeline.read({ source, output })).bytes).metadata()).width).toBeLessThanOrEqual(64)
  } catch (error) {
    // An encoder that is stopped by its deadline is within the limits as well.
    if (!(error instanceof Error && 'code' in error && error.code === 'TIMEOUT')) expectUseful(error)
  } finally {
    clearInterval(look)
    peak = Math.max(peak, peakOf(newWorkers(before)))
    await pipeline.close()
  }
  expect(peak).toBeLessThan(600e6)
})

/** The most memory that one of some processes has taken, in bytes. */
function peakOf(pids: readonly number[]): number {
  return 1024 * Math.max(0, ...pids.map((pid) => Number(/VmHWM:\s+(\d+)/.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0)))
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It has just ended.
    return ''
  }
}
