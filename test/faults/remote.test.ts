import type { IncomingMessage, ServerResponse } from 'node:http'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openRemote } from '../../src/store/remote.ts'
import { formatRecord, parseRecord } from '../../src/store/record.ts'
import { buildVite, digestsOf, filesOf } from '../support/build.ts'
import { entryFiles } from '../support/entries.ts'
import { rounds } from '../support/faults.ts'
import { gallery } from '../support/gallery.ts'
import { startBuild } from '../support/processes.ts'
import { freePort, startServer, startStore, type StoreServer } from '../support/store-server.ts'

const base = { manifest: false as const, logLevel: 'warn' as const }

interface Fault {
  /** What becomes of an answer of a sound store; of nothing when it is left out. */
  answer(request: IncomingMessage, response: ServerResponse, sound: () => Promise<Response>): unknown
  /** What the one warning says; none is given when it is left out. */
  says?: string
}

const status = (code: number) => (_: IncomingMessage, response: ServerResponse) => void response.writeHead(code).end()

const FAULTS: Record<string, Fault> = {
  'answers 500': { answer: status(500), says: 'answered 500' },
  'answers 401': { answer: status(401), says: 'refused to answer (401)' },
  'takes 30 s': {
    answer: (_, response) => sleep(30_000, undefined, { ref: false }).then(() => response.end()),
    says: 'did not answer within 5 s',
  },
  'takes nothing, as being too large': {
    answer: async (request, response, sound) => (request.method === 'PUT' ? status(413)(request, response) : pass(response, await sound())),
  },
  'cuts its answers at half': {
    async answer(_, response, sound) {
      const found = await sound()
      const bytes = Buffer.from(await found.arrayBuffer())
      response.writeHead(found.status, { 'content-length': bytes.length })
      response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy())
    },
    says: 'failed',
  },
  'answers other bytes': {
    async answer(request, response, sound) {
      const found = await sound()
      const bytes = Buffer.from(await found.arrayBuffer())
      if (request.url?.startsWith('/cas/') && bytes.length > 0) bytes[bytes.length >> 1]! ^= 1
      response.writeHead(found.status).end(bytes)
    },
    says: 'answered other bytes',
  },
}

async function pass(response: ServerResponse, found: Response): Promise<void> {
  response.writeHead(found.status).end(Buffer.from(await found.arrayBuffer()))
}

/** A server before a sound store, which it spoils. */
async function spoiled(store: StoreServer, { answer }: Fault): Promise<string> {
  const { url } = await startServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = parts.length > 0 ? { body: new Uint8Array(Buffer.concat(parts)) } : {}
      const sound = (): Promise<Response> => fetch(`${store.url}${request.url}`, { method: request.method ?? 'GET', ...body })
      void Promise.resolve(answer(request, response, sound)).catch(() => response.destroy())
    })
  })
  return url
}

/** A store that holds all images of a project, and what a clean build of it is. */
async function filled(): Promise<{ root: string; server: StoreServer; clean: Record<string, string>; elapsed: number }> {
  const { root } = await gallery({ query: 'w=16;24&format=webp;jpeg' })
  const server = await startStore()
  const shared = { remote: server.url, write: true }
  const clean = digestsOf(await buildVite(root, { options: { ...base, store: shared, cache: { dir: 'first' } } }))
  const start = performance.now()
  await startBuild(root, { options: { ...base, cache: { dir: 'alone' } } }).ended
  return { root, server, clean, elapsed: performance.now() - start }
}

/** Builds with a cold cache and another store; answers its warnings. */
async function buildWith(
  root: string,
  store: object,
  dir: string,
): Promise<{ code: number | null; warnings: string[]; files: Record<string, string>; elapsed: number }> {
  const start = performance.now()
  const { code, output } = await startBuild(root, {
    options: { ...base, store: { write: true, ...store } as never, cache: { dir: `cache-${dir}` } },
    outDir: dir,
  }).ended
  return {
    code,
    warnings: output.split('\n').filter((line) => line.startsWith('imagemill: ')),
    files: digestsOf(filesOf(join(root, dir))),
    elapsed: performance.now() - start,
  }
}

