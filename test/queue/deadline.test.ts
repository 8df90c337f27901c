import { join } from 'node:path'
import { expect, test } from 'vitest'
import { entryFiles } from '../support/entries.ts'
import { jpeg } from '../support/images.ts'
import { SLOW, outputOf, pool, sourceOf } from '../support/jobs.ts'
import { isRunning, until, workersOf } from '../support/processes.ts'
import { project } from '../support/project.ts'

test('an encode beyond its deadline is stopped for good, and nothing else suffers', async () => {
  const { root, write } = project()
  const folder = join(root, 'cache')
  const [source, other] = [sourceOf(write('a.jpg', await jpeg(200, 200, 1))), sourceOf(write('b.jpg', await jpeg(200, 200, 2)))]
  const queue = pool({ timeout: 3000 })
  const start = performance.now()
  const slow = queue.encode(source, outputOf(source, 3000, SLOW), folder).catch((error: unknown) => error)
  const quick = [50, 60, 61].map((width) => queue.encode(source, outputOf(source, width), folder))
  const others = [50, 60].map((width) => queue.encode(other, outputOf(other, width), folder))
  await until('processes are there', () => workersOf().length === 2)
  const pids = workersOf()
  expect(await slow).toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringContaining('3 s'),
    hint: expect.stringContaining('limits.timeout'),
  })
  // Generous: only that it does not wait for the encoder, which takes minutes, is at stake.
  expect(performance.now() - start).toBeLessThan(20_000)
  expect(pids.filter(isRunning)).toHaveLength(1)
  await Promise.all([...quick, ...others])
  expect(entryFiles(folder, 'ac')).toHaveLength(5)
  expect(entryFiles(folder, 'tmp')).toEqual([])
})

test('the deadline is that of each output, not of a batch', async () => {
  const { root, write } = project()
  const source = sourceOf(write('a.jpg', await jpeg(300, 300)))
  const make = (timeout: number, widths: number[]): Promise<{ elapsed_ms: number }[]> => {
    const queue = pool({ timeout, concurrency: 1 })
    return Promise.all(widths.map((width) => queue.encode(source, outputOf(source, width, { format: 'avif' }), join(root, 'cache'))))
  }
  const [{ elapsed_ms: usual } = { elapsed_ms: 0 }] = await make(60_000, [199])
  // Measured, so that it is generous for one output and too short for all of them on every machine.
  const timeout = Math.round(Math.max(1000, 15 * usual))
  const all = await make(
    timeout,
    Array.from({ length: Math.ceil((2 * timeout) / usual) }, (_, index) => 200 + index),
  )
  expect(all.reduce((total, { elapsed_ms }) => total + elapsed_ms, 0)).toBeGreaterThan(timeout)
})
