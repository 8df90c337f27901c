import { randomBytes } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { ImagemillError, systemCode } from '../errors.ts'
import { ifWritable, isUnwritable, writeAtomic } from '../files.ts'
import { PROCESS_NAME, hasEnded } from '../process-name.ts'
import { LAYOUT, diskStore } from './disk.ts'
import type { Store } from './store.ts'

/** https://bford.info/cachedir/ : backup programs leave such a folder out. */
const CACHEDIR_TAG = 'Signature: 8a477f597d28d172789f06886806bc55\n# Made by imagemill; it can be deleted at any time.\n'

/** Opens a folder as a store; an unusable one is an error with the code STORE_UNUSABLE. */
export async function openStore(folder: string): Promise<Store> {
  const temp = join(folder, LAYOUT, 'tmp')
  const marker = join(folder, LAYOUT, 'runs', `${PROCESS_NAME}-${randomBytes(4).toString('hex')}`)
  try {
    // Says that this process runs, so that others leave alone what it uses; and tries whether the folder can be written.
    await writeAtomic(marker, '', temp)
    if (!existsSync(join(folder, 'CACHEDIR.TAG'))) await writeAtomic(join(folder, 'CACHEDIR.TAG'), CACHEDIR_TAG, temp)
  } catch (error) {
    throw unusable(folder, error)
  }
  await removeOrphans(temp)
  await removeOrphans(join(folder, LAYOUT, 'runs'))
  await removeOrphans(join(folder, LAYOUT, 'claims'), (path) => readFile(path, 'utf8'))
  return diskStore(folder, () => rm(marker, { force: true }))
}

function unusable(folder: string, cause: unknown): unknown {
  if (!isUnwritable(cause)) return cause
  return new ImagemillError(
    {
      code: 'STORE_UNUSABLE',
      message: `the cache folder ${folder} cannot be written (${systemCode(cause)})`,
      hint: 'Images are made anew in every build until it can; check its permissions and the free space, or set `cache.dir`.',
    },
    { cause },
  )
}

/**
 * What to use when a store cannot be written to: what is in it is still read, and new entries go
 * to a folder that is removed with the store or with this process.
 */
export async function temporaryStore(below: Store): Promise<Store> {
  await removeTemporaryStores()
  const folder = await mkdtemp(join(tmpdir(), `${TEMPORARY}${PROCESS_NAME}-`))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  const above = diskStore(folder)
  return {
    folder,
    get damaged() {
      return above.damaged + below.damaged
    },
    get: (key) => above.get(key) ?? below.get(key),
    read: async (key, blob) => (above.get(key) ? above.read(key, blob) : below.read(key, blob)),
    put: (key, value, bytes) => above.put(key, value, bytes),
    async close() {
      process.off('exit', remove)
      remove()
      await below.close()
    },
  }
}

/** Lets work write to a store that is gone when the work is done. */
export async function inScratch<T>(work: (store: Store) => Promise<T>): Promise<T> {
  await removeTemporaryStores()
  const folder = await mkdtemp(join(tmpdir(), `${TEMPORARY}${PROCESS_NAME}-`))
  try {
    return await work(diskStore(folder))
  } finally {
    await rm(folder, { force: true, recursive: true })
  }
}

/** Files of processes that are gone: a killed build leaves nothing behind for good. Of other machines it is not known, but a day is enough. */
async function removeOrphans(folder: string, ownerOf = async (path: string) => basename(path)): Promise<void> {
  for (const name of (await ifWritable(() => readdir(folder))) ?? []) {
    await ifWritable(async () => {
      const path = join(folder, name)
      if (hasEnded(await ownerOf(path)) ?? Math.abs(Date.now() - (await stat(path)).mtimeMs) > DAY)
        await rm(path, { force: true, recursive: true })
    })
  }
}

const DAY = 24 * 60 * 60 * 1000
const TEMPORARY = 'imagemill-'

/** The same for temporary stores. They share their folder with everyone, so only names that are surely ours count. */
async function removeTemporaryStores(): Promise<void> {
  const names = (await ifWritable(() => readdir(tmpdir()))) ?? []
  const orphans = names.filter((name) => name.startsWith(TEMPORARY) && hasEnded(name.slice(TEMPORARY.length)))
  await Promise.all(orphans.map((name) => ifWritable(() => rm(join(tmpdir(), name), { force: true, recursive: true }))))
}
