import { ImagemillError } from '../errors.ts'
import { ifWritable, isUnwritable } from '../files.ts'
import { diskStore } from './disk.ts'
import { openStore, temporaryStore } from './open.ts'
import type { Store } from './store.ts'
import { sweep } from './sweep.ts'

/** The store of one run: opened when it is first needed, and replaced by a temporary one when it cannot be written to. */
export interface RunStore {
  open(): Promise<Store>
  /** Runs work that writes to the store; where that cannot be, once more in a temporary one. */
  write<T>(work: (store: Store) => Promise<T>): Promise<T>
  /** Entries that were found damaged. */
  damaged(): Promise<number>
  /** Brings the store back to its size. */
  tidy(): Promise<void>
  close(): Promise<void>
}

export interface RunStoreOptions {
  folder: string
  /** Most bytes that are kept. */
  maxSize: number
  /** Told once when the folder cannot be used. */
  warn(error: ImagemillError): void
}

export function openRunStore({ folder, maxSize, warn }: RunStoreOptions): RunStore {
  let opening: Promise<Store> | undefined

  const remember = (promise: Promise<Store>): Promise<Store> => {
    opening = promise
    // A failure is not kept: the next caller tries anew.
    promise.catch(() => (opening = undefined))
    return promise
  }

  const open = (): Promise<Store> => opening ?? remember(openTidy())

  /** Opens the store, within its size even if the last run was killed. */
  const openTidy = async (): Promise<Store> => {
    try {
      const store = await openStore(folder)
      await ifWritable(() => sweep(folder, maxSize))
      return store
    } catch (error) {
      return fallBack(diskStore(folder), error)
    }
  }

  const fallBack = async (store: Store, error: unknown): Promise<Store> => {
    if (!isUnusable(error)) throw error
    warn(error)
    try {
      return await temporaryStore(store)
    } catch (cause) {
      throw isUnwritable(cause) ? full(folder, cause) : cause
    }
  }

  const write = async <T>(work: (store: Store) => Promise<T>): Promise<T> => {
    const opened = open()
    const store = await opened
    try {
      return await work(store)
    } catch (error) {
      if (!isUnusable(error)) throw error
      if (store.folder !== folder) throw full(folder, error)
      // Several writes fail together; the first one opens the temporary store for all.
      if (opening === opened) void remember(fallBack(store, error))
      return write(work)
    }
  }

  const tidy = async (): Promise<void> => {
    if (opening && (await opening).folder === folder) await ifWritable(() => sweep(folder, maxSize))
  }

  return {
    open,
    write,
    damaged: async () => (opening ? (await opening).damaged : 0),
    tidy,
    async close() {
      await tidy()
      const closing = opening
      opening = undefined
      await (await closing)?.close()
    },
  }
}

function full(folder: string, cause: unknown): ImagemillError {
  return new ImagemillError(
    {
      code: 'DISK_FULL',
      message: `neither the cache folder ${folder} nor a temporary one can be written`,
      hint: 'Free some space on the disk.',
    },
    { cause },
  )
}

function isUnusable(error: unknown): error is ImagemillError {
  return error instanceof ImagemillError && error.code === 'STORE_UNUSABLE'
}
