import type { ServiceContext } from './context.ts'
import { HttpError } from './http-error.ts'

/** How often each client may do something. */
export interface Limit {
  /** Counts one; answers s to wait when it was one too many, else 0. */
  take(client: string): number
}

/** Clients that are remembered; whoever was not heard of for longest is forgotten. */
const CLIENTS = 10_000

/** So many a second, and as many at once after a pause. */
export function openLimit(perSecond: number, now: () => number = () => performance.now()): Limit {
  const buckets = new Map<string, { tokens: number; at: number }>()
  return {
    take(client) {
      const at = now()
      const known = buckets.get(client)
      const tokens = known ? Math.min(perSecond, known.tokens + ((at - known.at) / 1000) * perSecond) : perSecond
      buckets.delete(client)
      buckets.set(client, { tokens: tokens >= 1 ? tokens - 1 : tokens, at })
      const [oldest] = buckets.keys()
      if (buckets.size > CLIENTS && oldest !== undefined) buckets.delete(oldest)
      return tokens >= 1 ? 0 : Math.max(1, Math.ceil((1 - tokens) / perSecond))
    },
  }
}

/** Counts a poll of whoever asks; one too many is refused. */
export function countPoll(c: ServiceContext, polls: Limit): void {
  const wait = polls.take(c.get('client'))
  if (wait > 0)
    throw new HttpError({
      status: 429,
      code: 'RATE_LIMIT_EXCEEDED',
      message: 'this client asks too often; /listen/{job_id} waits for the end of a job',
      retryAfter: wait,
    })
}

/** How many of something each client may have at a time. */
export interface Places {
  /** Takes a place; undefined when there is none left, else how to give it back. */
  enter(client: string): (() => void) | undefined
}

export function openPlaces(most: number): Places {
  const taken = new Map<string, number>()
  return {
    enter(client) {
      const count = taken.get(client) ?? 0
      if (count >= most) return undefined
      taken.set(client, count + 1)
      let left = false
      return () => {
        if (left) return
        left = true
        const now = (taken.get(client) ?? 1) - 1
        if (now > 0) taken.set(client, now)
        else taken.delete(client)
      }
    },
  }
}
