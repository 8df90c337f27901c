import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { resultsDocumentSchema } from '../../src/contract/blitline.ts'
import { isRunning, until, workersOf } from '../support/processes.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { webServer } from '../support/server.ts'
import { startService } from '../support/service.ts'

/** Takes minutes. */
const SLOW = { input: 'tree.jpg', scale_percent: 800, format: 'avif', effort: 9, lossless: true }

test('a job that is cancelled stops: its worker is killed, and the next one gets its place', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(500, 300), 'photos/bush.jpg': await jpeg(80, 60, 2) })
  const service = await startService(root, ['--dir', 'photos', '--concurrency', '1'])
  const slow = await service.submit('resize', SLOW)
  const twin = await service.submit('resize', SLOW)
  const next = await service.submit('convert', { input: 'bush.jpg', format: 'png' })
  await until('work has begun', () => workersOf(service.child.pid).length > 0)
  const workers = workersOf(service.child.pid)

  const first = await service.request(`/v1/resize/status/${slow}`, { method: 'DELETE' })
  expect([first.status, await first.json()]).toEqual([200, { job_id: slow, status: 'cancelled', failure_reason_code: 'CANCELLED' }])
  // Someone else wants the same: it goes on.
  expect(workers.some(isRunning)).toBe(true)
  expect((await service.request(`/v1/jobs/${twin}`, { method: 'DELETE' })).status).toBe(200)
  await until('the worker is gone', () => !workers.some(isRunning))
  await service.completed(next)
  for (const id of [slow, twin])
    expect(await service.end(id)).toEqual({ job_id: id, status: 'cancelled', failure_reason_code: 'CANCELLED' })
  expect((await service.request(`/v1/jobs/${slow}`, { method: 'DELETE' })).status).toBe(200)
  expect((await service.request(`/v1/jobs/${next}`, { method: 'DELETE' })).status).toBe(409)
  expect((await service.request('/v1/jobs/job_000000000000000000000000', { method: 'DELETE' })).status).toBe(404)
})

test('a job that waits is cancelled before it begins, and its upload goes', async () => {
  const image = await jpeg(500, 300)
  const { root } = project({ 'photos/tree.jpg': image })
  const service = await startService(root, ['--dir', 'photos', '--concurrency', '1'])
  const running = await Promise.all(Array.from({ length: 4 }, () => service.submit('resize', SLOW)))
  const answer = await service.request('/v1/convert?job=%7B%22format%22:%22png%22%7D', {
    method: 'POST',
    body: new Uint8Array(image),
    headers: { 'Content-Type': 'image/jpeg' },
  })
  const { job_id: id } = (await answer.json()) as { job_id: string }
  const uploads = join(root, '.imagemill-service/uploads')
  expect(readdirSync(uploads)).toEqual([id])
  expect(await (await service.request(`/v1/jobs/${id}`)).json()).toMatchObject({ status: 'queued', progress: 0 })
  expect((await service.request(`/v1/jobs/${id}`, { method: 'DELETE' })).status).toBe(200)
  expect(existsSync(join(uploads, id))).toBe(false)
  await Promise.all(running.map((job) => service.request(`/v1/jobs/${job}`, { method: 'DELETE' })))
  expect(await (await service.request('/v1/jobs')).json()).toEqual({ jobs: [] })
})

test('whoever is told of a job that was cancelled is told so', async () => {
  const received: unknown[] = []
  const { origin } = await webServer(async (request, response) => {
    received.push(JSON.parse(await text(request)))
    response.end()
  })
  const { root } = project({ 'photos/tree.jpg': await jpeg(500, 300) })
  const service = await startService(root, ['--dir', 'photos', '--concurrency', '1', '--allow-private-webhooks'])
  const ids = [
    await service.submit('resize', { ...SLOW, postback_url: origin }),
    await service.submit('resize', { ...SLOW, postback_url: origin }),
  ]
  await until('work has begun', () => workersOf(service.child.pid).length > 0)
  for (const id of ids) await service.request(`/v1/jobs/${id}`, { method: 'DELETE' })
  await until('both are told', () => received.length === 2)
  const errors = received.map((body) => resultsDocumentSchema.parse(body).results.errors)
  expect(errors).toEqual([['The job was cancelled'], ['The job was cancelled']])
})
