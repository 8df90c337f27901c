import { randomBytes } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ImagemillError, systemCode } from '../errors.ts'
import { isUnwritable, remove } from '../files.ts'
import { PROCESS_NAME, hasEnded } from '../process-name.ts'
import { invalidJob } from './invalid.ts'

/** A file to write: its absolute path, and the same as the job writes it. */
export interface Target {
  file: string
  path: string
}

const PART = '.imagemill-'

/** Removes from a folder what processes that were killed have left half written. */
export function removeParts(folder: string): void {
  const parts = namesIn(folder).filter((name) => name.startsWith(PART) && hasEnded(name.slice(PART.length)))
  for (const name of parts) remove(join(folder, name))
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    // Whether it can be made and written to is found out when it is.
    if (systemCode(error) === undefined) throw error
    return []
  }
}

/** Writes a whole file or none of it; what was there before stays until the new one is complete. */
export async function writeWhole({ file, path }: Target, bytes: Uint8Array): Promise<void> {
  const part = join(dirname(file), `${PART}${PROCESS_NAME}-${randomBytes(6).toString('hex')}`)
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(part, bytes, { flag: 'wx' })
    await rename(part, file)
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined)
    if (isUnwritable(error)) throw unwritable(path, error)
    throw error
  }
}

function unwritable(path: string, cause: unknown): ImagemillError {
  const code = systemCode(cause)
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  return new ImagemillError(
    {
      code: full ? 'DISK_FULL' : 'OUTPUT_UNWRITABLE',
      message: `the output file ${path} cannot be written (${code})`,
      hint: full ? 'Free some space on the disk.' : 'Check the permissions of its folder, and that no file or folder is in its place.',
    },
    { cause },
  )
}

/** An image is never written over the one it is made from, by whatever spelling or link. */
export function refuseInput(input: string, targets: readonly Target[]): void {
  const source = identity(input)
  const same = source === undefined ? undefined : targets.find(({ file }) => identity(file) === source)
  if (same) throw invalidJob(`the output ${same.path} is the input file`, 'Name another file or folder to write to.')
}

function identity(path: string): string | undefined {
  try {
    const facts = statSync(path, { bigint: true, throwIfNoEntry: false })
    return facts && `${facts.dev} ${facts.ino}`
  } catch (error) {
    // Whether it can be written is found out when it is.
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}
