import { cancelledDone } from './cancelled.ts'
import { openEstimate, waitBehind } from './estimate.ts'
import type { AcceptedJob, EndedJob } from './job.ts'
import type { Journal } from './journal.ts'
import { liveJob, type Live, type LiveJob } from './live.ts'
import { openRunner, type RunnerOptions } from './runner.ts'
import type { Weight } from './weight.ts'

export type Seen = { live: LiveJob } | { ended: EndedJob }

export interface JobsOptions extends RunnerOptions {
  /** Most jobs that wait. */
  queueLimit: number
  /** Images worked on at a time. */
  encoders: number
}

/** All jobs of a service, from the moment they are taken. */
export interface Jobs {
  /** Takes jobs, which from then on are done whatever happens: all of them or, when too many wait or the service closes, none. */
  submit(jobs: readonly AcceptedJob[]): Promise<'taken' | 'full' | 'closing'>
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
  estimate(weight: Weight): number
  /** s until a job will be done. */
  left(job: LiveJob): number
  /** Lets what is under way end, for so many ms; what has not ended then is stopped, and done after the next start. */
  close(grace_ms: number): Promise<void>
}

/** Opens all jobs of a journal: those that an earlier process left go on. */
export async function openJobs(options: JobsOptions): Promise<Jobs> {
  const { journal, encoders, queueLimit, onEnd } = options
  const estimate = openEstimate()
  const runner = openRunner(options, estimate)
  const { live } = runner
  /** Jobs that are being written into the journal. */
  let taking = 0
  let closing = false

  for (const job of await journal.open()) {
    const ended = await journal.ended(job.id)
    if (!ended) runner.add(liveJob(job))
    else await onEnd(ended).then(() => journal.close(job.id))
  }

  const waits = ({ status }: Live): boolean => status !== 'processing'
  const waiting = (): number => [...live.values()].filter(waits).length
  /** s of work that is left of a job, its wait not counted. */
  const leftOf = ({ weight, progress, begun_ms }: Live): number => {
    const own = estimate.of(weight)
    if (begun_ms === undefined) return own
    return Math.max(0.1 * own, Math.min(own * (1 - progress / 100), own - (Date.now() - begun_ms) / 1000))
  }
  const wait = (before: readonly Live[]): number => waitBehind(before.map(leftOf), encoders)

  return {
    async submit(jobs) {
      if (closing) return 'closing'
      if (waiting() + taking + jobs.length > queueLimit) return 'full'
      taking += jobs.length
      await acceptAll(journal, jobs).finally(() => (taking -= jobs.length))
      // Taken while the service closes, they are done after the next start.
      if (!closing) for (const job of jobs) runner.add(liveJob(job))
      return 'taken'
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
      job.controller?.abort()
      if (runner.withdraw(job)) {
        const accepted = await journal.read(id)
        if (accepted) await runner.finish(job, 'cancelled', accepted, cancelledDone(accepted))
      }
      return job.ended
    },
    watch(id, listener) {
      const job = live.get(id)
      job?.listeners.add(listener)
      return () => void job?.listeners.delete(listener)
    },
    list: () => [...live.values()],
    counts: () => ({ queued: waiting(), running: live.size - waiting() }),
    estimate: (weight) => rounded(estimate.of(weight) + wait([...live.values()])),
    left({ id }) {
      const all = [...live.values()]
      const at = all.findIndex((job) => job.id === id)
      const job = all[at]
      if (!job) return rounded(0)
      return rounded(leftOf(job) + (waits(job) ? wait(all.slice(0, at)) : 0))
    },
    async close(grace_ms) {
      closing = true
      await runner.close(grace_ms)
    },
  }
}

async function acceptAll(journal: Journal, jobs: readonly AcceptedJob[]): Promise<void> {
  try {
    for (const job of jobs) await journal.accept(job)
  } catch (error) {
    // Their caller is told that none was taken.
    await Promise.allSettled(jobs.map(({ id }) => journal.close(id)))
    throw error
  }
}

/** s with one digit; nothing is done at once. */
function rounded(seconds: number): number {
  return Math.max(0.1, Math.round(seconds * 10) / 10)
}
