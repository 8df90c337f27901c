import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ImagemillError, systemCode } from '../errors.ts'
import { PROCESS_NAME, hasEnded } from '../process-name.ts'
import { ignoreGone } from '../store/entries.ts'

/** Has a folder for this process alone: two services on one would do its jobs twice. Answers how to give it back. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'lock')
  for (;;) {
    try {
      await writeFile(path, `${PROCESS_NAME}-`, { flag: 'wx' })
      return () => rm(path, { force: true })
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
    }
    const owner = (await readFile(path, 'utf8').catch(ignoreGone)) ?? ''
    // In a container every process has the number of the one before it.
    if (owner !== `${PROCESS_NAME}-` && hasEnded(owner) === false) throw taken(owner)
    await rm(path, { force: true })
  }
}

function taken(owner: string): ImagemillError {
  return new ImagemillError({
    code: 'INVALID_OPTION',
    message: `the folder of the service is used by another process (${owner.replace(/-.*/, '')})`,
    hint: 'End that one, or give this one a folder of its own with --out.',
  })
}
