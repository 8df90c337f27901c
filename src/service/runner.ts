import { setMaxListeners } from 'node:events'
import { cancelledDone } from './cancelled.ts'
import type { JobStatus } from './documents.ts'
import type { Estimate } from './estimate.ts'
import type { AcceptedJob, EndedJob, EndStatus } from './job.ts'
import type { Journal } from './journal.ts'
import { openLine } from './line.ts'
import type { Live, LiveJob } from './live.ts'
import type { Done } from './work.ts'

export interface RunnerOptions {
  journal: Journal
  /** Most jobs under way at a time. */
  lanes: number
  /** How often a job is tried whose failure may not last. */
  attempts: number
  /** First pause before a job is tried again, in ms. */
  backoff: number
  work(job: AcceptedJob, context: { signal: AbortSignal; progress(done: number, total: number): void }): Promise<Done>
  /** Told when a job is at its end and before anyone else is; it is told again when the process ended meanwhile. */
  onEnd(job: EndedJob): Promise<void>
  /** Told of everything that changes. */
  onChange(job: LiveJob | EndedJob): void
  onError(error: unknown): void
}

/** Takes jobs from where they wait to their end. */
export interface Runner {
  /** Jobs that have not ended, the oldest first. */
  live: ReadonlyMap<string, Live>
  waiting: readonly Live[]
  running: ReadonlySet<Live>
  add(job: Live): void
  /** Takes a job out of those that wait; false for one that is under way. */
  withdraw(job: Live): boolean
  /** The one way in which a job ends. */
  finish(job: Live, status: EndStatus, accepted: AcceptedJob, done: Done): Promise<void>
  close(grace_ms: number): Promise<void>
}

/** Pause before a job is tried again that failed for no reason of its own, in ms. */
const LATER = 5000

export function openRunner(options: RunnerOptions, estimate: Estimate): Runner {
  const { journal, lanes, attempts, backoff, work, onEnd, onChange, onError } = options
  const live = new Map<string, Live>()
  const state = { closing: false }

  /** The journal cannot be read or written, as on a full disk: the job is there still, and done when it can. */
  const abandon = (job: Live, error: unknown): void => {
    onError(error)
    if (live.has(job.id)) again(job, LATER)
  }

  const run = async (job: Live): Promise<void> => {
    const accepted = await journal.read(job.id)
    if (!accepted) {
      live.delete(job.id)
      job.settle(undefined)
      throw new TypeError(`someone has removed ${job.id} from the journal`)
    }
    job.attempt++
    const controller = new AbortController()
    // Every output of a job listens.
    setMaxListeners(0, controller.signal)
    job.controller = controller
    if (job.cancelled) controller.abort()
    job.started_ms ??= Math.max(job.queued_ms, Date.now())
    if (job.attempt === 1) move(job, 'pending', 1, onChange)
    const done = await work(accepted, { signal: controller.signal, progress: progressOf(job, onChange) })
    const { record } = done
    if (record.success) {
      if (job.attempt === 1) estimate.learn(job.weight, record.elapsed_ms / 1000)
      return finish(job, done.main ? 'completed' : 'failed', accepted, done)
    }
    if (job.cancelled) return finish(job, 'cancelled', accepted, cancelledDone(accepted))
    const mayPass = record.retryable === true && (state.closing || job.attempt < attempts)
    // Those that failed together are not tried together.
    if (mayPass) return again(job, backoff * 4 ** (job.attempt - 1) * (0.75 + Math.random() / 2))
    await finish(job, 'failed', accepted, done)
  }

  /** Tries a job again after a pause; when the service closes, after its next start. */
  const again = (job: Live, pause: number): void => {
    if (state.closing) return job.settle(undefined)
    const begin = (): void => {
      delete job.timer
      line.add(job, true)
    }
    job.timer = setTimeout(begin, pause)
  }

  const finish: Runner['finish'] = async (job, status, accepted, done) => {
    const ended = endedJob(job, status, accepted, done)
    await journal.end(ended)
    await onEnd(ended)
    await journal.close(job.id)
    live.delete(job.id)
    onChange(ended)
    job.settle(ended)
    for (const listener of job.listeners) listener()
  }

  const line = openLine(lanes, (job) => run(job).catch((error: unknown) => abandon(job, error)))

  return {
    live,
    waiting: line.waiting,
    running: line.running,
    finish,
    add(job) {
      live.set(job.id, job)
      onChange(job)
      line.add(job)
    },
    withdraw(job) {
      const isWaiting = line.withdraw(job) || job.timer !== undefined
      clearTimeout(job.timer)
      delete job.timer
      return isWaiting
    },
    async close(grace_ms) {
      state.closing = true
      line.stop()
      for (const job of live.values()) clearTimeout(job.timer)
      const running = [...line.running]
      const stop = setTimeout(() => running.forEach((job) => job.controller?.abort()), grace_ms)
      await Promise.all(running.map((job) => job.ended))
      clearTimeout(stop)
    },
  }
}

function endedJob({ started_ms, begun_ms, attempt }: Live, status: EndStatus, accepted: AcceptedJob, done: Done): EndedJob {
  // A clock that is set back makes no time negative.
  const started = begun_ms ?? started_ms ?? Math.max(accepted.queued_ms, Date.now())
  return { ...accepted, end: { status, started_ms: started, ended_ms: Math.max(started, Date.now()), attempts: attempt, ...done } }
}

/** Told first when the turn of one of a job's outputs has come. */
function progressOf(job: Live, onChange: (job: LiveJob) => void): (done: number, total: number) => void {
  return (done, total) => {
    job.begun_ms ??= Math.max(job.started_ms ?? 0, Date.now())
    move(job, 'processing', 5 + (90 * done) / Math.max(1, total), onChange)
  }
}

function move(job: Live, status: JobStatus, progress: number, onChange: (job: LiveJob) => void): void {
  job.status = status
  job.progress = Math.max(job.progress, Math.floor(progress))
  onChange(job)
  for (const listener of job.listeners) listener()
}
