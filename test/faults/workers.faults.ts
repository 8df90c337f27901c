import { readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { buildVite, digestsOf, filesOf } from '../support/build.ts'
import { entryFiles, putsOf } from '../support/entries.ts'
import { seeded } from '../support/faults.ts'
import { gallery } from '../support/gallery.ts'
import { withProgram } from '../support/installed.ts'
import { startBuild, until } from '../support/processes.ts'
import { project } from '../support/project.ts'
import { startRedis, startWorker } from '../support/redis.ts'
import { startStore } from '../support/store-server.ts'

/** Photographs, which are jobs of the workers, and how often a worker and Redis are killed meanwhile. */
const [PHOTOS, WORKERS, REDIS] = [200, 20, 5]
const QUERY = { photos: PHOTOS, query: 'w=40&format=avif&effort=5', px: 160 }

const manifestOf = (files: Map<string, Buffer>): Record<string, unknown> =>
  JSON.parse(String(files.get('.vite/imagemill.json'))) as Record<string, unknown>

withProgram('redis-server', 'redis-server', (program) => {
  test(`${WORKERS} of the workers are killed while they make ${PHOTOS} images: all are made, once, with the bytes of a build on one machine`, async () => {
    const [redis, store] = await Promise.all([startRedis(program), startStore()])
    const { root } = await gallery(QUERY)
    const clean = await buildVite(root, { options: { cache: { dir: 'other' } } })
    const random = seeded(6)
    const workers = await Promise.all([1, 2, 3].map(() => startWorker(redis.url, store.url)))
    const options = { store: { remote: store.url, write: true }, queue: { redis: redis.url }, logLevel: 'warn' as const }
    const { ended } = startBuild(root, { options })
    let over = false
    void ended.then(() => (over = true))
    let kills = 0
    for (; kills < WORKERS && !over; kills++) {
      await sleep(200 + random() * 600)
      const index = Math.floor(random() * workers.length)
      workers[index]?.child.kill('SIGKILL')
      workers[index] = await startWorker(redis.url, store.url)
    }
    const { code, output } = await ended
    expect({ code, output }).toEqual({ code: 0, output: expect.not.stringMatching(/^imagemill: /m) })
    const built = filesOf(join(root, 'dist'))
    expect(Object.keys(manifestOf(built))).toEqual(Object.keys(manifestOf(clean)))
    for (const files of [built, clean]) files.delete('.vite/imagemill.json')
    expect(digestsOf(built)).toEqual(digestsOf(clean))
    // The build itself made none of them.
    expect(entryFiles(join(root, 'node_modules/.cache/imagemill'), 'claims')).toEqual([])
    expect(kills).toBeGreaterThan(WORKERS / 2)
  })

  test(`Redis is killed ${REDIS} times and started anew: nothing is lost`, async () => {
    const [redis, store] = await Promise.all([startRedis(program), startStore()])
    const { root } = await gallery({ ...QUERY, photos: 60 })
    const clean = await buildVite(root, { options: { cache: { dir: 'other' }, manifest: false } })
    const random = seeded(7)
    await Promise.all([1, 2].map(() => startWorker(redis.url, store.url)))
    const options = {
      store: { remote: store.url, write: true },
      queue: { redis: redis.url },
      logLevel: 'warn' as const,
      manifest: false as const,
    }
    const { ended } = startBuild(root, { options })
    let over = false
    void ended.then(() => (over = true))
    for (let kills = 0; kills < REDIS && !over; kills++) {
      await sleep(500 + random() * 1000)
      await redis.kill()
      await redis.restart()
    }
    const { code, output } = await ended
    expect(code, output).toBe(0)
    expect((output.match(/^imagemill: /gm) ?? []).length, output).toBeLessThanOrEqual(1)
    expect(digestsOf(filesOf(join(root, 'dist')))).toEqual(digestsOf(clean))
  })

  test('a build that is killed while workers work for it: the next one has what they made, and nothing is made twice', async () => {
    const [redis, store] = await Promise.all([startRedis(program), startStore()])
    const { root } = await gallery({ ...QUERY, photos: 12 })
    const clean = await buildVite(root, { options: { cache: { dir: 'other' }, manifest: false } })
    const worker = await startWorker(redis.url, store.url)
    let done = ''
    worker.child.stdout?.on('data', (text: Buffer | string) => (done += text.toString()))
    const count = (): number => done.split('"type":"encode"').length - 1
    const options = {
      store: { remote: store.url, write: true },
      queue: { redis: redis.url },
      logLevel: 'warn' as const,
      manifest: false as const,
    }
    const first = startBuild(root, { options })
    await until('some are made', () => count() > 2)
    first.child.kill('SIGKILL')
    await first.ended
    const { code, output } = await startBuild(project(Object.fromEntries(await copyOf(root))).root, { options }).ended
    expect({ code, output }).toEqual({ code: 0, output: expect.not.stringMatching(/^imagemill: /m) })
    await until('the worker is done', () => count() >= 12)
    // What was asked for again while it came to its end is answered again, but not made again: a source and an image each.
    expect(putsOf(join(readlinkSync(`/proc/${worker.child.pid}/cwd`), 'node_modules/.cache/imagemill'))).toBe(2 * 12)
    expect(Object.keys(digestsOf(clean)).length).toBeGreaterThan(12)
  })
})

/** The project's own files, so that the cache of its first build is not the second one's. */
async function copyOf(root: string): Promise<[string, Buffer][]> {
  return [...filesOf(root)].filter(([name]) => !name.includes('/'))
}
