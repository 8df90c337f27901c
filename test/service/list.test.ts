import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { resultsDocumentSchema } from '../../src/contract/blitline.ts'
import { jpeg } from '../support/images.ts'
import { until, workersOf } from '../support/processes.ts'
import { project } from '../support/project.ts'
import { startService } from '../support/service.ts'

const JOBS = '.imagemill-service/jobs'

const job = (src: string, more: object = {}): object => ({ src, functions: [{ name: 'no_op', save: { image_identifier: 'x' } }], ...more })

test('a list with one job that is wrong is refused as a whole, by the place of the job', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(40, 30) })
  const service = await startService(root, ['--dir', 'photos'])
  const away = { postback_url: 'http://127.0.0.1:1/x' }
  for (const [wrong, loc] of [
    [job('https://a.example/b.jpg'), ['body', 1, 'src']],
    [job('../b.jpg'), ['body', 1, 'src']],
    [job('tree.jpg', away), ['body', 1, 'postback_url']],
    [{ src: 'tree.jpg' }, ['body', 1, 'functions']],
  ] as const) {
    const answer = await service.post('/job', [job('tree.jpg'), wrong, job('tree.jpg')])
    expect([answer.status, await answer.json()]).toMatchObject([422, { detail: [{ loc }] }])
  }
  const two = await service.post('/job', [job('tree.jpg'), job('../b.jpg'), {}])
  expect(((await two.json()) as { detail: { loc: unknown[] }[] }).detail.map(({ loc }) => loc[1])).toEqual([1, 2, 2])
  expect([...readdirSync(join(root, JOBS, 'open')), ...readdirSync(join(root, JOBS, 'ended'))]).toEqual([])
})

test('a list that does not find room is not taken in part, and one that never could is refused', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(500, 300) })
  const service = await startService(root, ['--dir', 'photos', '--queue-limit', '3', '--concurrency', '1'])
  const slow = { input: 'tree.jpg', scale_percent: 800, format: 'avif', effort: 9, lossless: true }
  const first = await service.submit('resize', slow)
  await until('work has begun', () => workersOf(service.child.pid).length > 0)
  for (let full = false; !full;) full = (await service.post('/v1/resize', slow)).status === 503
  const { jobs } = (await (await service.request('/v1/jobs')).json()) as { jobs: { job_id: string; status: string }[] }
  const waiting = jobs.filter(({ status }) => status !== 'processing').map(({ job_id }) => job_id)
  for (const id of waiting.slice(-2)) await service.request(`/v1/jobs/${id}`, { method: 'DELETE' })
  const before = readdirSync(join(root, JOBS, 'open')).sort()
  const list = (count: number): object[] => Array.from({ length: count }, () => job('tree.jpg', { callback_url: 'https://a.example/' }))
  expect((await service.post('/job', list(3))).status).toBe(503)
  expect(readdirSync(join(root, JOBS, 'open')).sort()).toEqual(before)
  expect(before).toContain(`${first}.json`)
  expect((await service.post('/job', list(4))).status).toBe(422)
  expect((await service.post('/job', list(2))).status).toBe(202)
})

test('a list has one Idempotency-Key for all of its jobs, and says when it is answered again', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(40, 30) })
  const service = await startService(root, ['--dir', 'photos'])
  const post = async (body: object): Promise<{ status: number; replayed: string | null; ids: string[] }> => {
    const answer = await service.post('/job', body, { 'Idempotency-Key': 'a' })
    const documents: unknown = await answer.json()
    const ids = Array.isArray(documents) ? documents.map((item) => resultsDocumentSchema.parse(item).results.job_id) : []
    return { status: answer.status, replayed: answer.headers.get('idempotency-replayed'), ids }
  }
  const first = await post([job('tree.jpg'), job('tree.jpg')])
  expect(first).toEqual({ status: 200, replayed: null, ids: [expect.any(String), expect.any(String)] })
  expect(await post([job('tree.jpg'), job('tree.jpg')])).toEqual({ ...first, replayed: 'true' })
  expect(await post([job('tree.jpg')])).toMatchObject({ status: 422 })
})
