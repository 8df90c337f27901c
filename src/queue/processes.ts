import { fileURLToPath } from 'node:url'
import { Tinypool } from 'tinypool'
import type { Answer, Task } from '../engine/worker.ts'
import type { Report } from '../engine/work.ts'
import { ImagemillError } from '../errors.ts'

/** Time an unused process is kept for the next image, in ms. */
const IDLE = 10_000

/** Time a new process may take until it first reports, in ms. */
const START = 30_000

export interface Processes {
  /** Runs a task in a process of its own. `deadline` ms after each report the process is killed. */
  run(task: Task, deadline: number, onReport?: (report: Report) => void): Promise<Answer>
  close(): Promise<void>
}

/** Child processes that run `engine/worker.ts`; they start when there is work and never keep the parent alive. */
export function openProcesses(count: number): Processes {
  const { NODE_OPTIONS: _, ...env } = process.env
  let pool: Tinypool | undefined
  const open = (): Tinypool =>
    new Tinypool({
      filename: fileURLToPath(new URL('../engine/worker.js', import.meta.url)),
      name: 'run',
      runtime: 'child_process',
      minThreads: 0,
      maxThreads: count,
      idleTimeout: IDLE,
      // One image at a time and one thread for it: more of libuv's would only hold memory.
      env: { ...env, UV_THREADPOOL_SIZE: '2' },
      execArgv: [],
    })
  return {
    async run(task, deadline, onReport) {
      pool ??= open()
      const abort = new AbortController()
      let timer = setTimeout(() => abort.abort(), START + deadline)
      const channel = {
        postMessage(report: Report) {
          clearTimeout(timer)
          timer = setTimeout(() => abort.abort(), deadline)
          onReport?.(report)
        },
      }
      try {
        const answer: Answer = await pool.run(task, { signal: abort.signal, channel })
        return answer
      } catch (error) {
        throw ended(error, abort.signal.aborted, deadline)
      } finally {
        clearTimeout(timer)
      }
    },
    async close() {
      const closing = pool
      pool = undefined
      await closing?.destroy()
    },
  }
}

function ended(error: unknown, timedOut: boolean, deadline: number): ImagemillError {
  if (timedOut) {
    return new ImagemillError({ code: 'TIMEOUT', message: `the image was not ready within ${deadline / 1000} s and its worker was stopped`, hint: 'Ask for a smaller size or a lower `effort`, or raise `limits.timeout` in the options of the plugin.' })
  }
  return new ImagemillError({ code: 'WORKER_CRASHED', message: `the worker process ended unexpectedly (${error instanceof Error ? error.message : String(error)})`, hint: 'The image may be made to break its decoder, or memory ran out; lower `concurrency` or remove the image.' }, { cause: error })
}
