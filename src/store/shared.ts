import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import { ImagemillError } from '../errors.ts'
import { ifWritable } from '../files.ts'
import type { Remote } from './remote.ts'
import type { Entry, Store } from './store.ts'

/** A shared store beside the one of a run: what others made is fetched from it, what is made here is sent to it. */
export interface Shared {
  /**
   * Looks for an entry and keeps it in the store of the run. What is asked of one source in one turn is answered at the same
   * time, so that what is missing can be made from one decode. What `accept` refuses is missing.
   */
  find(source: string, key: string, store: Store, accept: (entry: Entry) => boolean): Promise<Entry | undefined>
  /** The same of one entry that is known to be there, at once. */
  fetch(key: string, store: Store, accept: (entry: Entry) => boolean): Promise<Entry | undefined>
  /** Sends an entry of the store of the run, later. One that was fetched as known to be there is not sent. */
  send(key: string, store: Store): void
  /** Waits for what is still to be sent, but not for long. */
  settle(): Promise<void>
  close(): Promise<void>
}

/** Most time that the end of a run waits for what is still to be sent, in ms. */
const SETTLE = 5000

/** Entries sent at a time, and so held in memory. */
const SENDING = 4

/** Entries that wait to be sent; with more, the server is too slow for this build, and the rest is not sent. */
const MOST_WAITING = 10_000

export function openShared(remote: Remote, warn: (error: ImagemillError) => void): Shared {
  const turns = new Map<string, Promise<unknown>[]>()
  const fetched = new Set<string>()
  const sending = new Set<Promise<void>>()
  const slots = pLimit(SENDING)
  let patience = new AbortController()

  const fetchEntry = async (key: string, store: Store, accept: (entry: Entry) => boolean): Promise<Entry | undefined> => {
    const entry = await remote.get(key)
    if (!entry || !accept(entry)) return undefined
    const bytes = entry.blob && (await remote.read(key, entry.blob))
    if (entry.blob && !bytes) return undefined
    // Where nothing can be kept, it is as if nothing had been found: a run has other ways to go on then.
    return ifWritable(() => store.put(key, entry.value, bytes))
  }

  const sendEntry = async (key: string, store: Store, signal: AbortSignal): Promise<void> => {
    if (signal.aborted || !remote.writes) return
    const entry = store.get(key)
    const bytes = entry?.blob && (await store.read(key, entry.blob))
    // It was removed or damaged meanwhile: then it is not for others either.
    if (!entry || (entry.blob && !bytes)) return
    await remote.put(key, entry.value, bytes, signal)
  }

  return {
    async fetch(key, store, accept) {
      const entry = await fetchEntry(key, store, accept)
      if (entry) fetched.add(key)
      return entry
    },
    async find(source, key, store, accept) {
      if (!remote.reads) return undefined
      const turn = turns.get(source) ?? []
      if (turn.length === 0) {
        turns.set(source, turn)
        setImmediate(() => turns.delete(source))
      }
      const found = fetchEntry(key, store, accept)
      turn.push(found)
      // Told to whoever asked; the others of the turn only wait.
      await new Promise(setImmediate)
      await Promise.allSettled(turn)
      return found
    },
    send(key, store) {
      if (fetched.delete(key) || !remote.writes || sending.size >= MOST_WAITING) return
      const { signal } = patience
      const sent = slots(() => sendEntry(key, store, signal))
        .catch((error: unknown) => {
          // The store has told what is to be told.
          if (!(error instanceof ImagemillError)) throw error
        })
        .finally(() => sending.delete(sent))
      sending.add(sent)
    },
    async settle() {
      const waiting = new AbortController()
      const late = sleep(SETTLE, true, { signal: waiting.signal }).catch(() => false)
      const isLate = await Promise.race([Promise.all(sending).then(() => false), late])
      waiting.abort()
      if (!isLate) return
      warn(unsent(sending.size))
      patience.abort()
      patience = new AbortController()
    },
    close: () => remote.close(),
  }
}

function unsent(count: number): ImagemillError {
  return new ImagemillError({
    code: 'STORE_UNREACHABLE',
    message: `${count === 1 ? 'one image was' : `${count} images were`} not sent to the shared store within ${SETTLE / 1000} s of the end`,
    hint: 'They are in the cache of this machine; the others make them anew.',
  })
}
