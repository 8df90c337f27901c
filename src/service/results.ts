import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { ignoreGone } from '../store/entries.ts'
import type { Addresses } from './documents.ts'
import { HttpError } from './http-error.ts'
import type { EndedJob, ResultFile } from './job.ts'
import { writeDurable } from './journal.ts'
import { partOf } from './range.ts'
import { matches } from './tag.ts'

export interface ResultsOptions {
  /** Folder of all results. */
  folder: string
  key: Buffer
  /** How long the address of a result is good, in ms. */
  lifetime: number
  /** What the addresses begin with. */
  origin(): string
  /** A job that has ended. */
  find(id: string): Promise<EndedJob | undefined>
}

export interface Results extends Addresses {
  /** The answer to a request for a file of a job, which only who was given its address can make. */
  serve(asked: { id: string; name: string; query: URLSearchParams; method: string; headers: Headers }): Promise<Response>
}

/** The key of a service, which outlives it: addresses are good after a restart. */
export async function loadKey(folder: string): Promise<Buffer> {
  const known = await readFile(join(folder, 'key')).catch(ignoreGone)
  if (known?.length === 32) return known
  const key = randomBytes(32)
  await writeDurable(folder, 'key', key)
  return key
}

export function openResults({ folder, key, lifetime, origin, find }: ResultsOptions): Results {
  const sign = (id: string, name: string, expires: string): string =>
    createHmac('sha256', key)
      .update(JSON.stringify([id, name, expires]))
      .digest('base64url')
  // Whole seconds, so that the address of a result is the same whenever it is asked for.
  const expiryOf = (job: EndedJob): number => Math.ceil((job.end.ended_ms + lifetime) / 1000) * 1000

  return {
    expiryOf,
    urlOf(job, name) {
      const path = [job.id, ...name.split('/')].map(encodeURIComponent).join('/')
      const expires = String(expiryOf(job) / 1000)
      return `${origin()}/results/${path}?expires=${expires}&signature=${sign(job.id, name, expires)}`
    },
    async serve({ id, name, query, method, headers }) {
      const expires = query.get('expires') ?? ''
      // What we did not sign is not even looked for.
      if (!isSame(query.get('signature') ?? '', sign(id, name, expires))) throw forbidden()
      if (Date.now() >= Number(expires) * 1000) throw gone()
      const job = await find(id)
      const file = job && [...job.end.files, ...(job.end.main ? [job.end.main] : [])].find((known) => known.name === name)
      const facts = file && (await stat(join(folder, id, name)).catch(ignoreGone))
      if (!file || !facts?.isFile()) throw gone()
      return answer(file, { path: join(folder, id, name), size: facts.size, method, headers, left: Number(expires) - Date.now() / 1000 })
    },
  }
}

interface Asked {
  path: string
  size: number
  method: string
  headers: Headers
  /** s until the address ends. */
  left: number
}

function answer({ mime, digest }: ResultFile, { path, size, method, headers, left }: Asked): Response {
  const tag = `"${digest.slice(0, 32)}"`
  const common = {
    ETag: tag,
    'Accept-Ranges': 'bytes',
    'Cache-Control': `private, max-age=${Math.max(0, Math.floor(left))}, immutable`,
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'X-Content-Type-Options': 'nosniff',
  }
  if (matches(headers.get('if-none-match'), tag)) return new Response(null, { status: 304, headers: common })
  const condition = headers.get('if-range')
  const range = method === 'GET' && (condition === null || condition === tag) ? headers.get('range') : null
  const part = partOf(range, size)
  if (part === 'beyond') {
    throw new HttpError({
      status: 416,
      code: 'RANGE_INVALID',
      message: `the range is not within the ${size} bytes of the result`,
      headers: { 'Content-Range': `bytes */${size}` },
    })
  }
  const { first, last } = part ?? { first: 0, last: size - 1 }
  const own = {
    ...common,
    'Content-Type': mime,
    'Content-Length': String(last - first + 1),
    'Content-Disposition': 'inline',
    ...(part && { 'Content-Range': `bytes ${first}-${last}/${size}` }),
  }
  const body = method === 'HEAD' || size === 0 ? null : Readable.toWeb(createReadStream(path, { start: first, end: last }))
  return new Response(body as ReadableStream | null, { status: part ? 206 : 200, headers: own })
}

function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function forbidden(): HttpError {
  return new HttpError({ status: 403, code: 'SIGNATURE_INVALID', message: 'the address is not one that was given out by this service' })
}

function gone(): HttpError {
  return new HttpError({ status: 410, code: 'RESULT_EXPIRED', message: 'the result was kept for its time and is gone; send the job again' })
}
