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
  const queue = pool({ timeout: 1500 })
  const start = performance.now()
  const slow = queue.encode(source, outputOf(source, 3000, SLOW), folder).catch((error: unknown) => error)
  const quick = [50, 60, 61].map((width) => queue.encode(source, outputOf(source, width), folder))
  const others = [50, 60].map((width) => queue.encode(other, outputOf(other, width), folder))
  await until('processes are there', () => workersOf().length === 2)
  const pids = workersOf()
  expect(await slow).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('1.5 s'), hint: expect.stringContaining('limits.timeout') })
  // Generous: only that it does not wait for the encoder, which takes minutes, is at stake.
  expect(performance.now() - start).toBeLessThan(8000)
  expect(pids.filter(isRunning)).toHaveLength(1)
  await Promise.all([...quick, ...others])
  expect(entryFiles(folder, 'ac')).toHaveLength(5)
  expect(entryFiles(folder, 'tmp')).toEqual([])
})

test('the deadline is that of each output, not of a batch', async () => {
  const { root, write } = project()
  const source = sourceOf(write('a.jpg', await jpeg(400, 400)))
  const queue = pool({ timeout: 1500, concurrency: 1 })
  const widths = Array.from({ length: 40 }, (_, index) => 400 + index)
  const start = performance.now()
  const stored = await Promise.all(widths.map((width) => queue.encode(source, outputOf(source, width, { format: 'avif' }), join(root, 'cache'))))
  expect(stored).toHaveLength(40)
  expect(performance.now() - start).toBeGreaterThan(1500)
})
