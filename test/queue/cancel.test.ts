import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { jpeg } from '../support/images.ts'
import { SLOW, outputOf, pool, sourceOf } from '../support/jobs.ts'
import { until, workersOf } from '../support/processes.ts'
import { project } from '../support/project.ts'

test('work that nobody wants any longer is stopped; what shared its process is made in another one', async () => {
  const { root, write } = project()
  const source = sourceOf(write('tree.jpg', await jpeg(500, 300)))
  const queue = pool({ concurrency: 1 })
  const before = new Set(workersOf())
  const [first, second] = [new AbortController(), new AbortController()]
  const slow = outputOf(source, 4000, SLOW)
  const quick = outputOf(source, 50)
  const asked = [queue.encode(source, slow, root, first.signal), queue.encode(source, slow, root, second.signal)]
  const failures = Promise.allSettled(asked)
  const beside = queue.encode(source, quick, root)
  await until('work has begun', () => workersOf().some((pid) => !before.has(pid)))
  await sleep(300)
  const workers = workersOf().filter((pid) => !before.has(pid))
  first.abort()
  await sleep(300)
  expect(workersOf().filter((pid) => workers.includes(pid))).toEqual(workers)
  second.abort()
  expect(await failures).toMatchObject([{ reason: { code: 'CANCELLED' } }, { reason: { code: 'CANCELLED' } }])
  await until('its process is gone', () => !workersOf().some((pid) => workers.includes(pid)))
  expect((await beside).key).toBe(quick.key)
  // Whoever asks anew is answered anew.
  const again = new AbortController()
  const asking = queue.encode(source, slow, root, again.signal)
  again.abort()
  await expect(asking).rejects.toMatchObject({ code: 'CANCELLED' })
})
