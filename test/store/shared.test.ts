import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/hash.ts'
import { diskStore } from '../../src/store/disk.ts'
import { openShared } from '../../src/store/shared.ts'
import type { Store } from '../../src/store/store.ts'
import { project } from '../support/project.ts'
import { remote, startServer, startStore } from '../support/store-server.ts'

const [a, b] = [sha256('a'), sha256('b')]
const anything = (): boolean => true
const cache = (): Store => diskStore(join(project().root, 'cache'))
const silent = (): void => undefined

test('what is asked of one source in one turn is answered at the same time, so that it is made from one decode', async () => {
  let isLate = false
  const { url } = await startServer(({ url: path }, response) => {
    if (path?.includes(a)) return response.writeHead(404).end()
    setTimeout(() => {
      isLate = true
      response.writeHead(404).end()
    }, 100)
  })
  const shared = openShared(remote(url), silent)
  const store = cache()
  const [first, , other] = [
    shared.find('source', a, store, anything),
    shared.find('source', b, store, anything),
    shared.find('other', a, store, anything),
  ]
  await other
  expect(isLate).toBe(false)
  await first
  expect(isLate).toBe(true)
})

test('what was found is kept here with its bytes; what is not wanted is not', async () => {
  const server = await startStore()
  await remote(server.url).put(a, { of: 'a' }, Buffer.from('bytes'))
  const shared = openShared(remote(server.url), silent)
  const store = cache()
  expect(await shared.find('source', a, store, () => false)).toBeUndefined()
  expect(store.get(a)).toBeUndefined()
  const entry = await shared.find('source', a, store, anything)
  expect(entry).toEqual(store.get(a))
  expect(entry?.blob && (await store.read(a, entry.blob))?.toString()).toBe('bytes')
})

test('what is sent is there when it is settled; what cannot be sent in time is left', async () => {
  const server = await startStore()
  const store = cache()
  for (const key of [a, b]) await store.put(key, { key }, Buffer.from(key))
  const shared = openShared(remote(server.url), silent)
  for (const key of [a, b]) shared.send(key, store)
  await shared.settle()
  expect((await remote(server.url).get(b))?.value).toEqual({ key: b })
  const stuck = await startServer(() => undefined)
  const warnings: string[] = []
  const slow = openShared(remote(stuck.url), ({ message }) => warnings.push(message))
  slow.send(a, store)
  await slow.settle()
  expect(warnings).toEqual([expect.stringContaining('one image was not sent')])
  await slow.settle()
  expect(warnings).toHaveLength(1)
})

test('readers send nothing', async () => {
  const server = await startServer((_, response) => response.writeHead(500).end())
  const store = cache()
  await store.put(a, 1)
  const shared = openShared(remote(server.url, { write: false }), silent)
  shared.send(a, store)
  await shared.settle()
  expect(server.requests).toBe(0)
})
