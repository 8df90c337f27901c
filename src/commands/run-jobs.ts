import { asImagemillError } from '../errors.ts'
import { openClaims } from '../jobs/claims.ts'
import type { Run } from '../jobs/context.ts'
import { failureRecord } from '../jobs/failure.ts'
import type { Pipeline } from '../pipeline.ts'
import { pipelineOf } from '../plugin/open.ts'
import type { Engine } from './engine.ts'
import type { Interrupt } from './interrupt.ts'
import { openProgress, type Audience } from './progress.ts'
import type { Expected } from '../progress/tally.ts'

/** What is done for one item, in any order; it never throws. `run` is shared by all. */
export type Work<T> = (item: T, run: Run) => Promise<{ success: boolean }>

/** What is told of a run while it lasts. */
export interface Telling<T> {
  audience: Audience
  /** How an item is called, and about how much work it is. */
  about(item: T): { name: string; work: number }
  expected?: Expected | undefined
}

/** Jobs between two times of bringing the cache back to its size. */
const TIDY = 1000

/**
 * Does many jobs side by side and prints one line of JSON for each, in their order. Answers the exit code.
 * Of a run that is interrupted, what was begun is told; what was done stays.
 */
export async function runJobs<T>(
  items: AsyncIterable<T>,
  work: Work<T>,
  { options, folder }: Engine,
  interrupt: Interrupt,
  { audience, about, expected }: Telling<T>,
): Promise<number> {
  const { signal } = interrupt
  const progress = openProgress(audience, expected)
  const pipeline = pipelineOf(options, folder, { warn: (error) => progress.say(error.message) })
  const run: Run = { pipeline, cwd: process.cwd(), claims: openClaims(), signal, warn: progress.say }
  const slots = openSlots(windowOf(options.concurrency))
  let [done, failed] = [0, 0]

  const give = async (record: { success: boolean }): Promise<void> => {
    // What is left undone after an interruption has not failed.
    if (!record.success && !signal.aborted) failed++
    progress.makeRoom()
    await print(`${JSON.stringify(record)}\n`)
    if (++done % TIDY === 0) {
      await pipeline.tidy()
      pipeline.forget()
    }
    slots.give()
  }

  const followed = async (item: T): Promise<{ success: boolean }> => {
    const { name, work: weight } = about(item)
    const ended = progress.begin(name, weight)
    let isMade = false
    const record = await work(item, { ...run, pipeline: watched(pipeline, () => (isMade = true)) })
    ended(!record.success ? 'failed' : isMade ? 'made' : 'cached')
    return record
  }

  let printed = Promise.resolve()
  for await (const item of items) {
    await slots.take()
    if (signal.aborted) break
    const working = followed(item)
    printed = printed.then(async () => give(await working))
    // Told by the last one, which waits for all; until then it must not end the process.
    printed.catch(() => undefined)
  }
  await printed
  const damaged = await pipeline.damaged()
  if (damaged > 0) progress.say(`${damaged} damaged entries of the cache were made anew`)
  await pipeline.close()
  progress.end()
  return interrupt.code() ?? (failed > 0 ? 1 : 0)
}

/** A pipeline that tells of what was not in the cache. */
function watched(pipeline: Pipeline, made: () => void): Pipeline {
  const tell = <T extends { cached: boolean }>(stored: T): T => {
    if (!stored.cached) made()
    return stored
  }
  return {
    ...pipeline,
    make: async (planned, signal) => tell(await pipeline.make(planned, signal)),
    fact: async (planned) => tell(await pipeline.fact(planned)),
  }
}

/** Jobs that wait for one that comes before them are held: enough that no process waits for work, few enough for any memory. */
function windowOf(concurrency: number): number {
  return 8 + 4 * concurrency
}

function openSlots(free: number): { take(): Promise<void>; give(): void } {
  const waiting: (() => void)[] = []
  return {
    async take() {
      if (free-- > 0) return
      await new Promise<void>((resolve) => waiting.push(resolve))
    },
    give() {
      free++
      waiting.shift()?.()
    },
  }
}

/** Waits until the text is with whoever reads it; that nobody does any longer is told by an event. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()))
}

/** What a job that could not be read answers. */
export function unreadable(error: unknown): { success: boolean } {
  return failureRecord('unknown', asImagemillError(error), 0)
}
