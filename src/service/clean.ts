import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pipeline } from '../pipeline.ts'
import { filesOf, ignoreGone } from '../store/entries.ts'
import type { Log } from './context.ts'
import type { Idempotency } from './idempotency.ts'
import type { Journal } from './journal.ts'

export interface CleanerOptions {
  journal: Journal
  idempotency: Idempotency
  pipeline: Pipeline
  /** Folder of all results. */
  results: string
  /** How long results are kept, in ms. */
  lifetime: number
  /** Most bytes of results; those made longest ago go first. */
  most: number
  log: Log
}

/** Between two looks, in ms. */
const PAUSE = 60_000

/** Removes what has had its time, now and then. */
export function openCleaner(options: CleanerOptions): { close(): Promise<void> } {
  const { log } = options
  let working = Promise.resolve()
  const turn = (): void => {
    working = clean(options).catch((error: unknown) => log({ level: 'error', message: `cleaning failed: ${String(error)}` }))
  }
  turn()
  const timer = setInterval(turn, Math.min(PAUSE, Math.max(1000, options.lifetime / 2))).unref()
  return {
    async close() {
      clearInterval(timer)
      await working
    },
  }
}

async function clean({ journal, idempotency, pipeline, results, lifetime, most, log }: CleanerOptions): Promise<void> {
  const before = Date.now() - lifetime
  // What is known of a job goes with its results: nothing points to what is not there.
  const gone = await journal.expire(before)
  for (const id of gone) await rm(join(results, id), { recursive: true, force: true })
  await idempotency.expire(before)
  const freed = await shrink(results, most)
  if (gone.length > 0 || freed > 0) log({ level: 'info', message: 'results removed', expired: gone.length, for_space: freed })
  await pipeline.tidy()
  pipeline.forget()
}

/** Brings all results to a size; answers how many jobs have lost theirs before their time. */
async function shrink(folder: string, most: number): Promise<number> {
  const jobs: { path: string; bytes: number; at: number }[] = []
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const facts = await Promise.all((await filesOf(path)).map((file) => stat(file).catch(ignoreGone)))
    const sizes = facts.filter((file) => file !== undefined)
    jobs.push({ path, bytes: sizes.reduce((sum, { size }) => sum + size, 0), at: Math.max(0, ...sizes.map(({ mtimeMs }) => mtimeMs)) })
  }
  let total = jobs.reduce((sum, { bytes }) => sum + bytes, 0)
  let freed = 0
  for (const { path, bytes } of jobs.sort((a, b) => a.at - b.at)) {
    if (total <= most) break
    await rm(path, { recursive: true, force: true })
    total -= bytes
    freed++
  }
  return freed
}
