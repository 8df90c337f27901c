import sharp from 'sharp'
import { expect, test } from 'vitest'
import { reachSize } from '../../src/engine/reach-size.ts'
import { runBatch, workshop, type Workshop } from '../support/engine.ts'
import { jpeg, photo } from '../support/images.ts'
import { project } from '../support/project.ts'
import { animation } from '../support/sources.ts'
import type { StoredOutput } from '../../src/types.ts'

/** Facts of every output of a query. */
async function facts({ pipeline, plan }: Workshop, bytes: Uint8Array, query: string): Promise<StoredOutput[]> {
  const { source, plan: planned } = await plan(bytes, query)
  const made: StoredOutput[] = []
  for (const output of planned.outputs) made.push(await pipeline.make({ source, output }))
  return made
}

const FORMATS = ['webp', 'jpeg', 'avif'] as const

test.each(FORMATS)('%s reaches any size that one of its qualities has, in few encodes', async (format) => {
  const work = workshop()
  const iterations: number[] = []
  for (const seed of [1, 2, 3]) {
    const bytes = await photo(240, 160, seed).png().toBuffer()
    for (const quality of [33, 50, 67, 80, 94]) {
      const [fixed] = await facts(work, bytes, `format=${format}&quality=${quality}`)
      const target = fixed?.size_bytes ?? 0
      const [found] = await facts(work, bytes, `format=${format}&target_size=${target}`)
      expect(found?.size_bytes).toBeLessThanOrEqual(target)
      expect(found?.size_bytes).toBeGreaterThanOrEqual(target * 0.95)
      expect(found?.search).toMatchObject({ converged: true })
      expect(found?.search?.tries.map(([tried]) => tried)).toContain(found?.search?.quality)
      iterations.push(found?.search?.iterations ?? 99)
    }
  }
  expect(Math.max(...iterations)).toBeLessThanOrEqual(8)
  expect(iterations.sort((a, b) => a - b)[7]).toBeLessThanOrEqual(4)
})

test('what is stored is what was found, and is the quality it says', async () => {
  const work = workshop()
  const bytes = await photo(120, 80).png().toBuffer()
  const [{ search, size_bytes } = { search: undefined, size_bytes: 0 }] = await facts(work, bytes, 'format=webp&target_size=2kb')
  const fixed = await work.one(bytes, `format=webp&quality=${search?.quality}`)
  expect(await work.one(bytes, 'format=webp&target_size=2kb')).toEqual(fixed)
  expect(search?.tries.at(-1)).toEqual([search?.quality, size_bytes])
  expect(search?.iterations).toBe(search?.tries.length)
})

test('the same file comes out, whatever is made with it', async () => {
  const bytes = await photo(300, 200).png().toBuffer()
  const alone = await workshop().one(bytes, 'w=150&format=webp&target_size=3kb')
  const { pipeline, plan, folder } = workshop()
  const { source, plan: planned } = await plan(bytes, 'w=60;100;150;200&format=webp;jpeg&target_size=3kb')
  const made = await runBatch({ source, outputs: planned.outputs, pixelLimit: 1e8 }, folder)
  const output = planned.outputs.find(({ picture, encoding }) => picture.width === 150 && encoding.format === 'webp')
  if (!output) throw new Error('not planned')
  expect((await pipeline.read({ source, output })).bytes).toEqual(alone)
  expect(made).toHaveLength(8)
})

test('a target that nothing reaches gives the smallest file, not converged', async () => {
  const bytes = await photo(240, 160).png().toBuffer()
  const work = workshop()
  const [found] = await facts(work, bytes, 'format=jpeg&target_size=500&min_quality=40')
  expect(found?.size_bytes).toBe((await work.one(bytes, 'format=jpeg&quality=40')).length)
  expect(found?.search).toMatchObject({ quality: 40, converged: false })
})

test('a target that everything reaches gives the best file, not converged', async () => {
  const bytes = await photo(240, 160).png().toBuffer()
  const work = workshop()
  const [found] = await facts(work, bytes, 'format=jpeg&target_size=1mb&max_quality=80')
  expect(found?.size_bytes).toBe((await work.one(bytes, 'format=jpeg&quality=80')).length)
  expect(found?.search).toMatchObject({ quality: 80, converged: false, iterations: 1 })
})

