import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemCode } from './errors.ts'

/** Errors that say a folder cannot be written to, now or ever. */
const UNWRITABLE: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST', 'EIO', 'EMFILE', 'ENFILE', 'EISDIR', 'ENAMETOOLONG'])

export function isUnwritable(error: unknown): boolean {
  return UNWRITABLE.has(systemCode(error))
}

/**
 * Writes a whole file or none of it: readers never see a part, and a killed process leaves only a file in `temp`.
 * Its name starts with the id of the process, so that a later run knows when it is an orphan.
 */
export async function writeAtomic(path: string, data: string | Uint8Array, temp: string): Promise<void> {
  const part = join(temp, `${process.pid}-${randomBytes(8).toString('hex')}`)
  try {
    await makingFolder(temp, () => writeFile(part, data, { flag: 'wx' }))
    await makingFolder(dirname(path), () => rename(part, path))
  } catch (error) {
    await rm(part, { force: true })
    throw error
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
