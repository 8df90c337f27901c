import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/hash.ts'
import { damagedFiles, entryFiles } from '../support/entries.ts'
import { seeded } from '../support/faults.ts'
import { CACHE } from '../support/gallery.ts'
import { jpeg } from '../support/images.ts'
import { isRunning, until, workersOf } from '../support/processes.ts'
import { project } from '../support/project.ts'
import { bytesAt, startService, type ServiceProcess } from '../support/service.ts'

const KILLS = 20
const JOBS = 60
const HOME = '.imagemill-service'

test(`a service that is killed ${KILLS} times, as often while it takes jobs as while it does them: each job is done once, byte for byte`, async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(300, 200) })
  const image = new Uint8Array(await jpeg(200, 150, 2))
  const args = ['--dir', 'photos', '--concurrency', '2']
  const random = seeded(8)
  const jobs = Array.from({ length: JOBS }, (_, index) => ({ width: 60 + index, key: `key-${index}`, isUpload: index % 3 === 0 }))
  const ids = new Map<string, string>()
  let service: ServiceProcess = await startService(root, args)

  /** Sends a job, and again with the same key until someone has answered. */
  const submit = async ({ width, key, isUpload }: (typeof jobs)[number]): Promise<void> => {
    const job = { input: 'tree.jpg', widths: [width], format: 'avif' }
    while (!ids.has(key)) {
      const path = isUpload ? `/v1/resize?job=${encodeURIComponent(JSON.stringify({ widths: [width], format: 'avif' }))}` : '/v1/resize'
      const body = isUpload ? image : JSON.stringify(job)
      const headers = { 'Content-Type': isUpload ? 'image/jpeg' : 'application/json', 'Idempotency-Key': key }
      const answer = await service.request(path, { method: 'POST', body, headers }).catch(() => undefined)
      const text = await answer?.text().catch(() => undefined)
      if (answer?.status === 202 && text !== undefined) ids.set(key, String((JSON.parse(text) as { job_id: unknown }).job_id))
      else await sleep(50)
    }
  }

  const sending = (async () => {
    for (const job of jobs) {
      await submit(job)
      await sleep(100)
    }
  })()
  for (let kills = 0; kills < KILLS; kills++) {
    await sleep(random() * 500)
    const workers = workersOf(service.child.pid)
    await service.stop('SIGKILL')
    await until('its workers are gone', () => !workers.some(isRunning))
    expect(damagedFiles(join(root, CACHE))).toEqual([])
    service = await startService(root, args)
  }
  await sending
  const own = service
  const digests: string[] = []
  for (const { key } of jobs) {
    const { result_url } = await own.completed(ids.get(key) ?? '')
    digests.push(sha256(await bytesAt(result_url.replace(/^http:\/\/[^/]+/, own.url))))
  }
  expect(new Set(ids.values()).size).toBe(JOBS)
  expect(readdirSync(join(root, HOME, 'jobs/ended')).sort()).toEqual([...ids.values()].map((id) => `${id}.json`).sort())
  await own.stop()
  // One more start has nothing to do, and leaves nothing that is half there.
  const next = await startService(root, args)
  await next.request('/readyz')
  await next.stop()
  expect(readdirSync(join(root, HOME, 'jobs/open'))).toEqual([])
  expect(readdirSync(join(root, HOME, 'uploads'))).toEqual([])
  const files = readdirSync(join(root, HOME), { recursive: true, encoding: 'utf8' })
  expect(files.filter((name) => /\.part$|\.imagemill-/.test(name))).toEqual([])
  expect([...entryFiles(join(root, CACHE), 'tmp'), ...entryFiles(join(root, CACHE), 'claims')]).toEqual([])

  const { root: other } = project({ 'photos/tree.jpg': await jpeg(300, 200), 'photos/upload.jpg': image })
  const undisturbed = await startService(other, args)
  const fresh = await Promise.all(
    jobs.map(async ({ width, isUpload }) => {
      const id = await undisturbed.submit('resize', { input: isUpload ? 'upload.jpg' : 'tree.jpg', widths: [width], format: 'avif' })
      return sha256(await bytesAt((await undisturbed.completed(id)).result_url))
    }),
  )
  expect(digests).toEqual(fresh)
})
