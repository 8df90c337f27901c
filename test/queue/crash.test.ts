import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { entryFiles } from '../support/entries.ts'
import { jpeg } from '../support/images.ts'
import { outputOf, pool, sourceOf } from '../support/jobs.ts'
import { until, workersOf } from '../support/processes.ts'
import { project } from '../support/project.ts'

async function prepare(): Promise<{ folder: string; source: ReturnType<typeof sourceOf> }> {
  const { root, write } = project()
  return { folder: join(root, 'cache'), source: sourceOf(write('a.jpg', await jpeg(300, 300))) }
}

function kill(pids: number[]): void {
  for (const pid of pids) process.kill(pid, 'SIGKILL')
}

test('work of a process that is killed is done by another, wherever it was', async () => {
  const { folder, source } = await prepare()
  const queue = pool({ concurrency: 1 })
  for (const [index, delay] of [0, 50, 150, 300].entries()) {
    const work = Promise.all(
      [1, 2, 3].map((part) => queue.encode(source, outputOf(source, 200 + 10 * index + part, { format: 'avif' }), folder)),
    )
    await until('a process is there', () => workersOf().length > 0)
    await sleep(delay)
    kill(workersOf())
    expect(await work).toHaveLength(3)
  }
  expect(entryFiles(folder, 'ac')).toHaveLength(12)
})

test('a question is asked again when its process is killed', async () => {
  const { source } = await prepare()
  const queue = pool()
  const answer = queue.versions()
  await until('a process is there', () => workersOf().length > 0)
  kill(workersOf())
  expect(await answer).toHaveProperty('vips')
  kill(workersOf())
  expect(await queue.trim(source, { orient: true, box: { left: 0, top: 0, width: 300, height: 300 }, threshold: 10 })).toHaveProperty(
    'width',
  )
})

test('an idle process that is killed is missed by nobody', async () => {
  const { folder, source } = await prepare()
  const queue = pool()
  await queue.encode(source, outputOf(source, 30), folder)
  kill(workersOf())
  await queue.encode(source, outputOf(source, 31), folder)
  kill(workersOf())
  await until('it is gone', () => workersOf().length === 0)
  expect(await queue.encode(source, outputOf(source, 32), folder)).toHaveProperty('digest')
})

test('an output whose process dies every time fails, and its neighbours do not', async () => {
  const { folder, source } = await prepare()
  const queue = pool({ concurrency: 1 })
  let settled = false
  const doomed = queue
    .encode(source, outputOf(source, 1500, { format: 'avif', effort: 9, lossless: true }), folder)
    .catch((error: unknown) => error)
    .finally(() => (settled = true))
  const others = [40, 41].map((width) => queue.encode(source, outputOf(source, width), folder))
  while (!settled) {
    kill(workersOf())
    await sleep(150)
  }
  expect(await doomed).toMatchObject({ code: 'WORKER_CRASHED', retryable: true, message: expect.stringContaining('SIGKILL') })
  expect(await Promise.all(others)).toHaveLength(2)
})
