import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ImagemillError, systemCode } from '../errors.ts'
import { isUnwritable } from '../files.ts'
import { PROCESS_NAME } from '../process-name.ts'
import { invalidJob } from './invalid.ts'

/** Writes a whole file or none of it; what was there before stays until the new one is complete. */
export async function writeFileWhole(path: string, bytes: Uint8Array): Promise<void> {
  const part = join(dirname(path), `.imagemill-${PROCESS_NAME}-${randomBytes(6).toString('hex')}`)
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(part, bytes, { flag: 'wx' })
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined)
    if (!isUnwritable(error)) throw error
    throw new ImagemillError(
      {
        code: 'OUTPUT_UNWRITABLE',
        message: `the output file ${path} cannot be written (${systemCode(error)})`,
        hint: 'Check the permissions of its folder, that no file or folder is in its place, and the free space.',
      },
      { cause: error },
    )
  }
}

/** An image is never written over the one it is made from, by whatever spelling or link. */
export function refuseInput(input: string, outputs: readonly string[]): void {
  const source = identity(input)
  for (const output of outputs) {
    if (source === undefined || identity(output) !== source) continue
    throw invalidJob(`the output ${output} is the input file`, 'Name another file or folder to write to.')
  }
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
