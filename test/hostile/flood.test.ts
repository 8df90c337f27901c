import { readdirSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { addresses, newWorkers, startDev, until, workerProcesses } from '../support/dev.ts'
import { fuzzed } from '../support/fuzz.ts'
import { send } from '../support/http.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'

function bytesIn(folder: string): number {
  const items = readdirSync(folder, { recursive: true, withFileTypes: true })
  return items.reduce(
    (sum, item) => sum + (item.isFile() ? (statSync(join(item.parentPath, item.name), { throwIfNoEntry: false })?.size ?? 0) : 0),
    0,
  )
}

test('whoever asks a dev server for variant after variant does not fill its disk', { timeout: 900_000 }, async () => {
  const { root } = project({ 'photo.jpg': await jpeg(110, 70) })
  const maxSize = 500_000
  const { get, module } = await startDev(root, { options: { cache: { maxSize } } })
  // Each module names 250 images of some 20 kB: 5,000 variants of 20 modules.
  const modules = Math.min(20, fuzzed(1).numRuns)
  for (let count = 0; count < modules; count++) {
    const sizes = Array.from({ length: 25 }, (_, index) => 86 + index).join(';')
    const hues = Array.from({ length: 10 }, (_, index) => count * 10 + index + 1).join(';')
    const all = addresses(await module(`/photo.jpg?import&format=png&w=${sizes}&hue=${hues}`))
    expect(new Set(all).size).toBe(250)
    await Promise.all(
      [0, 1, 2, 3].map(async (lane) => {
        for (let index = lane; index < all.length; index += 4)
          expect((await get(all[index] ?? '')).headers['content-type']).toBe('image/png')
      }),
    )
    // What was removed is made again.
    expect((await get(all[0] ?? '')).status).toBe(200)
  }
  // It is looked at after a hundred images, and some more are made meanwhile: of 100 MB that were asked for.
  expect(bytesIn(join(root, 'node_modules/.cache/imagemill'))).toBeLessThan(maxSize + 250 * 25_000)
})

test('more requests than can wait for an image are told to come again', { timeout: 200_000 }, async () => {
  const { root } = project({ 'photo.jpg': await jpeg(110, 70), 'slow.jpg': await jpeg(220, 160) })
  const before = workerProcesses()
  const { module, origin, get } = await startDev(root, { options: { concurrency: 1 } })
  const [quick = ''] = addresses(await module('/photo.jpg?import&w=90&format=jpeg'))
  // One image keeps the only process busy.
  const slow = get(addresses(await module('/slow.jpg?import&format=avif&lossless&effort=9'))[0] ?? '')
  await until('the process works', () => newWorkers(before).length === 1)
  const asked: Promise<number>[] = []
  for (let index = 0; index < 1300; index++) {
    // A connection that the system itself refuses says nothing.
    asked.push(
      send(origin, quick).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    if (index % 50 === 49) await sleep(20)
  }
  const statuses = await Promise.all(asked)
  expect(statuses).toContain(429)
  expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(1000)
  expect(new Set([0, 200, 429, ...statuses]).size).toBe(3)
  expect((await slow).status).toBe(200)
  expect((await get(quick)).status).toBe(200)
})

test('one that goes away in the middle leaves nothing behind that waits for it', async () => {
  const { root } = project({ 'photo.jpg': await jpeg(110, 70) })
  const { module, origin, get } = await startDev(root, { options: { concurrency: 1 } })
  const qualities = Array.from({ length: 100 }, (_, index) => 1 + index).join(';')
  const all = addresses(await module(`/photo.jpg?import&w=90&format=jpeg&quality=${qualities}`))
  for (const address of Array.from({ length: 12 }, () => all).flat())
    request(origin + address)
      .on('error', () => undefined)
      .end()
      .destroy()
  expect((await get(all[99] ?? '')).status).toBe(200)
})
