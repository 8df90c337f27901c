import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemCode } from '../errors.ts'
import { makingFolderSync, remove } from '../files.ts'
import { PROCESS_NAME, hasEnded } from '../process-name.ts'
import { LAYOUT, WRITTEN } from './disk.ts'

/** First and longest pause between two looks at what another one makes, in ms. */
const FIRST_PAUSE = 20
const LONGEST_PAUSE = 250

export interface Making<T> {
  /** Time without any progress after which nobody is waited for any longer, in ms. */
  patience: number
  /** What is in the store. */
  find(): T | undefined
  make(): Promise<T>
}

/**
 * Makes what a key stands for, unless someone else does already, in this process or another: then waits for it.
 * Who makes it says so by a file. It is only a hint: when it is wrong, the same bytes are made twice, no more.
 */
export async function once<T>(folder: string, key: string, { patience, find, make }: Making<T>): Promise<T> {
  const claim = join(folder, LAYOUT, 'claims', key)
  let pause = FIRST_PAUSE
  let progress = ''
  let since = performance.now()
  while (!take(claim)) {
    await sleep(pause)
    pause = Math.min(1.5 * pause, LONGEST_PAUSE)
    const found = find()
    if (found !== undefined) return found
    const now = `${modified(claim)} ${modified(join(folder, LAYOUT, WRITTEN))}`
    if (now !== progress) since = performance.now()
    progress = now
    if (hasEnded(readText(claim)) || performance.now() - since > patience) remove(claim)
  }
  try {
    return find() ?? (await make())
  } finally {
    remove(claim)
  }
}

/** At once, not later: what is asked for in one turn is to be made in one batch. Where nothing can be written, everyone is free to go on. */
function take(claim: string): boolean {
  const write = (): void => writeFileSync(claim, `${PROCESS_NAME}-`, { flag: 'wx' })
  try {
    makingFolderSync(dirname(claim), write)
    return true
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return systemCode(error) !== 'EEXIST'
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It is gone: the next try takes it.
    return ''
  }
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
