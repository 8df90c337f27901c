import { streamSSE } from 'hono/streaming'
import { canonical, sha256 } from '../hash.ts'
import type { ServiceContext } from './context.ts'
import type { JobStatusResponse } from './documents.ts'
import { HttpError, unknownJob } from './http-error.ts'
import { countPoll, type Limit, type Places } from './limits.ts'
import { matches } from './tag.ts'
import { hasEnded, type JobsView } from './view.ts'

/** Longest time that an answer is held, in ms. */
export const HOLD = 30_000

/** Who has an answer held for less time than this asks as often as a poll, in ms. */
const SHORT = 1000

/** An idle stream says something this often, so that nothing on its way takes it for dead, in ms. */
const BEAT = 15_000

/** The status as it is now; a tag says whether it is another one than before. */
export async function sendStatus(c: ServiceContext, view: JobsView, id: string, operation?: string): Promise<Response> {
  const seen = await view.see(id)
  if (!seen || (operation !== undefined && seen.operation !== operation)) throw unknownJob()
  return answerStatus(c, seen.status)
}

function answerStatus(c: ServiceContext, status: JobStatusResponse): Response {
  // The estimate changes with every look at it, the status does not.
  const { estimated_time_seconds: _, ...facts } = { estimated_time_seconds: 0, ...status }
  const tag = `W/"${sha256(canonical(facts)).slice(0, 32)}"`
  const headers = { ETag: tag, 'Cache-Control': 'private, no-cache' }
  return matches(c.req.header('if-none-match') ?? null, tag) ? c.body(null, 304, headers) : c.json(status, 200, headers)
}

/** The status when the job has ended, or as it is after the time that an answer may be held. */
export async function holdStatus(c: ServiceContext, { view, places, polls, closing }: Following, id: string): Promise<Response> {
  const wait = Math.min(HOLD, waitOf(c.req.query('timeout')))
  const seen = await view.see(id)
  // What is answered at once is a poll like any other.
  if (!seen || hasEnded(seen.status) || wait < SHORT) countPoll(c, polls)
  const leave = places.enter(c.get('client')) ?? tooMany()
  try {
    return answerStatus(c, await endOf(view, id, { wait, signal: AbortSignal.any([c.req.raw.signal, closing]) }))
  } finally {
    leave()
  }
}

/** The last status of a job, or what it is when the time is over. */
export async function endOf(
  view: JobsView,
  id: string,
  { wait, signal }: { wait: number; signal: AbortSignal },
): Promise<JobStatusResponse> {
  let changed = (): void => undefined
  let over = false
  const stop = (): void => {
    over = true
    changed()
  }
  const timer = setTimeout(stop, wait)
  signal.addEventListener('abort', stop, { once: true })
  const unwatch = view.watch(id, () => changed())
  try {
    for (;;) {
      const next = new Promise<void>((resolve) => (changed = resolve))
      const seen = await view.see(id)
      if (!seen) throw unknownJob()
      if (hasEnded(seen.status) || over || signal.aborted) return seen.status
      await next
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    unwatch()
  }
}

/** `?timeout=` in s, for callers that cannot wait for as long. */
function waitOf(text: string | undefined): number {
  if (text === undefined) return HOLD
  if (/^\d{1,3}(?:\.\d+)?$/.test(text)) return Number(text) * 1000
  throw new HttpError({ status: 400, code: 'TIMEOUT_INVALID', message: 'expected `timeout` as a number of seconds up to 30' })
}

export interface Following {
  view: JobsView
  /** How many answers each client may have held at a time. */
  places: Places
  polls: Limit
  /** Aborted when the service closes. */
  closing: AbortSignal
}

/** Every status of a job as a server-sent event, the last one included. */
export async function streamStatus(c: ServiceContext, { view, places, closing }: Following, id: string): Promise<Response> {
  if (!(await view.see(id))) throw unknownJob()
  const leave = places.enter(c.get('client')) ?? tooMany()
  c.header('X-Accel-Buffering', 'no')
  return streamSSE(c, async (stream) => {
    let changed = (): void => undefined
    const wake = (): void => changed()
    const unwatch = view.watch(id, wake)
    const beat = setInterval(() => void stream.write(': \n\n'), BEAT)
    stream.onAbort(wake)
    closing.addEventListener('abort', wake, { once: true })
    try {
      let last = ''
      for (let number = 1; !stream.aborted && !closing.aborted;) {
        const next = new Promise<void>((resolve) => (changed = resolve))
        const seen = await view.see(id)
        if (!seen) return
        const data = JSON.stringify(seen.status)
        const facts = canonical({ ...seen.status, estimated_time_seconds: undefined })
        if (facts !== last) await stream.writeSSE({ event: 'status', id: String(number++), data })
        last = facts
        if (hasEnded(seen.status)) return
        await next
      }
    } finally {
      clearInterval(beat)
      closing.removeEventListener('abort', wake)
      unwatch()
      leave()
    }
  })
}

function tooMany(): never {
  throw new HttpError({ status: 429, code: 'RATE_LIMIT_EXCEEDED', message: 'too many answers are held for this client', retryAfter: 5 })
}
