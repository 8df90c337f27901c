import type { JobStatus } from './documents.ts'
import type { AcceptedJob, EndedJob } from './job.ts'
import type { Weight } from './weight.ts'

/** What is seen of a job that has not ended. */
export interface LiveJob {
  id: string
  operation: string
  endpoint: string
  status: JobStatus
  /** Per cent; never less than before. */
  progress: number
  queued_ms: number
  weight: Weight
  /** When it was taken up: its source is read, and what has to be made is asked for. */
  started_ms?: number
  /** When the turn of the first of its outputs came. */
  begun_ms?: number
}

/** A job that has not ended, as it is worked on. Of what it asks for nothing is held: thousands may wait. */
export interface Live extends LiveJob {
  /** Of the work, while it is under way. */
  controller?: AbortController
  /** Whether its caller wants it no longer. */
  cancelled: boolean
  /** How often it was begun. */
  attempt: number
  listeners: Set<() => void>
  /** Runs while it waits to be tried again. */
  timer?: NodeJS.Timeout
  /** How it ended; undefined when it is left for the next start. */
  ended: Promise<EndedJob | undefined>
  settle(job: EndedJob | undefined): void
}

export function liveJob({ id, operation, endpoint, queued_ms, weight }: AcceptedJob): Live {
  const { promise, settle } = later()
  const state = { cancelled: false, attempt: 0, listeners: new Set<() => void>(), ended: promise, settle }
  return { id, operation, endpoint, status: 'queued', progress: 0, queued_ms, weight, ...state }
}

function later(): { promise: Promise<EndedJob | undefined>; settle: Live['settle'] } {
  let settle: Live['settle'] = () => undefined
  const promise = new Promise<EndedJob | undefined>((resolve) => (settle = resolve))
  return { promise, settle }
}
