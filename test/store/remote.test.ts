import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { ImagemillError } from '../../src/errors.ts'
import { sha256 } from '../../src/hash.ts'
import { formatRecord } from '../../src/store/record.ts'
import type { RemoteOptions } from '../../src/store/remote.ts'
import { withProgram } from '../support/installed.ts'
import { freePort, remote, startNginx, startServer, startStore, type StoreServer } from '../support/store-server.ts'
import { until } from '../support/processes.ts'
import { DAMAGES, testStore, type Subject } from './contract.ts'

/** A folder in the place of a file is for those who have a folder. */
const damages = Object.keys(DAMAGES).filter((name) => name !== 'a folder in its place')
const key = sha256('key')
const bytes = Buffer.from('bytes')

function client(server: StoreServer, options: Partial<RemoteOptions> = {}): Subject {
  const opened = remote(server.url, { warn: () => undefined, ...options })
  return Object.assign(Object.create(opened) as typeof opened, server)
}

testStore('our server', async () => client(await startStore()), damages)
testStore('our server, signed', async () => client(await startStore({ token: 'a', write: 'b' }), { token: 'b', secret: 's' }), damages)

withProgram('nginx', 'nginx', (program) => {
  testStore('as the README sets it up', async () => client(await startNginx(program), { token: 'write-token', secret: 's' }), damages)
  testServer(() => startNginx(program))
})

testServer(() => startStore({ token: 'read-token', write: 'write-token' }))

/** What every server owes, whoever asks. */
function testServer(start: () => Promise<StoreServer>): void {
  const put = (url: string, path: string, body: Buffer<ArrayBuffer>, token?: string): Promise<Response> =>
    fetch(`${url}${path}`, { method: 'PUT', body, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
  const get = (url: string, path: string, token?: string, method = 'GET'): Promise<Response> =>
    fetch(`${url}${path}`, { method, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })

  test('tokens: nobody without one, and only writers write', async () => {
    const server = await start()
    const path = `/cas/${sha256(bytes)}`
    expect((await put(server.url, path, bytes)).status).toBe(401)
    expect((await put(server.url, path, bytes, 'wrong')).status).toBe(401)
    expect((await put(server.url, path, bytes, 'read-token')).status).toBe(403)
    expect((await put(server.url, path, bytes, 'read-token2')).status).toBe(401)
    expect(existsSync(server.blob(sha256(bytes)))).toBe(false)
    expect((await put(server.url, path, bytes, 'write-token')).status).toBe(201)
    expect((await get(server.url, path)).status).toBe(401)
    expect((await get(server.url, path, 'write-token-')).status).toBe(401)
    for (const token of ['read-token', 'write-token']) {
      const answer = await get(server.url, path, token)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/octet-stream'])
      expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes)
    }
    const head = await get(server.url, path, 'read-token', 'HEAD')
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '5', ''])
    expect((await get(server.url, `/ac/${key}`, 'read-token', 'DELETE')).status).toBeGreaterThanOrEqual(400)
  })

  test('there is nothing beside the names of a store', async () => {
    const { url, root } = await start()
    for (const path of [
      '/',
      '/ac',
      '/ac/',
      '/cas/..%2f..%2fetc%2fpasswd',
      `/cas/${key.toUpperCase()}`,
      `/cas/${key}0`,
      `/x/${key}`,
      `/ac/${key}/`,
    ]) {
      expect((await get(url, path, 'write-token')).status, path).toBeGreaterThanOrEqual(400)
      expect((await put(url, path, bytes, 'write-token')).status, path).toBeGreaterThanOrEqual(400)
    }
    expect(existsSync(join(root, 'cas')) ? readdirSync(join(root, 'cas')) : []).toEqual([])
  })

  test('half an upload leaves nothing, and what was there before stays', async () => {
    const server = await start()
    const whole = Buffer.alloc(200_000, 1)
    const digest = sha256(whole)
    for (const before of [undefined, whole]) {
      if (before) expect((await put(server.url, `/cas/${digest}`, before, 'write-token')).status).toBe(201)
      await new Promise((resolve) => {
        const headers = { authorization: 'Bearer write-token', 'content-length': whole.length }
        const sent = request(`${server.url}/cas/${digest}`, { method: 'PUT', headers })
        sent.on('error', resolve)
        sent.write(whole.subarray(0, 100_000), () => setTimeout(() => sent.destroy(), 50))
      })
      await until('the rest is gone', () => filesIn(join(server.root, 'tmp')) === 0)
      expect(existsSync(server.blob(digest)) ? readFileSync(server.blob(digest)).equals(whole) : undefined).toBe(before && true)
    }
  })
}