test('the settings of the search are kept to', async () => {
  const bytes = await photo(240, 160).png().toBuffer()
  const work = workshop()
  const [{ size_bytes } = { size_bytes: 0 }] = await facts(work, bytes, 'format=webp&quality=80')
  const [exact] = await facts(work, bytes, `format=webp&target_size=${size_bytes}&tolerance_percent=0`)
  expect(exact).toMatchObject({ size_bytes, search: { converged: true } })
  const [once] = await facts(work, bytes, `format=webp&target_size=${size_bytes}&max_iterations=1`)
  expect(once?.search).toMatchObject({ iterations: 1, quality: 30, converged: false })
  const [below] = await facts(work, bytes, `format=webp&target_size=${size_bytes}&max_quality=60`)
  expect(below?.search).toMatchObject({ quality: 60, converged: false })
})

test('a source that is small enough is not encoded again, one that is too large is', async () => {
  const bytes = await jpeg(240, 160)
  const work = workshop()
  const [kept] = await facts(work, bytes, `format=jpeg&target_size=${bytes.length + 100}`)
  expect(kept).toMatchObject({
    size_bytes: (await work.one(bytes, 'format=jpeg&quality=100')).length,
    search: { quality: 100, iterations: 0, converged: true },
  })
  const [other] = await facts(work, bytes, `format=jpeg&target_size=${Math.round(bytes.length / 2)}`)
  expect(other?.size_bytes).toBeLessThanOrEqual(bytes.length / 2)
  expect(other?.search?.iterations).toBeGreaterThan(0)
})

test('a picture that cannot be made small enough is at least not larger than its source', async () => {
  const bytes = await photo(240, 160).jpeg({ quality: 5, mozjpeg: true }).toBuffer()
  const [found] = await facts(workshop(), bytes, 'format=jpeg&target_size=100')
  expect(found?.size_bytes).toBeLessThanOrEqual(bytes.length)
  expect(found?.search).toMatchObject({ quality: 100, converged: false })
})

test('an animation keeps its frames', async () => {
  const { make, pipeline, plan } = workshop()
  const bytes = await animation('webp', 60, 40)
  for (const query of ['w=30&target_size=500', 'w=30&target_size=500&flip']) {
    const [{ bytes: moving } = { bytes: Buffer.alloc(0) }] = await make(bytes, query)
    expect(await sharp(moving).metadata()).toMatchObject({ pages: 3, width: 30, loop: 3, delay: [40, 90, 130] })
    expect(moving.length).toBeLessThanOrEqual(500)
    const { source, plan: planned } = await plan(bytes, query)
    for (const output of planned.outputs) expect((await pipeline.make({ source, output })).search?.iterations).toBeGreaterThan(0)
  }
})

test('each encode may take the time of an output', async () => {
  const { root } = project()
  const bytes = await photo(120, 80).png().toBuffer()
  const { plan } = workshop()
  const { source, plan: planned } = await plan(bytes, 'format=webp&target_size=1500')
  const { work } = await import('../../src/engine/work.ts')
  const { diskStore } = await import('../../src/store/disk.ts')
  const seen: string[] = []
  let found: StoredOutput | undefined
  await work({ source, outputs: planned.outputs, pixelLimit: 1e8 }, diskStore(root), (report) => {
    seen.push(report.type)
    if (report.type === 'done') found = report.output
  })
  expect(seen.filter((type) => type === 'started')).toHaveLength(2 + (found?.search?.iterations ?? 0))
})

test('of files that fit the largest is chosen, of files that do not the smallest', async () => {
  const sizes: Record<number, number> = { 1: 30, 2: 10, 3: 20, 4: 40 }
  const encode = async (quality: number): Promise<Buffer> => Buffer.alloc(sizes[quality] ?? 0)
  const range = { tolerance: 0, min: 1, max: 4, iterations: 10 }
  const picture = { format: 'webp' as const, pixels: 100 }
  for (const size of [5, 9]) expect((await reachSize(encode, { size, ...range }, picture)).search.converged).toBe(false)
  expect((await reachSize(encode, { size: 25, ...range, min: 2 }, picture)).bytes.length).toBe(20)
})
