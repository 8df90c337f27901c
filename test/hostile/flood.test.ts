import { readdirSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addresses, newWorkers, startDev, workerProcesses } from '../support/dev.ts'
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

test('whoever asks a dev server for variant after variant fills neither its disk nor its queue', { timeout: 900_000 }, async () => {
  const { root } = project({ 'photo.jpg': await jpeg(110, 70), 'slow.jpg': await jpeg(200, 150) })
  const before = workerProcesses()
  const maxSize = 60_000
  const { get, module, origin } = await startDev(root, { options: { cache: { maxSize }, concurrency: 1 } })
  const { numRuns } = fuzzed(1)
  // Each module names 250 images: 5,000 variants of 20 modules.
  const modules = Math.min(20, numRuns)
  const all: string[] = []
  for (let width = 1; width <= modules; width++) {
    const qualities = Array.from({ length: 50 }, (_, index) => 50 + index).join(';')
    const blurs = [1, 2, 3, 4, 5].map((blur) => blur / 2).join(';')
    all.push(...addresses(await module(`/photo.jpg?import&w=${width + 80}&format=jpeg&quality=${qualities}&blur=${blurs}`)))
  }
  expect(new Set(all).size).toBe(250 * modules)
  // One image keeps the only process busy while each of the others is asked for by several who do not wait for their turn.
  const slow = get(addresses(await module('/slow.jpg?import&w=200&format=avif&lossless&effort=9'))[0] ?? '')
  const held = Array.from({ length: Math.ceil(1400 / all.length) }, () => all).flat()
  const statuses = await Promise.all(held.map(async (address) => (await send(origin, address)).status))
  expect(new Set(statuses)).toEqual(new Set([200, 429]))
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(900)
  expect((await slow).status).toBe(200)
  expect(newWorkers(before).length).toBeLessThanOrEqual(1)
  const store = join(root, 'node_modules/.cache/imagemill')
  for (const address of all) {
    const { status, headers } = await get(address)
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'image/jpeg' })
  }
  // A hundred images at most are added before it is looked at again.
  expect(bytesIn(store)).toBeLessThan(maxSize + 100 * 1800)
  expect((await get(all[0] ?? '')).headers['content-type']).toBe('image/jpeg')
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
