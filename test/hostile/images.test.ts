import { readFileSync, rmSync } from 'node:fs'
import fc from 'fast-check'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openPipeline, type Pipeline } from '../../dist/pipeline.js'
import { parseRequest } from '../../dist/query/request.js'
import { workerProcesses } from '../support/dev.ts'
import { expectUseful, fuzzed } from '../support/fuzz.ts'
import { pool } from '../support/jobs.ts'
import { project } from '../support/project.ts'
import { KINDS, type Kind } from '../support/sources.ts'

/** Most memory of a process that decodes, in bytes. */
const MOST_MEMORY = 600e6

const originals = new Map<Kind, Buffer>()
const unhandled: unknown[] = []
const note = (error: unknown): void => void unhandled.push(error)

beforeAll(async () => {
  process.on('unhandledRejection', note)
  for (const kind of kinds) originals.set(kind, await KINDS[kind](37, 23))
})

afterAll(() => {
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

const kinds = Object.keys(KINDS).filter((name): name is Kind => name in KINDS)
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const somePlace = fc.oneof(
  place,
  // Headers are short, and where most can go wrong.
  place.map((where) => where / 8),
)
const mutation = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), where: somePlace, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('set' as const), where: somePlace, byte: fc.constantFrom(0, 1, 0x7f, 0x80, 0xd9, 0xfe, 0xff) }),
  fc.record({
    kind: fc.constant('number' as const),
    where: somePlace,
    bytes: fc.constantFrom('00000000', 'ffffffff', '7fffffff', '80000000', '0000ffff', 'ffff0000', '00010000', '01000000'),
  }),
  fc.record({ kind: fc.constant('put' as const), where: somePlace, bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
  fc.record({ kind: fc.constant('cut' as const), where: somePlace, length: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ kind: fc.constant('twice' as const), where: somePlace, length: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ kind: fc.constant('end' as const), where: somePlace }),
  fc.record({ kind: fc.constant('tail' as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 100 }) }),
)
const mutant = fc.record({ kind: fc.constantFrom(...kinds), mutations: fc.array(mutation, { minLength: 1, maxLength: 4 }) })

function mutated(original: Buffer, mutations: readonly (typeof mutation extends fc.Arbitrary<infer T> ? T : never)[]): Buffer {
  return mutations.reduce<Buffer>((before, change) => {
    if (change.kind === 'tail') return Buffer.concat([before, change.bytes])
    const bytes = Buffer.from(before)
    const at = Math.floor(change.where * bytes.length)
    if (change.kind === 'end') return bytes.subarray(0, at)
    if (change.kind === 'put') return Buffer.concat([bytes.subarray(0, at), change.bytes, bytes.subarray(at)])
    if (change.kind === 'cut') return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + change.length)])
    if (change.kind === 'twice') return Buffer.concat([bytes.subarray(0, at + change.length), bytes.subarray(at)])
    if (change.kind === 'number') bytes.set(Buffer.from(change.bytes, 'hex').subarray(0, bytes.length - at), at)
    else if (bytes.length > 0) bytes[at] = change.kind === 'set' ? change.byte : (bytes[at] ?? 0) ^ (1 << change.bit)
    return bytes
  }, original)
}

/** The pipeline with a pool of real processes; every image has to be done in 10 s. */
function open(pixels = 100e6): { pipeline: Pipeline; attempt(bytes: Uint8Array, query: string): Promise<string> } {
  const { root, write } = project()
  const queue = pool({ concurrency: 2, timeout: 10_000, pixelLimit: pixels })
  const pipeline = openPipeline({ folder: `${root}/cache`, maxSize: 1e9, pixelLimit: pixels, queue, patience: 60_000, warn: note })
  onTestFinished(() => pipeline.close())
  let count = 0
  return {
    pipeline,
    async attempt(bytes, query) {
      const file = write(`${count++}.jpg`, bytes)
      try {
        const { source, plan } = await pipeline.plan(file, parseRequest(query))
        const facts = Promise.all(plan.facts.map((fact) => pipeline.fact({ source, fact })))
        const outputs = Promise.all(plan.outputs.map((output) => pipeline.read({ source, output })))
        const [made] = await Promise.all([outputs, facts])
        for (const [index, { bytes: output }] of made.entries()) {
          const { width, height, pageHeight } = await sharp(output, { limitInputPixels: false }).metadata()
          const { picture } = plan.outputs[index] ?? {}
          expect({ width, height: pageHeight ?? height }).toEqual({ width: picture?.width, height: picture?.height })
        }
        return 'made'
      } catch (error) {
        if (error instanceof Error && error.name === 'AssertionError') throw error
        expectUseful(error)
        return (error as { code: string }).code
      } finally {
        rmSync(file, { force: true })
      }
    },
  }
}

/** The most memory that any worker of this process has taken so far, in bytes. */
function peakMemory(): number {
  const peaks = workerProcesses().map((pid) => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0))
  return Math.max(0, ...peaks) * 1024
}

const QUERIES = [
  'w=16&format=webp',
  'w=16;30&format=png;jpeg',
  'format=png',
  'exif&w=8&metadata=keep',
  'trim&w=9&placeholder=lqip',
  'rotate=90&format=gif',
]

test('a damaged image is made, or refused in one line that helps, without a crash', { timeout: 900_000 }, async () => {
  const { attempt } = open()
  const ends = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(mutant, fc.constantFrom(...QUERIES), async ({ kind, mutations }, query) => {
      const end = await attempt(mutated(originals.get(kind) ?? Buffer.alloc(0), mutations), query)
      ends.set(end, (ends.get(end) ?? 0) + 1)
    }),
    { ...fuzzed(60), endOnFailure: true },
  )
  // Both kinds of end were met, or the mutations would show nothing.
  expect([...ends.keys()]).toEqual(expect.arrayContaining(['made', 'SOURCE_CORRUPT']))
  expect(peakMemory()).toBeLessThan(MOST_MEMORY)
})

test('any bytes are no crash', { timeout: 900_000 }, async () => {
  const { attempt } = open()
  const magic = fc.constantFrom(
    'ffd8ff',
    '89504e470d0a1a0a',
    '474946383961',
    '52494646ffffffff57454250',
    '49492a00',
    '4d4d002a',
    '0000001c6674797061766966',
    '3c737667',
    '424d',
    '',
  )
  await fc.assert(
    fc.asyncProperty(magic, fc.uint8Array({ maxLength: 600 }), async (head, rest) => {
      await attempt(Buffer.concat([Buffer.from(head, 'hex'), rest]), 'w=16&format=webp')
    }),
    { ...fuzzed(30), endOnFailure: true },
  )
})
