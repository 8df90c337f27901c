import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { until, workersOf, isRunning } from '../support/processes.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { bytesAt, startService } from '../support/service.ts'

const ENDED = '.imagemill-service/jobs/ended'
const OPEN = '.imagemill-service/jobs/open'

test('a job that was taken is done once, however often the process is killed; addresses stay good', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(600, 400) })
  const args = ['--dir', 'photos', '--concurrency', '1']
  const widths = Array.from({ length: 14 }, (_, index) => 100 + 20 * index)
  let service = await startService(root, args)
  const jobs = widths.map((width) => ({ input: 'tree.jpg', widths: [width], format: 'avif' }))
  const ids = await Promise.all(
    jobs.map((job, index) => service.submit('resize', job, { 'Idempotency-Key': `key ${index}`.replace(' ', '-') })),
  )
  const earlier: string[] = []
  for (let kills = 0; kills < 4; kills++) {
    await until('some more are done', () => readdirSync(join(root, ENDED)).length > 2 * kills)
    await service.stop('SIGKILL')
    earlier.push(...readdirSync(join(root, ENDED)))
    service = await startService(root, args)
  }
  // The same requests once more: the callers of then had no answer.
  const again = await Promise.all(jobs.map((job, index) => service.submit('resize', job, { 'Idempotency-Key': `key-${index}` })))
  expect(again).toEqual(ids)
  const ended = await Promise.all(ids.map((id) => service.completed(id)))
  expect(readdirSync(join(root, ENDED)).sort()).toEqual(ids.map((id) => `${id}.json`).sort())
  expect(readdirSync(join(root, OPEN))).toEqual([])
  expect(new Set(earlier).size).toBeGreaterThan(2)
  const files = await Promise.all(ended.map(({ result_url }) => bytesAt(result_url.replace(/^http:\/\/[^/]+/, service.url))))

  rmSync(join(root, 'node_modules'), { recursive: true })
  const other = await startService(root, [...args, '--out', 'other'])
  const fresh = await Promise.all(jobs.map(async (job) => other.completed(await other.submit('resize', job))))
  expect(await Promise.all(fresh.map(({ result_url }) => bytesAt(result_url)))).toEqual(files)
})

test('on SIGTERM what is under way ends, what waits is kept, and what takes too long is stopped and done later', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(500, 300) })
  const args = ['--dir', 'photos', '--concurrency', '1', '--shutdown-grace', '1s']
  let service = await startService(root, args)
  const slow = { input: 'tree.jpg', scale_percent: 800, format: 'avif', effort: 9, lossless: true }
  const ids = [await service.submit('resize', slow)]
  for (let width = 10; width < 30; width++) ids.push(await service.submit('resize', { input: 'tree.jpg', widths: [width], format: 'png' }))
  await until('work has begun', () => workersOf(service.child.pid).length > 0)
  const workers = workersOf(service.child.pid)
  expect(await service.stop()).toEqual({ code: 0 })
  await until('its workers are gone', () => !workers.some(isRunning))
  const left = readdirSync(join(root, OPEN)).length
  expect(left).toBeGreaterThan(0)
  expect(left + readdirSync(join(root, ENDED)).length).toBe(ids.length)
  expect(readdirSync(join(root, OPEN))).toContain(`${ids[0]}.json`)

  service = await startService(root, args)
  await service.request(`/v1/jobs/${ids[0]}`, { method: 'DELETE' })
  for (const id of ids.slice(1)) await service.completed(id)
  expect(await service.end(ids[0] ?? '')).toMatchObject({ status: 'cancelled' })
})

test('one key is one job; with another body it is refused, and another client may use it, too', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(60, 40) })
  const service = await startService(root, ['--dir', 'photos', '--api-key', 'one', '--api-key', 'two'])
  const ask = (job: object, key: string, client = 'one'): Promise<Response> =>
    service.post('/v1/convert', { input: 'tree.jpg', ...job }, { 'Idempotency-Key': key, 'X-API-Key': client })
  const idOf = async (response: Response): Promise<unknown> => ((await response.json()) as { job_id: unknown }).job_id
  const answers = await Promise.all([ask({ format: 'png' }, 'a'), ask({ format: 'png' }, 'a'), ask({ format: 'png' }, 'a')])
  expect(answers.map(({ headers }) => headers.get('idempotency-replayed')).filter((text) => text === 'true')).toHaveLength(2)
  const ids = await Promise.all(answers.map(idOf))
  expect(new Set(ids).size).toBe(1)
  const other = await ask({ format: 'webp' }, 'a')
  expect([other.status, await other.json()]).toMatchObject([422, { detail: [{ loc: ['header', 'Idempotency-Key'] }] }])
  const mine = await Promise.all(
    [ask({ format: 'png' }, 'b'), ask({ format: 'png' }, 'a', 'two')].map(async (answer) => idOf(await answer)),
  )
  expect(new Set([...ids, ...mine]).size).toBe(3)
})

test('results and what is known of their jobs go when their time is over', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(60, 40) })
  const service = await startService(root, ['--dir', 'photos', '--result-ttl', '2s'])
  const id = await service.submit('convert', { input: 'tree.jpg', format: 'png' })
  const { result_url } = await service.completed(id)
  expect((await fetch(result_url)).status).toBe(200)
  await until('its record is gone', () => readdirSync(join(root, ENDED)).length === 0)
  await sleep(1000)
  const late = await fetch(result_url)
  expect([late.status, await late.json()]).toMatchObject([410, { code: 'RESULT_EXPIRED' }])
  expect(readdirSync(join(root, '.imagemill-service/results'))).toEqual([])
  expect((await service.request(`/v1/jobs/${id}`)).status).toBe(404)
})