function filesIn(folder: string): number {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((item) => item.isFile()).length : 0
}

test('our server takes only what is what it says', async () => {
  const server = await startStore({ maxFile: 1000 })
  const put = async (path: string, body: string | Uint8Array | ReadableStream): Promise<[number, unknown]> => {
    const answer = await fetch(`${server.url}${path}`, {
      method: 'PUT',
      body,
      ...(body instanceof ReadableStream && { duplex: 'half' }),
    } as RequestInit)
    return [answer.status, answer.status === 201 ? undefined : await answer.json()]
  }
  expect(await put(`/cas/${key}`, bytes)).toEqual([400, { error: expect.stringContaining(sha256(bytes)) }])
  expect(await put(`/ac/${key}`, 'no record')).toEqual([400, { error: expect.stringContaining('record') }])
  expect(await put(`/ac/${key}`, formatRecord({ key: sha256('other'), value: 1 }))).toEqual([400, { error: expect.any(String) }])
  const large = Buffer.alloc(1001)
  expect(await put(`/cas/${sha256(large)}`, large)).toEqual([413, { error: expect.stringContaining('1000') }])
  // Without a length in the header it comes in parts.
  const parts = new ReadableStream({
    start(controller) {
      controller.enqueue(large.subarray(0, 600))
      controller.enqueue(large.subarray(600))
      controller.close()
    },
  })
  expect(await put(`/cas/${sha256(large)}`, parts)).toEqual([413, { error: expect.stringContaining('1000') }])
  expect(['ac', 'cas', 'tmp'].map((name) => filesIn(join(server.root, name)))).toEqual([0, 0, 0])
  expect(await put(`/cas/${sha256(bytes)}`, bytes)).toEqual([201, undefined])
  expect(await put(`/ac/${key}`, formatRecord({ key, value: 1 }, 'secret'))).toEqual([201, undefined])
})

test('our server keeps its size: what was used longest ago goes', async () => {
  const server = await startStore({ maxSize: 100_000 })
  const store = remote(server.url)
  for (let index = 0; index < 30; index++) await store.put(sha256(String(index)), index, Buffer.alloc(10_000, index))
  await until('old ones are gone', () => filesIn(join(server.root, 'cas')) <= 11)
  expect(await store.get(sha256('0'))).toBeUndefined()
  const last = await store.get(sha256('29'))
  expect(last?.blob && (await store.read(last.key, last.blob))?.length).toBe(10_000)
})

test('nobody may write unless it is said', async () => {
  const { url } = await startStore({ write: false })
  expect((await fetch(`${url}/ac/${key}`, { method: 'PUT', body: formatRecord({ key, value: 1 }) })).status).toBe(401)
  const withToken = await startStore({ token: 't', write: true })
  expect((await fetch(`${withToken.url}/ac/${key}`, { method: 'PUT', body: formatRecord({ key, value: 1 }) })).status).toBe(401)
  await remote(withToken.url, { token: 't' }).put(key, 1)
})

test('a record that was not signed with the secret is not used, and one warning says so', async () => {
  const server = await startStore()
  const warnings: ImagemillError[] = []
  const options = { secret: 'right', warn: (error: ImagemillError) => void warnings.push(error) }
  await remote(server.url, { secret: 'other' }).put(key, 1, bytes)
  await remote(server.url).put(sha256('unsigned'), 1, bytes)
  const own = await remote(server.url, { secret: 'right' }).put(sha256('own'), 1, bytes)
  // A signature is of no use under another key.
  for (const name of ['moved', 'changed']) mkdirSync(dirname(server.record(sha256(name))), { recursive: true })
  writeFileSync(server.record(sha256('moved')), readFileSync(server.record(sha256('own'))))
  // Nor after a change, although the record is whole again.
  const [, , signature = ''] = readFileSync(server.record(sha256('own')), 'utf8').split('\n')
  writeFileSync(server.record(sha256('changed')), `${formatRecord({ ...own, key: sha256('changed') })}${signature}\n`)
  const store = remote(server.url, options)
  for (const name of [key, ...['unsigned', 'moved', 'changed'].map(sha256)]) expect(await store.get(name)).toBeUndefined()
  expect(await store.get(sha256('own'))).toEqual(own)
  expect(store.reads).toBe(true)
  expect(warnings).toMatchObject([{ code: 'STORE_REFUSED', message: expect.stringContaining('store.secret') }])
  expect(await remote(server.url).get(key)).toMatchObject({ value: 1 })
})

