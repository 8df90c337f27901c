import pLimit from 'p-limit'
import { ImagemillError } from '../errors.ts'
import { sha256 } from '../hash.ts'
import { formatRecord, isSigned, parseRecord } from './record.ts'
import { openRequests } from './requests.ts'
import type { Blob, Entry } from './store.ts'

export interface RemoteOptions {
  /** Address of the store: records are at `/ac/<key>` below it, bytes at `/cas/<sha256>`. */
  url: string
  token?: string | undefined
  /** Whether it may be written to. */
  write: boolean
  /** Records are signed with it, and others are not believed. */
  secret?: string | undefined
  /** Most time for an answer, in ms. @default 5000 */
  timeout?: number
  /** Failures after which it is not asked again. @default 3 */
  failures?: number
  /** Told once what is wrong with it. */
  warn(error: ImagemillError): void
  /** Told when it works again: then it is looked at from time to time while it does not, as a service needs it. */
  onBack?: ((message: string) => void) | undefined
}

/** A store that several machines share over HTTP. What it answers is verified; what cannot be had, for whatever reason, is missing. */
export interface Remote {
  readonly write: boolean
  get(key: string): Promise<Entry | undefined>
  /** The bytes of a key, or undefined when they are missing or damaged; then the key is forgotten too. */
  read(key: string, blob: Blob): Promise<Buffer | undefined>
  /** Bytes by their digest alone. */
  bytes(digest: string, most: number): Promise<Buffer | undefined>
  /** Throws where it cannot be written to. */
  put(key: string, value: unknown, bytes?: Uint8Array, signal?: AbortSignal): Promise<Entry>
  /** Whether it is asked at all: not after too many failures. */
  readonly reads: boolean
  readonly writes: boolean
  /** Number of records and bytes that were found damaged, or not signed. */
  readonly damaged: number
  /** Gives up what is under way. */
  close(): Promise<void>
}

/** Requests at a time: enough for a distant server, few enough for any server and for memory. */
const PARALLEL = 16

/** A record is a few hundred bytes; one with a large placeholder some thousand. */
const LONGEST_RECORD = 1_000_000

/** No output of a page is larger, whatever a record says. */
const LARGEST_BLOB = 256_000_000

/** Nobody waits for what is written, so a slow line is no reason to give up soon. */
const WRITE_TIMEOUT = 30_000

/** A record that says nothing, by which it is seen whether a store works. */
const PROBE = sha256('imagemill store')

/** Speaks the protocol of Bazel's remote cache (https://bazel.build/remote/caching#http-caching), with records of our own. */
export function openRemote({ url, token, write, secret, warn, onBack, timeout = 5000, failures = 3 }: RemoteOptions): Remote {
  const shown = url.replace(/\/+$/, '')
  const probe = onBack && {
    path: `/ac/${PROBE}`,
    bytes: write ? Buffer.from(formatRecord({ key: PROBE, value: null }, secret)) : undefined,
    onBack,
  }
  const requests = openRequests({ url: shown, token, timeout, writeTimeout: WRITE_TIMEOUT, failures, warn, probe })
  const reading = pLimit(PARALLEL)
  const writing = pLimit(PARALLEL / 4)
  const damaged = new Set<string>()
  /** Keys whose bytes were found damaged: missing until they are put anew. */
  const unusable = new Set<string>()

  const distrust = (name: string, error: ImagemillError): undefined => {
    damaged.add(name)
    requests.complain(error)
  }

  const bytesOf = async (digest: string, most: number): Promise<Buffer | undefined> => {
    const bytes = await reading(() => requests.get(`/cas/${digest}`, Math.min(most, LARGEST_BLOB)))
    return bytes && (sha256(bytes) === digest ? bytes : distrust(digest, wrongBytes(url)))
  }

  return {
    write,
    bytes: bytesOf,
    get reads() {
      return requests.reads
    },
    get writes() {
      return write && requests.writes
    },
    get damaged() {
      return damaged.size
    },
    async get(key) {
      if (unusable.has(key)) return undefined
      const text = (await reading(() => requests.get(`/ac/${key}`, LONGEST_RECORD)))?.toString()
      if (text === undefined) return undefined
      const entry = parseRecord(text, key)
      if (!entry) return distrust(key, wrongBytes(url))
      return secret === undefined || isSigned(text, secret) ? entry : distrust(key, unsigned(url))
    },
    async read(key, { digest, size_bytes }) {
      const bytes = await bytesOf(digest, size_bytes)
      if (bytes?.length === size_bytes) return bytes
      // Where nothing can be had any longer, nothing is known of the bytes either.
      if (requests.reads) damaged.add(digest)
      unusable.add(key)
      return undefined
    },
    put: (key, value, bytes, signal) =>
      writing(async () => {
        const blob = bytes && { digest: sha256(bytes), size_bytes: bytes.length }
        const entry = { key, value, ...(blob && { blob }) }
        if (bytes && blob) await requests.put(`/cas/${blob.digest}`, bytes, signal)
        await requests.put(`/ac/${key}`, Buffer.from(formatRecord(entry, secret)), signal)
        unusable.delete(key)
        return entry
      }),
    async close() {
      requests.abort()
    },
  }
}

function wrongBytes(url: string): ImagemillError {
  return new ImagemillError({
    code: 'STORE_REFUSED',
    message: `the shared store at ${new URL(url).host} answered other bytes than those that were put`,
    hint: 'They are not used; check its disk, and who may write to it.',
  })
}

function unsigned(url: string): ImagemillError {
  return new ImagemillError({
    code: 'STORE_REFUSED',
    message: `the shared store at ${new URL(url).host} has records that were not signed with \`store.secret\``,
    hint: 'They are not used; check that everyone who writes to it has the same secret, and who else may.',
  })
}
