import { ImagemillError } from '../errors.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Claims, Turn } from './claims.ts'

/** What all jobs of a run share. */
export interface Run {
  pipeline: Pipeline
  /** Absolute path of the folder that the paths of jobs start from. */
  cwd: string
  claims: Claims
  /** Aborted when the run is to end early. */
  signal: AbortSignal
  warn(message: string): void
  /** Told how many of a job's outputs are made, when the turn of one has come and after each. */
  progress?(done: number, total: number): void
}

/** What one job works with. */
export interface JobContext extends Run {
  turn: Turn
}

/** Waits for work, but no longer than the run lasts: what it was at is left as it is. */
export function whileRunning<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void =>
      reject(
        new ImagemillError({ code: 'CANCELLED', message: 'the job was not done because the command was stopped', hint: 'Start it again.' }),
      )
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
