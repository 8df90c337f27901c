import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { SLOW, outputOf, pool, sourceOf } from '../support/jobs.ts'
import { jpeg } from '../support/images.ts'
import { entryFiles, putsOf } from '../support/entries.ts'
import { isRunning, mostWorkers, until, workersOf } from '../support/processes.ts'
import { project } from '../support/project.ts'

async function sources(count: number, px = 200): Promise<{ folder: string; list: ReturnType<typeof sourceOf>[] }> {
  const { root, write } = project()
  const list = await Promise.all(
    Array.from({ length: count }, async (_, seed) => sourceOf(write(`${seed}.jpg`, await jpeg(px, px, seed + 1)))),
  )
  return { folder: join(root, 'cache'), list }
}

async function one(px = 200): Promise<{ folder: string; source: ReturnType<typeof sourceOf> }> {
  const {
    folder,
    list: [source],
  } = await sources(1, px)
  if (!source) throw new Error('no source')
  return { folder, source }
}

test('outputs of one source that are asked for in one turn are made by one process, in one batch', async () => {
  const { folder, source } = await one()
  const queue = pool({ concurrency: 4 })
  const outputs = [20, 40, 60, 80, 100, 120].map((width) => outputOf(source, width))
  const work = Promise.all(outputs.map((output) => queue.encode(source, output, folder)))
  expect(await mostWorkers(work)).toBe(1)
  const stored = await work
  expect(stored.map(({ key }) => key)).toEqual(outputs.map(({ key }) => key))
  for (const [index, { digest }] of stored.entries()) {
    const { width } = await sharp(readFileSync(join(folder, 'v1', 'cas', digest.slice(0, 2), digest))).metadata()
    expect(width).toBe(outputs[index]?.picture.width)
  }
})

test('the same output asked for 20 times is encoded once', async () => {
  const { folder, source } = await one()
  const queue = pool()
  const output = outputOf(source, 50)
  const early = Array.from({ length: 10 }, () => queue.encode(source, output, folder))
  await until('a worker is at it', () => workersOf().length > 0)
  const all = await Promise.all([...early, ...Array.from({ length: 10 }, () => queue.encode(source, output, folder))])
  expect(new Set(all).size).toBe(1)
  expect(putsOf(folder)).toBe(1)
})

test('a rest ends the processes that wait, and each of the others when it is done', async () => {
  const { folder, list } = await sources(2)
  const [first, second] = list
  if (!first || !second) throw new Error('no sources')
  const queue = pool({ concurrency: 2 })
  const slow = queue.encode(first, outputOf(first, 1500, { format: 'avif', effort: 5 }), folder)
  await queue.encode(second, outputOf(second, 20), folder)
  await until('both are there', () => workersOf().length === 2)
  queue.rest()
  const start = performance.now()
  await until('one is left', () => workersOf().length < 2)
  // Not because it had nothing to do for a while.
  expect(performance.now() - start).toBeLessThan(9000)
  await slow
  const end = performance.now()
  await until('none is left', () => workersOf().length === 0)
  expect(performance.now() - end).toBeLessThan(9000)
})

test('there are never more processes than `concurrency`, whatever is asked', async () => {
  const { folder, list } = await sources(6)
  const queue = pool({ concurrency: 2 })
  const encodes = list.map((source) => queue.encode(source, outputOf(source, 150, { format: 'avif' }), folder))
  const trims = list.map((source) =>
    queue.trim(source, { orient: true, box: { left: 0, top: 0, width: 200, height: 200 }, threshold: undefined }),
  )
  const versions = Array.from({ length: 4 }, () => queue.versions())
  expect(await mostWorkers(Promise.all([...encodes, ...trims, ...versions]))).toBe(2)
})

test('large sources are not decoded at once when memory is small, and one beyond the budget is still done', async () => {
  const { folder, list } = await sources(3, 250)
  const bytesOfOne = 250 * 250 * 3 * 2
  const make = (memory: number, width: number): Promise<number> => {
    const queue = pool({ concurrency: 3, memory })
    return mostWorkers(
      Promise.all(list.map((source) => queue.encode(source, outputOf(source, width, { format: 'avif' }), folder))),
    ).finally(() => queue.close())
  }
  expect(await make(bytesOfOne * 1.5, 240)).toBe(1)
  expect(await make(1000, 241)).toBe(1)
  expect(await make(bytesOfOne * 2, 242)).toBe(2)
})

test('questions are answered while all processes are busy, and before what waits', async () => {
  const { folder, source } = await one(300)
  const queue = pool({ concurrency: 1 })
  const done: string[] = []
  const first = queue.encode(source, outputOf(source, 280, { format: 'avif' }), folder).then(() => done.push('first'))
  await until('the first is being made', () => workersOf().length > 0)
  const later = queue.encode(source, outputOf(source, 281), folder).then(() => done.push('later'))
  const question = { orient: true, box: { left: 0, top: 0, width: 300, height: 300 }, threshold: undefined }
  const questions = [queue.trim(source, question), queue.versions(), queue.header(source.file, 'tiff')].map((answer) =>
    answer.then(() => done.push('question')),
  )
  await Promise.all([first, later, ...questions])
  expect(done).toEqual(['first', 'question', 'question', 'question', 'later'])
})

test('closing while busy fails what is under way, waits for the processes to be gone, and leaves a pool that can be used again', async () => {
  const { folder, list } = await sources(3)
  const queue = pool({ concurrency: 2 })
  const slow = list.map((source) => queue.encode(source, outputOf(source, 2000, SLOW), folder).catch((error: unknown) => error))
  await until('both processes are there', () => workersOf().length === 2)
  const question = queue.versions().catch((error: unknown) => error)
  const pids = workersOf()
  await queue.close()
  expect(pids.filter(isRunning)).toEqual([])
  expect(await Promise.all([...slow, question])).toEqual(
    [1, 2, 3, 4].map(() => expect.objectContaining({ code: 'CANCELLED', retryable: true })),
  )
  expect(workersOf()).toEqual([])
  const [source] = list
  if (source) expect(await queue.encode(source, outputOf(source, 30), folder)).toMatchObject({ key: outputOf(source, 30).key })
  expect(entryFiles(folder, 'ac')).toHaveLength(1)
})