test('a shared store with a fault: every build has the right bytes, says at most one thing, and is not much longer', async () => {
  const from = await filled()
  // It takes connections and says nothing.
  const silent = await startServer(() => undefined)
  const stores: [name: string, store: object, says: string | undefined][] = [
    ['is not there', { remote: `http://127.0.0.1:${await freePort()}` }, 'ECONNREFUSED'],
    ['says nothing', { remote: silent.url }, 'did not answer within 5 s'],
    ['has unsigned records', { remote: from.server.url, secret: 'our-own-secret' }, 'not signed with `store.secret`'],
  ]
  for (const [name, fault] of Object.entries(FAULTS)) stores.push([name, { remote: await spoiled(from.server, fault) }, fault.says])
  // Waiting is all that the slow ones are about.
  for (const [name, store, says] of stores.filter(([, , text]) => rounds(0, 1) > 0 || !text?.includes('5 s'))) {
    const { code, warnings, files, elapsed } = await buildWith(from.root, store, name.replaceAll(' ', '-'))
    expect({ name, code, warnings }).toEqual({ name, code: 0, warnings: says === undefined ? [] : [expect.stringContaining(says)] })
    expect(files).toEqual(from.clean)
    // 6 s, on a machine that may do other things besides.
    expect(elapsed, name).toBeLessThan(6000 + 3 * from.elapsed)
  }
})

const COUNT = rounds(20, 100)
const SECRET = 'secret-of-trusted-builds'

describe(`poison: ${COUNT} images, none of which is what it says`, () => {
  async function poisoned(says: number, spoil: (path: string, others: string[]) => void): Promise<void> {
    const { root } = await gallery({ photos: COUNT / 10, query: 'w=16;20;24;28;32&format=webp;jpeg', px: 40 })
    const server = await startStore()
    const options = { ...base, store: { remote: server.url, write: true, secret: SECRET } }
    const clean = digestsOf(await buildVite(root, { options: { ...options, cache: { dir: 'first' } } }))
    const records = entryFiles(dirname(server.root), 'ac').filter((path) => readFileSync(path, 'utf8').includes('"blob"'))
    expect(records).toHaveLength(COUNT)
    for (const path of records) spoil(path, records)
    const { code, warnings, files } = await buildWith(root, options.store, 'victim')
    expect([code, warnings.length]).toEqual([0, says])
    expect(files).toEqual(clean)
    // And what was put right is right for the next one.
    const next = await buildWith(root, { ...options.store, write: false }, 'next')
    expect(next).toMatchObject({ code: 0, warnings: [], files: clean })
  }

  const entryOf = (path: string) => parseRecord(readFileSync(path, 'utf8'), basename(path, '.json'))

  test('records with other bytes, signed with another key', () =>
    poisoned(1, (path) => {
      const entry = entryOf(path)
      if (!entry) throw new Error('no record')
      const evil = { digest: '0'.repeat(64), size_bytes: 5 }
      writeFileSync(path, formatRecord({ ...entry, blob: evil }, 'a-secret-that-was-guessed'))
    }))

  test('records of other options, in the place of the right ones, with their own signature', () =>
    poisoned(1, (path, records) => {
      const other = records[(records.indexOf(path) + 1) % records.length] ?? path
      // The next one is spoiled by the one after it.
      writeFileSync(path, readFileSync(other))
    }))

  test('other bytes under the names of the right ones', async () => {
    // No larger than the right ones: more than was announced is not even taken.
    const image = Buffer.from('something else')
    await poisoned(1, (path) => {
      const digest = entryOf(path)?.blob?.digest ?? ''
      writeFileSync(join(dirname(dirname(dirname(path))), 'cas', digest.slice(0, 2), digest), image)
    })
  })
})

test(`${COUNT} attempts to write with a token that may only read: all are refused, and nothing is there`, async () => {
  const server = await startStore({ token: 'for-everyone', write: 'for-trusted-builds' })
  for (let index = 0; index < COUNT; index++) {
    const key = index.toString(16).padStart(64, '0')
    const attempt = openRemote({ url: server.url, token: 'for-everyone', write: true, warn: () => undefined })
    await expect(attempt.put(key, { elapsed_ms: 1 }, Buffer.from(`evil ${index}`))).rejects.toMatchObject({ code: 'STORE_REFUSED' })
  }
  mkdirSync(server.root, { recursive: true })
  expect(readdirSync(server.root, { recursive: true, withFileTypes: true }).filter((item) => item.isFile())).toEqual([])
  // A build with such a token goes on with one warning.
  const { root } = await gallery({ photos: 2, query: 'w=16&format=webp' })
  const { code, warnings } = await buildWith(root, { remote: server.url, token: 'for-everyone' }, 'reader')
  expect({ code, warnings }).toEqual({ code: 0, warnings: [expect.stringContaining('refused to be written to (403)')] })
})