/** What a server can do wrong, and how often it is asked before it is left alone. */
const FAULTS: Record<string, { answer: Parameters<typeof startServer>[0]; asked: number; says: string }> = {
  'an error of the server': { answer: (_, response) => response.writeHead(500).end(), asked: 3, says: '500' },
  'a closed connection': { answer: (_, response) => response.destroy(), asked: 3, says: 'failed' },
  'half an answer': {
    answer: (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half')
      setTimeout(() => response.destroy(), 20)
    },
    asked: 3,
    says: 'failed',
  },
  'no answer': { answer: () => undefined, asked: 1, says: '0.3 s' },
  'an answer that never ends': {
    answer: (_, response) => {
      const timer = setInterval(() => response.write('x'), 20)
      response.on('close', () => clearInterval(timer))
    },
    asked: 1,
    says: '0.3 s',
  },
  'a refused token': { answer: (_, response) => response.writeHead(401).end(), asked: 1, says: '401' },
  'a token without the right': { answer: (_, response) => response.writeHead(403).end(), asked: 1, says: '403' },
  'another place': { answer: (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), asked: 3, says: '302' },
}

test.each(Object.entries(FAULTS))('%s: nothing is found, one warning, and it is left alone', async (_, { answer, asked, says }) => {
  const server = await startServer(answer)
  const warnings: ImagemillError[] = []
  const store = remote(server.url, { timeout: 300, warn: (error) => void warnings.push(error) })
  for (let index = 0; index < 6; index++) expect(await store.get(sha256(String(index)))).toBeUndefined()
  expect(await store.read(key, { digest: sha256(bytes), size_bytes: bytes.length })).toBeUndefined()
  expect([store.reads, store.writes, server.requests]).toEqual([false, false, asked])
  expect(warnings).toMatchObject([{ message: expect.stringContaining(says) }])
  await expect(store.put(key, 1)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
})

test('nobody there, and an answer that is no end of bytes', async () => {
  const warnings: ImagemillError[] = []
  const away = remote(`http://127.0.0.1:${await freePort()}`, { warn: (error) => void warnings.push(error) })
  for (let index = 0; index < 4; index++) expect(await away.get(key)).toBeUndefined()
  expect(warnings).toMatchObject([{ code: 'STORE_UNREACHABLE', message: expect.stringContaining('ECONNREFUSED') }])
  let sent = 0
  const endless = await startServer((_, response) => {
    const write = (): void => void (response.destroyed || (++sent, response.write(Buffer.alloc(100_000), () => setImmediate(write))))
    write()
  })
  const store = remote(endless.url, { warn: () => undefined })
  expect(await store.get(key)).toBeUndefined()
  expect(await store.read(key, { digest: sha256(bytes), size_bytes: 5 })).toBeUndefined()
  expect(await store.read(key, { digest: sha256(bytes), size_bytes: Infinity })).toBeUndefined()
  expect(sent).toBeLessThan(3000)
})

test('a writer without the right goes on reading, and too large a file is nothing to worry about', async () => {
  const server = await startStore({ token: 'r', write: 'w', maxFile: 1000 })
  const writer = remote(server.url, { token: 'w' })
  await writer.put(key, 1, bytes)
  await expect(writer.put(sha256('large'), 1, Buffer.alloc(2000))).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
  expect(await writer.get(sha256('large'))).toBeUndefined()
  expect(writer.writes).toBe(true)
  const warnings: ImagemillError[] = []
  const reader = remote(server.url, { token: 'r', warn: (error) => void warnings.push(error) })
  await expect(reader.put(key, 2, bytes)).rejects.toMatchObject({ code: 'STORE_REFUSED', hint: expect.stringContaining('store.write') })
  expect([reader.reads, reader.writes]).toEqual([true, false])
  expect((await reader.get(key))?.value).toBe(1)
  expect(warnings).toHaveLength(1)
})
