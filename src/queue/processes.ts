import { fork, type ChildProcess } from 'node:child_process'
import { setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Answer, Message, Task } from '../engine/worker.ts'
import type { Report } from '../engine/work.ts'
import { ImagemillError, systemCode } from '../errors.ts'

/** Time an unused process is kept for the next image, in ms. */
const IDLE = 10_000

/** What a process may hold when it has nothing to do, in bytes; one that holds more has lost some, and is replaced. */
const MOST_HELD = 500_000_000

/** Time a new process may take until it is ready for work, in ms. */
const START = 30_000

export interface Processes {
  /** Runs a task in a process of its own. `deadline` ms after it got the task, and after each report, the process is killed. */
  run(task: Task, deadline: number, watch?: Watch): Promise<Answer>
  /** Kills those that wait for a task now, and the others after theirs. */
  rest(): void
  /** Kills all of them; what they are at fails as CANCELLED. */
  close(): Promise<void>
}

export interface Watch {
  onReport?(report: Report): void
  /** Aborted to have the process killed; the task fails as CANCELLED. */
  signal?: AbortSignal
}

/** Child processes that run `engine/worker.ts`; they start when there is work and never keep the parent alive when there is none. */
export function openProcesses(niceness = 0): Processes {
  const living = new Set<ChildProcess>()
  const idle = new Map<ChildProcess, NodeJS.Timeout>()
  const closing = new WeakSet<ChildProcess>()
  /** Those that take no other task. */
  const resting = new WeakSet<ChildProcess>()

  const start = (): ChildProcess => {
    const child = forkWorker()
    yieldTo(child, niceness)
    const forget = (): void => {
      living.delete(child)
      clearTimeout(idle.get(child))
      idle.delete(child)
    }
    living.add(child)
    // Without a listener, an error of a process that is at no task would end the parent.
    return child.on('close', forget).on('error', forget)
  }

  const takeIdle = (): ChildProcess | undefined => {
    for (const [child, timer] of idle) {
      clearTimeout(timer)
      idle.delete(child)
      if (child.connected) return child
    }
    return undefined
  }

  const keep = (child: ChildProcess, memory: number): void => {
    if (memory > MOST_HELD || resting.has(child)) return void child.kill('SIGKILL')
    idle.set(child, setTimeout(() => idle.delete(child) && child.kill('SIGKILL'), IDLE).unref())
  }

  return {
    async run(task, deadline, watch = {}) {
      const rested = takeIdle()
      const child = rested ?? start()
      const { answer, memory } = await converse(child, task, { deadline, ...watch, isNew: !rested }).catch((error: unknown) => {
        throw closing.has(child) ? cancelled(error) : error
      })
      keep(child, memory)
      return answer
    },
    rest() {
      for (const [child, timer] of idle) {
        clearTimeout(timer)
        child.kill('SIGKILL')
      }
      idle.clear()
      for (const child of living) resting.add(child)
    },
    async close() {
      // The end of a process is told by events that do not keep the parent alive by themselves.
      const awake = setInterval(() => undefined, 1000)
      await Promise.all(
        [...living].map(
          (child) =>
            new Promise((resolve) => {
              closing.add(child)
              child.once('exit', resolve).once('close', resolve)
              if (!child.kill('SIGKILL')) resolve(undefined)
            }),
        ),
      )
      clearInterval(awake)
    },
  }
}

/** Where a process cannot be made nicer, it goes on as it is. */
function yieldTo({ pid }: ChildProcess, niceness: number): void {
  try {
    if (pid !== undefined && niceness > 0) setPriority(pid, niceness)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
}

function forkWorker(): ChildProcess {
  const { NODE_OPTIONS: _, ...env } = process.env
  try {
    // One image at a time and one thread for it: more of libuv's, or of glibc's arenas, would only hold memory. What a command
    // prints is the parent's alone, but the last words of a dying process are for a person to read.
    const child = fork(fileURLToPath(new URL('../engine/worker.js', import.meta.url)), {
      env: { MALLOC_ARENA_MAX: '1', ...env, UV_THREADPOOL_SIZE: '2' },
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    child.channel?.unref()
    return child
  } catch (error) {
    throw crashed(`it could not be started: ${String(error)}`, error)
  }
}

/** Gives a process a task and waits for the answer, or for its end. Its last reports are heard before its `close`. */
function converse(
  child: ChildProcess,
  task: Task,
  { deadline, onReport, signal, isNew }: Watch & { deadline: number; isNew: boolean },
): Promise<{ answer: Answer; memory: number }> {
  return new Promise((resolve, reject) => {
    let failure: ImagemillError | undefined
    let timer: NodeJS.Timeout
    const allow = (ms: number, why: ImagemillError): void => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        failure = why
        child.kill('SIGKILL')
      }, ms)
    }
    const onMessage = (message: Message): void => {
      if (message.type === 'answer') return finish(() => resolve(message))
      allow(deadline, late(deadline))
      if (message.type === 'report') onReport?.(message.report)
    }
    const onClose = (code: number | null, name: string | null): void =>
      finish(() => reject(failure ?? crashed(name === null ? `exit code ${code}` : name)))
    const onError = (error: Error): void => finish(() => reject(failure ?? crashed(error.message, error)))
    const stop = (): void => {
      failure = cancelled()
      child.kill('SIGKILL')
    }
    const finish = (settle: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
      child.off('message', onMessage).off('close', onClose).off('error', onError)
      child.unref()
      child.channel?.unref()
      settle()
    }
    child.on('message', onMessage).on('close', onClose).on('error', onError)
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop, { once: true })
    hold(child)
    if (isNew) allow(START, crashed(`it was not ready within ${START / 1000} s`))
    else allow(deadline, late(deadline))
    // That the process is gone by now is told by `close`.
    child.send(task, () => undefined)
  })
}

/** Keeps the parent alive until the process says something or is gone; of its end the channel is told last. */
function hold(child: ChildProcess): void {
  child.ref()
  child.channel?.ref()
}

function late(deadline: number): ImagemillError {
  return new ImagemillError({
    code: 'TIMEOUT',
    message: `the image was not ready within ${deadline / 1000} s and its worker was stopped`,
    hint: 'Ask for a smaller size or a lower `effort`, or raise `limits.timeout` in the options of the plugin.',
  })
}

function crashed(reason: string, cause?: unknown): ImagemillError {
  return new ImagemillError(
    {
      code: 'WORKER_CRASHED',
      message: `the worker process ended unexpectedly (${reason})`,
      hint: 'The image may be made to break its decoder, or memory ran out; lower `concurrency` or remove the image.',
    },
    { cause },
  )
}

export function cancelled(cause?: unknown): ImagemillError {
  return new ImagemillError(
    { code: 'CANCELLED', message: 'the image was not made because the build or the server was closed', hint: 'Start it again.' },
    { cause },
  )
}
