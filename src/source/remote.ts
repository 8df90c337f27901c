import { existsSync } from 'node:fs'
import pLimit from 'p-limit'
import { ImagemillError } from '../errors.ts'
import { isRecord, sha256 } from '../hash.ts'
import type { Allows } from '../net/allow.ts'
import { guardedRequest, type GuardedResponse } from '../net/request.ts'
import { singleFlight } from '../single-flight.ts'
import { blobPath } from '../store/disk.ts'
import type { Store } from '../store/store.ts'
import type { SourceFormat } from '../types.ts'
import { checkIntegrity } from './integrity.ts'
import type { RemoteOptions } from './remote-options.ts'
import { sniff } from './sniff.ts'

/** Images of other servers: each is asked for once, and its bytes are kept in the store. */
export interface Remote {
  /** The file that holds the bytes of a URL. With a `digest`, which is their sha256 in hex, no other bytes are taken, and none that are known are asked for again. */
  fetch(url: string, digest: string | undefined, store: StoreWriter): Promise<string>
  /** A build has ended: what was asked for long ago is asked for again. */
  forget(): void
}

/** Opens a store, and writes to it. */
export interface StoreWriter {
  open(): Promise<Store>
  write<T>(work: (store: Store) => Promise<T>): Promise<T>
}

const OFF: RemoteOptions = { allows: () => false, allowPrivate: false, formats: [], maxBytes: 0, timeout: 0 }

/** Images fetched at a time. */
const FETCHING = 6
const MAX_REDIRECTS = 5

/** The builds of one site, for browsers and for servers, follow each other, and are to show the same images; in ms. */
const FRESH = 600_000
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Without options every address is refused. */
export function openRemote(given: RemoteOptions | undefined, warn: (error: ImagemillError) => void): Remote {
  const options = given ?? OFF
  const flight = singleFlight<string>()
  const fetching = pLimit(FETCHING)
  const seen = new Map<string, string>()
  /** Servers that do not answer: what is known of them is taken as it is, without waiting for each. */
  const away = new Set<string>()
  let warned = false
  let since = performance.now()

  const obtain = async (url: string, digest: string | undefined, store: StoreWriter): Promise<string> => {
    const key = sha256(`remote ${url}`)
    const known = await keptOf(key, store)
    if (known && known.digest === digest) return known.path
    const { origin } = allowed(url, options.allows)
    if (known && away.has(origin)) return known.path
    try {
      const found = await fetching(() => download(url, known, options, (server) => away.add(server)))
      if (!found) return known?.path ?? ''
      checkImage(found.bytes, options.formats)
      if (digest !== undefined) checkIntegrity(sha256(found.bytes), digest)
      return await keep(key, { url, fetched_ms: Date.now(), ...found.validators }, found.bytes, store)
    } catch (error) {
      if (!known || !isAway(error) || (digest !== undefined && digest !== known.digest)) throw error
      if (!warned) warn(stale(error))
      warned = true
      return known.path
    }
  }

  return {
    async fetch(url, digest, store) {
      const name = `${digest ?? ''} ${url}`
      const path = seen.get(name) ?? (await flight(name, () => obtain(url, digest, store)))
      seen.set(name, path)
      return path
    },
    forget() {
      if (performance.now() - since < FRESH) return
      since = performance.now()
      seen.clear()
      away.clear()
      warned = false
    },
  }
}

/** What the store has of a URL. */
interface Kept {
  path: string
  digest: string
  validators: Validators
}

/** By which a server knows whether the bytes are still the same. */
interface Validators {
  etag?: string
  last_modified?: string
}

async function keptOf(key: string, store: StoreWriter): Promise<Kept | undefined> {
  const opened = await store.open()
  const entry = opened.get(key)
  const bytes = entry?.blob && (await opened.read(key, entry.blob))
  if (!entry?.blob || !bytes) return undefined
  const { digest } = entry.blob
  // A temporary store has what it reads elsewhere, and workers know only its own folder.
  const isHere = existsSync(blobPath(opened.folder, digest))
  const path = isHere ? blobPath(opened.folder, digest) : await keep(key, entry.value, bytes, store)
  return { path, digest, validators: validatorsOf(entry.value) }
}

/** Puts bytes into the store, and answers the file that holds them. */
function keep(key: string, value: unknown, bytes: Uint8Array, store: StoreWriter): Promise<string> {
  return store.write(async (opened) => {
    const { blob } = await opened.put(key, value, bytes)
    return blobPath(opened.folder, blob?.digest ?? '')
  })
}

