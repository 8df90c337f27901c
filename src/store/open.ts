import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ImagemillError, systemCode } from '../errors.ts'
import { isUnwritable, writeAtomic } from '../files.ts'
import { LAYOUT, diskStore } from './disk.ts'
import type { Store } from './store.ts'

/** https://bford.info/cachedir/ : backup programs leave such a folder out. */
const CACHEDIR_TAG = 'Signature: 8a477f597d28d172789f06886806bc55\n# Made by imagemill; it can be deleted at any time.\n'

/** Opens a folder as a store; an unusable one is an error with the code STORE_UNUSABLE. */
export async function openStore(folder: string): Promise<Store> {
  const temp = join(folder, LAYOUT, 'tmp')
  const marker = join(folder, LAYOUT, 'runs', `${process.pid}-${randomBytes(4).toString('hex')}`)
  try {
    // Says that this process runs, so that others leave alone what it uses; and tries whether the folder can be written.
    await writeAtomic(marker, '', temp)
    if (!existsSync(join(folder, 'CACHEDIR.TAG'))) await writeAtomic(join(folder, 'CACHEDIR.TAG'), CACHEDIR_TAG, temp)
  } catch (error) {
    throw unusable(folder, error)
  }
  await removeOrphans(temp)
  await removeOrphans(join(folder, LAYOUT, 'runs'))
  return diskStore(folder, () => rm(marker, { force: true }))
}

function unusable(folder: string, cause: unknown): unknown {
  if (!isUnwritable(cause)) return cause
  return new ImagemillError({ code: 'STORE_UNUSABLE', message: `the cache folder ${folder} cannot be written (${systemCode(cause)})`, hint: 'Images are made anew in every build until it can; check its permissions and the free space, or set `cache.dir`.' }, { cause })
}

/**
 * What to use when a store cannot be written to: what is in it is still read, and new entries go
 * to a folder of this process that is removed when the store is closed.
 */
export async function temporaryStore(below: Store): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'imagemill-'))
  const above = diskStore(folder)
  return {
    folder,
    get damaged() {
      return above.damaged + below.damaged
    },
    get: (key) => above.get(key) ?? below.get(key),
    read: async (key, blob) => (above.get(key) ? above.read(key, blob) : below.read(key, blob)),
    put: (key, value, bytes) => above.put(key, value, bytes),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Temporary files of processes that are gone: a killed build leaves nothing behind for good. */
async function removeOrphans(temp: string): Promise<void> {
  const names = await readdir(temp)
  const orphans = names.filter((name) => !isRunning(Number.parseInt(name, 10)))
  await Promise.all(orphans.map((name) => unlink(join(temp, name)).catch(ignoreGone)))
}

export function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid)) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

function ignoreGone(error: unknown): void {
  if (systemCode(error) !== 'ENOENT') throw error
}

