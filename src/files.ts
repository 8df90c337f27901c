import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemCode } from './errors.ts'
import { PROCESS_NAME } from './process-name.ts'

/** Errors that say a folder cannot be written to, now or ever. ENOENT is what Node.js says of a new folder on a read-only disk. */
const UNWRITABLE: ReadonlySet<string | undefined> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOSPC',
  'EDQUOT',
  'ENOTDIR',
  'ENOENT',
  'EEXIST',
  'EIO',
  'EMFILE',
  'ENFILE',
  'EISDIR',
  'ENAMETOOLONG',
  'EBUSY',
  'ENOTEMPTY',
])

export function isUnwritable(error: unknown): boolean {
  return UNWRITABLE.has(systemCode(error))
}

/** What is said when folders go while they are made or written to; ENOTDIR is Node.js's word for it in a recursive `mkdir`. */
const DISTURBED: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR'])

/** Someone may empty the folder while it is written to; three times in a row is not by chance. */
const ATTEMPTS = 3

/**
 * Writes a whole file or none of it: readers never see a part, and a killed process leaves only a file in `temp`.
 * Its name starts with that of the process, so that a later run knows when it is an orphan.
 */
export async function writeAtomic(path: string, data: string | Uint8Array, temp: string): Promise<void> {
  const part = join(temp, `${PROCESS_NAME}-${randomBytes(8).toString('hex')}`)
  for (let attempt = 1; ; attempt++) {
    try {
      await makingFolder(temp, () => writeFile(part, data, { flag: 'wx' }))
      return await makingFolder(dirname(path), () => rename(part, path))
    } catch (error) {
      await rm(part, { force: true })
      const code = systemCode(error)
      if (!DISTURBED.has(code) || attempt === ATTEMPTS) throw error
      // A folder in the place of the file is damage.
      if (code === 'EISDIR') await rm(path, { recursive: true, force: true })
    }
  }
}

/** Most bytes of one read, which Node.js limits. */
const MOST = 2 ** 30

/** All bytes of a file at once: `readFile` asks for half a megabyte at a time, which takes several times as long. */
export async function readWhole(path: string): Promise<Buffer> {
  const handle = await open(path)
  try {
    const { size } = await handle.stat()
    const bytes = Buffer.allocUnsafeSlow(size)
    let filled = 0
    while (filled < size) {
      const { bytesRead } = await handle.read(bytes, filled, Math.min(size - filled, MOST))
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  } finally {
    await handle.close()
  }
}

/** Folders nearly always exist already, so they are made only when the work says they do not. */
async function makingFolder(folder: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    await mkdir(folder, { recursive: true })
    await work()
  }
}

export function makingFolderSync(folder: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    mkdirSync(folder, { recursive: true })
    work()
  }
}

/** Runs work that nothing depends on: where it cannot write, it is left undone. */
export async function ifWritable<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (isUnwritable(error)) return undefined
    throw error
  }
}

/** Removes a file, or a folder in its place with all that is in it; false where that is not possible, as on a read-only disk. */
export function remove(path: string): boolean {
  try {
    rmSync(path, { force: true, recursive: true })
    return true
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return false
  }
}