function validatorsOf(value: unknown): Validators {
  const { etag, last_modified } = isRecord(value) ? value : {}
  return { ...(typeof etag === 'string' && { etag }), ...(typeof last_modified === 'string' && { last_modified }) }
}

/** The bytes of a URL, or undefined when they are still those that are known. Told of a server that does not answer at all. */
async function download(
  url: string,
  known: Kept | undefined,
  options: RemoteOptions,
  silent: (origin: string) => void,
): Promise<{ bytes: Buffer; validators: Validators } | undefined> {
  const { maxBytes, timeout, allowPrivate, formats } = options
  const { etag, last_modified } = known?.validators ?? {}
  const headers = {
    'user-agent': 'imagemill',
    accept: `${formats.map((format) => (format === 'svg' ? 'image/svg+xml' : `image/${format}`)).join(',')},*/*;q=0.1`,
    // What is not compressed cannot swell when it is unpacked.
    'accept-encoding': 'identity',
    ...(etag !== undefined && { 'if-none-match': etag }),
    ...(last_modified !== undefined && { 'if-modified-since': last_modified }),
  }
  const end = performance.now() + timeout
  let next = allowed(url, options.allows)
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const { origin } = next
    const asked = guardedRequest({ url: next, headers, allowPrivate, timeout: Math.max(1, end - performance.now()) })
    const response = await asked.catch((error: unknown) => {
      if (isAway(error)) silent(origin)
      throw error
    })
    const { location } = response.headers
    if (!REDIRECTS.has(response.status) || location === undefined) return bytesOf(response, next, known, maxBytes)
    response.discard()
    if (!URL.canParse(location, next.href)) throw refusal(next, 'a redirect to what is no address')
    next = allowed(new URL(location, next).href, options.allows, next)
  }
  throw refusal(next, `more than ${MAX_REDIRECTS} redirects`)
}

async function bytesOf(
  response: GuardedResponse,
  url: URL,
  known: Kept | undefined,
  maxBytes: number,
): Promise<{ bytes: Buffer; validators: Validators } | undefined> {
  const { status, headers } = response
  const encoding = headers['content-encoding'] ?? 'identity'
  if (status === 200 && encoding === 'identity') {
    const bytes = await response.read(maxBytes)
    const { etag, 'last-modified': last_modified } = headers
    return { bytes, validators: { ...(etag !== undefined && { etag }), ...(last_modified !== undefined && { last_modified }) } }
  }
  response.discard()
  if (status === 304 && known) return undefined
  throw refusal(url, status === 200 ? `\`content-encoding: ${encoding}\`, which was not asked for` : `status ${status}`, status)
}

/** Statuses that say nothing of the image: the server may answer in a while. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 429
}

function refusal({ origin }: URL, what: string, status = 0): ImagemillError {
  const message = `${origin} answered with ${what}`
  if (isPassing(status)) return new ImagemillError({ code: 'REMOTE_UNREACHABLE', message })
  const gone = status === 404 || status === 410
  return new ImagemillError({
    code: gone ? 'SOURCE_NOT_FOUND' : 'SOURCE_UNREADABLE',
    message,
    hint: gone
      ? 'Check the address; what is before the last `?` goes to the server as it is written.'
      : 'Open the address in a private window: the image has to be there for everyone.',
  })
}

/** A URL that may be asked for; `from` is the one that redirects to it. */
function allowed(address: string, allows: Allows, from?: URL): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url && allows(url)) return url
  const what = url ? `${url.origin}${url.pathname}` : address
  throw new ImagemillError({
    code: 'REMOTE_DENIED',
    message: from ? `${from.origin} redirects to ${what}, which is not allowed` : `${what} is not allowed`,
    hint: `Add it to \`remote.allow\`${url ? `, as in \`remote: { allow: ['${url.origin}/**'] }\`` : ''}.`,
  })
}

function checkImage(bytes: Buffer, formats: readonly SourceFormat[]): void {
  const format = sniff(bytes)
  if (formats.includes(format)) return
  throw new ImagemillError({
    code: 'FORMAT_UNSUPPORTED',
    message: `expected ${formats.join(', ')} from another server, received ${format}`,
    hint: `If you trust the server, add '${format}' to \`remote.formats\`.`,
  })
}

function isAway(error: unknown): error is ImagemillError {
  return error instanceof ImagemillError && error.code === 'REMOTE_UNREACHABLE'
}

function stale(error: ImagemillError): ImagemillError {
  return new ImagemillError(
    { code: error.code, message: `${error.reason}; of images that cannot be asked for, what was fetched earlier is used` },
    { cause: error },
  )
}
