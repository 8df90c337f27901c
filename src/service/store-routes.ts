import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { appendFile, mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { Hono, type Context } from 'hono'
import { systemCode } from '../errors.ts'
import { ifWritable, isUnwritable } from '../files.ts'
import { sha256 } from '../hash.ts'
import { PROCESS_NAME } from '../process-name.ts'
import { LAYOUT, USE_PRECISION, WRITTEN, blobFile, recordFile } from '../store/disk.ts'
import { openStore } from '../store/open.ts'
import { parseRecord } from '../store/record.ts'
import { sweep } from '../store/sweep.ts'

export interface StoreRoutesOptions {
  /** Folder of the store: one of its own, not the cache of this machine, which would believe what others put into it. */
  folder: string
  /** What readers have to show, as `Authorization: Bearer`; everyone may read without it. */
  token?: string | undefined
  /** What writers have to show, who may read, too; `true` is the token of readers, and nobody may write without it. @default false */
  write?: string | boolean | undefined
  /** Most bytes that are kept; what was used longest ago goes first. @default 10 GB */
  maxSize?: number
  /** Most bytes of one file. @default 256 MB */
  maxFile?: number
}

/** Most bytes of a record. */
const LONGEST_RECORD = 1_000_000

const NAME = '[0-9a-f]{64}'

type Answer = Response | Promise<Response>

/**
 * A store for other machines: `GET`, `HEAD` and `PUT` of `/ac/<key>` and `/cas/<sha256>`, on a folder of the usual layout, so that
 * `imagemill cache` looks after it. Bytes have to be what their name says; a file is there whole or not at all.
 */
export function storeRoutes({ folder, token, write = false, maxSize = 10e9, maxFile = 256e6 }: StoreRoutesOptions): Hono {
  const root = join(folder, LAYOUT)
  const may = rightsOf(token, write)
  const take = receiver(folder, maxSize)
  const app = new Hono()

  const guarded =
    (right: 'read' | 'write', work: (context: Context, name: string) => Answer) =>
    (context: Context): Answer => {
      const refusal = may(right, context.req.header('authorization'))
      if (refusal === 401) return context.json({ error: 'a token is needed' }, 401, { 'WWW-Authenticate': 'Bearer' })
      if (refusal === 403) return context.json({ error: 'this token may not do that' }, 403)
      return work(context, context.req.param('name') ?? '')
    }

  app.get(
    `/ac/:name{${NAME}}`,
    guarded('read', async (context, key) => {
      await touch(recordFile(root, key))
      return sendFile(context, recordFile(root, key))
    }),
  )
  app.get(
    `/cas/:name{${NAME}}`,
    guarded('read', (context, digest) => sendFile(context, blobFile(root, digest))),
  )
  app.put(
    `/ac/:name{${NAME}}`,
    guarded('write', (context, key) =>
      take(context, recordFile(root, key), Math.min(maxFile, LONGEST_RECORD), (bytes) =>
        parseRecord(Buffer.concat(bytes).toString(), key) ? undefined : 'this is not a record of this key',
      ),
    ),
  )
  app.put(
    `/cas/:name{${NAME}}`,
    guarded('write', (context, digest) =>
      take(context, blobFile(root, digest), maxFile, (_, found) => (found === digest ? undefined : `these bytes have the sha256 ${found}`)),
    ),
  )
  return app
}

/** Who may do what: undefined is yes, otherwise the status of the refusal. */
function rightsOf(token: string | undefined, write: string | boolean): (right: 'read' | 'write', header?: string) => 401 | 403 | undefined {
  const writer = write === true ? token : write === false ? undefined : write
  const is = (given: string | undefined, wanted: string): boolean =>
    given !== undefined && timingSafeEqual(Buffer.from(sha256(given)), Buffer.from(sha256(wanted)))
  return (right, header) => {
    const given = header === undefined ? undefined : /^Bearer (.+)$/i.exec(header)?.[1]
    const mayWrite = write === true && token === undefined ? true : writer !== undefined && is(given, writer)
    const mayRead = mayWrite || token === undefined || is(given, token)
    if (right === 'write' ? mayWrite : mayRead) return undefined
    return right === 'write' && mayRead && given !== undefined ? 403 : 401
  }
}

async function sendFile(context: Context, path: string): Promise<Response> {
  const facts = await stat(path).catch((error: unknown) => {
    if (systemCode(error) === undefined) throw error
  })
  if (!facts?.isFile()) return context.json({ error: 'there is nothing of this name' }, 404)
  const headers = {
    'Content-Type': 'application/octet-stream',
    'Content-Length': String(facts.size),
    'X-Content-Type-Options': 'nosniff',
  }
  if (context.req.method === 'HEAD') return context.body(null, 200, headers)
  return context.body(Readable.toWeb(createReadStream(path)) as ReadableStream, 200, headers)
}

/** Eviction goes by last use. */
async function touch(path: string): Promise<void> {
  await ifWritable(async () => {
    const now = new Date()
    if ((await stat(path)).mtimeMs < now.getTime() - USE_PRECISION) await utimes(path, now, now)
  })
}

type Receive = (
  context: Context,
  path: string,
  most: number,
  /** Says what is wrong with the bytes, if anything is. Only a record is handed over, the rest goes to the disk as it comes. */
  check: (bytes: Uint8Array[], digest: string) => string | undefined,
) => Promise<Response>

/** Takes files in, one temporary file each, and keeps the folder within its size. */
function receiver(folder: string, maxSize: number): Receive {
  const root = join(folder, LAYOUT)
  let opening: Promise<unknown> | undefined
  const note = counter(folder, maxSize)

  return async (context, path, most, check) => {
    const length = Number(context.req.header('content-length') ?? 0)
    if (length > most) return context.json({ error: `at most ${most} bytes are taken` }, 413)
    const part = join(root, 'tmp', `${PROCESS_NAME}-${randomBytes(8).toString('hex')}`)
    try {
      await (opening ??= openStore(folder).catch((error: unknown) => {
        opening = undefined
        throw error
      }))
      const received = await receive(context.req.raw.body, part, most)
      if (received === 'too large') return context.json({ error: `at most ${most} bytes are taken` }, 413)
      const wrong = check(received.head, received.digest)
      if (wrong !== undefined) return context.json({ error: wrong }, 400)
      await mkdir(dirname(path), { recursive: true })
      await rename(part, path).catch(async (error: unknown) => {
        // A folder in its place is damage.
        if (systemCode(error) !== 'EISDIR') throw error
        await rm(path, { recursive: true, force: true })
        await rename(part, path)
      })
      note(received.length)
      return context.body(null, 201)
    } catch (error) {
      // The client is gone, and with it whoever would read an answer.
      if (systemCode(error) === 'ECONNRESET' || context.req.raw.signal.aborted)
        return context.json({ error: 'the bytes were cut off' }, 400)
      if (systemCode(error) === 'ENOSPC') return context.json({ error: 'the disk of the store is full' }, 507)
      if (!isUnwritable(error)) throw error
      return context.json({ error: 'the folder of the store cannot be written' }, 500)
    } finally {
      await rm(part, { force: true })
    }
  }
}

/** Counts what is written, and has the store brought back to its size now and then: that takes a look at every file. */
function counter(folder: string, maxSize: number): (bytes: number) => void {
  const path = join(folder, LAYOUT, WRITTEN)
  let since = Infinity
  let uncounted = 0
  let busy = false
  const flush = async (): Promise<void> => {
    // The count is written anew by the sweep, so nothing may be added to it meanwhile.
    busy = true
    while (uncounted > 0) {
      const bytes = uncounted
      uncounted = 0
      since += bytes
      await ifWritable(() => appendFile(path, `${bytes}\n`))
      if (since < maxSize / 20) continue
      since = 0
      await ifWritable(() => sweep(folder, maxSize))
    }
  }
  return (bytes) => {
    uncounted += bytes
    // What fails here fails nobody: the next file brings the next try.
    if (!busy)
      void flush()
        .catch(() => undefined)
        .finally(() => (busy = false))
  }
}

interface Received {
  digest: string
  length: number
  /** The bytes, as far as a record may be long. */
  head: Uint8Array[]
}

async function receive(body: ReadableStream<Uint8Array> | null, part: string, most: number): Promise<Received | 'too large'> {
  const hash = createHash('sha256')
  const head: Uint8Array[] = []
  let length = 0
  await mkdir(dirname(part), { recursive: true })
  const file = await open(part, 'wx')
  try {
    for await (const bytes of body ?? []) {
      length += bytes.length
      if (length > most) return 'too large'
      hash.update(bytes)
      if (length <= LONGEST_RECORD) head.push(bytes)
      await file.write(bytes)
    }
    // Other machines rely on it: what was confirmed is there after a power cut, too.
    await file.sync()
  } finally {
    await file.close()
  }
  return { digest: hash.digest('hex'), length, head }
}
