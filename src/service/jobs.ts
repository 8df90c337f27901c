import { setMaxListeners } from 'node:events'
import { ImagemillError } from '../errors.ts'
import { failureRecord } from '../jobs/failure.ts'
import type { JobStatus } from './documents.ts'
import { openEstimate } from './estimate.ts'
import type { AcceptedJob, EndedJob, EndStatus } from './job.ts'
import type { Journal } from './journal.ts'
import type { Done } from './work.ts'

/** What is seen of a job that has not ended. */
export interface LiveJob {
  id: string
  operation: string
  endpoint: string
  status: JobStatus
  /** Per cent; never less than before. */
  progress: number
  queued_ms: number
  weight: number
  started_ms?: number
}

export type Seen = { live: LiveJob } | { ended: EndedJob }

export interface JobsOptions {
  journal: Journal
  /** Most jobs under way at a time. */
  lanes: number
  /** Most jobs that wait. */
  queueLimit: number
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

/** All jobs of a service, from the moment they are taken. */
export interface Jobs {
  /** Takes a job, which from then on is done whatever happens; false when too many wait. */
  submit(job: AcceptedJob): Promise<boolean>
  /** Undefined for a job that never was, or is forgotten. */
  find(id: string): Promise<Seen | undefined>
  /** A job as it was taken. */
  accepted(id: string): Promise<AcceptedJob | undefined>
  /** Stops a job; answers how it ended, or undefined when there is none. */
  cancel(id: string): Promise<EndedJob | undefined>
  /** Calls back on every change of a job until it has ended; answers how to stop. */
  watch(id: string, listener: () => void): () => void
  /** Jobs that have not ended, the oldest first. */
  list(): LiveJob[]
  counts(): { queued: number; running: number }
  /** s until a job that is as much work would be done, were it taken now. */
  estimate(operation: string, weight: number): number
  /** s until a job will be done. */
  left(job: LiveJob): number
  /** Lets what is under way end, for so many ms; what has not ended then is stopped, and done after the next start. */
  close(grace_ms: number): Promise<void>
}

interface Live extends LiveJob {
  controller: AbortController
  cancelled: boolean
  attempt: number
  listeners: Set<() => void>
  timer?: NodeJS.Timeout
  ended: Promise<EndedJob | undefined>
  settle(job: EndedJob | undefined): void
}

/** Pause before a job is tried again that failed for no reason of its own, in ms. */
const LATER = 5000

export async function openJobs(options: JobsOptions): Promise<Jobs> {
  const { journal, lanes, queueLimit, attempts, backoff, work, onEnd, onChange, onError } = options
  const estimate = openEstimate()
  const live = new Map<string, Live>()
  const waiting: Live[] = []
  const running = new Set<Live>()
  let taking = 0
  let closing = false

  const changed = (job: Live): void => {
    onChange(job)
    for (const listener of job.listeners) listener()
  }

  const move = (job: Live, status: JobStatus, progress: number): void => {
    job.status = status
    job.progress = Math.max(job.progress, progress)
    changed(job)
  }

  const fill = (): void => {
    while (!closing && running.size < lanes) {
      const job = waiting.shift()
      if (!job) return
      running.add(job)
      void run(job)
        .catch((error: unknown) => abandon(job, error))
        .finally(() => {
          running.delete(job)
          fill()
        })
    }
  }

  /** The journal cannot be read or written, as on a full disk: the job is there still, and done when it can. */
  const abandon = (job: Live, error: unknown): void => {
    onError(error)
    if (closing) job.settle(undefined)
    else again(job, LATER)
  }

  const run = async (job: Live): Promise<void> => {
    const accepted = await journal.read(job.id)
    if (!accepted) throw new TypeError(`the journal has lost ${job.id}`)
    job.attempt++
    job.started_ms ??= Math.max(job.queued_ms, Date.now())
    if (job.attempt === 1) move(job, 'pending', 1)
    const progress = (done: number, total: number): void => move(job, 'processing', 5 + Math.floor((90 * done) / Math.max(1, total)))
    const { signal } = job.controller
    const done = await work(accepted, { signal, progress })
    if (!done.record.success) {
      if (job.cancelled) return finish(job, accepted, 'cancelled', done)
      // Closing: it is in the journal and begins again after the next start.
      if (closing && (signal.aborted || done.record.retryable)) return job.settle(undefined)
      if (done.record.retryable && job.attempt < attempts) return retry(job)
    }
    if (done.record.success) estimate.learn(job.operation, job.weight, (Date.now() - job.started_ms) / 1000)
    await finish(job, accepted, done.main ? 'completed' : 'failed', done)
  }

  // Those that failed together are not tried together.
  const retry = (job: Live): void => again(job, backoff * 4 ** (job.attempt - 1) * (0.75 + Math.random() / 2))

  const again = (job: Live, pause: number): void => {
    job.timer = setTimeout(() => {
      delete job.timer
      waiting.unshift(job)
      fill()
    }, pause)
  }

  /** The one place where a job ends. */
  const finish = async (job: Live, accepted: AcceptedJob, status: EndStatus, done: Done): Promise<void> => {
    const started_ms = job.started_ms ?? Math.max(job.queued_ms, Date.now())
    const ended: EndedJob = { ...accepted, end: { status, started_ms, ended_ms: Math.max(started_ms, Date.now()), ...done } }
    await journal.end(ended)
    await onEnd(ended)
    await journal.close(job.id)
    live.delete(job.id)
    onChange(ended)
    job.settle(ended)
    for (const listener of job.listeners) listener()
  }

  const add = ({ id, operation, endpoint, queued_ms, weight }: AcceptedJob): void => {
    let settle = (_: EndedJob | undefined): void => undefined
    const ended = new Promise<EndedJob | undefined>((resolve) => (settle = resolve))
    const controller = new AbortController()
    // Every output of a job listens.
    setMaxListeners(0, controller.signal)
    const state = { cancelled: false, attempt: 0, listeners: new Set<() => void>(), ended, settle }
    const job: Live = { id, operation, endpoint, status: 'queued', progress: 0, queued_ms, weight, controller, ...state }
    live.set(id, job)
    waiting.push(job)
    changed(job)
  }

  const secondsOf = (jobs: Iterable<Live>): number => [...jobs].reduce((sum, job) => sum + estimate.of(job.operation, job.weight), 0)
  const rounded = (seconds: number): number => Math.max(1, Math.round(seconds * 10) / 10)

  for (const job of await journal.open()) {
    const ended = await journal.ended(job.id)
    if (!ended) add(job)
    else await onEnd(ended).then(() => journal.close(job.id))
  }
  setImmediate(fill)

  return {
    async submit(job) {
      if (closing || waiting.length + taking >= queueLimit) return false
      taking++
      try {
        await journal.accept(job)
      } finally {
        taking--
      }
      // Taken while the service closes, it is done after the next start.
      if (closing) return true
      add(job)
      fill()
      return true
    },
    async find(id) {
      const job = live.get(id)
      if (job) return { live: job }
      const ended = await journal.ended(id)
      return ended && { ended }
    },
    accepted: async (id) => (await journal.read(id)) ?? journal.ended(id),
    async cancel(id) {
      const job = live.get(id)
      if (!job) return journal.ended(id)
      job.cancelled = true
      job.controller.abort()
      const at = waiting.indexOf(job)
      if (at >= 0) waiting.splice(at, 1)
      if (at >= 0 || job.timer) {
        clearTimeout(job.timer)
        const accepted = await journal.read(id)
        if (accepted) await finish(job, accepted, 'cancelled', cancelledWork(accepted))
      }
      return job.ended
    },
    watch(id, listener) {
      const job = live.get(id)
      job?.listeners.add(listener)
      return () => void job?.listeners.delete(listener)
    },
    list: () => [...live.values()],
    counts: () => ({ queued: live.size - running.size, running: running.size }),
    estimate: (operation, weight) => rounded(estimate.of(operation, weight) + secondsOf(live.values()) / lanes),
    left(job) {
      const own = estimate.of(job.operation, job.weight)
      if (job.started_ms !== undefined) return rounded(own * (1 - job.progress / 100))
      const before = waiting.slice(
        0,
        Math.max(
          0,
          waiting.findIndex(({ id }) => id === job.id),
        ),
      )
      return rounded(own + secondsOf([...running, ...before]) / lanes)
    },
    async close(grace_ms) {
      closing = true
      for (const job of live.values()) clearTimeout(job.timer)
      const stop = setTimeout(() => {
        for (const job of running) job.controller.abort()
      }, grace_ms)
      await Promise.all([...running].map((job) => job.ended.then(() => undefined)))
      clearTimeout(stop)
      // Whoever waits for what is left is told that nothing more will come.
      for (const job of live.values()) for (const listener of job.listeners) listener()
    },
  }
}

function cancelledWork(job: AcceptedJob): Done {
  const error = new ImagemillError({ code: 'CANCELLED', message: 'the job was cancelled before it began' })
  return { record: failureRecord(job.operation, error, 0), files: [], original_meta: {}, failures: [] }
}
