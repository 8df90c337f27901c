import type { ImagemillError } from '../../errors.ts'
import { cancelled } from '../processes.ts'
import type { Askers } from './askers.ts'
import { failure, gone } from './failures.ts'
import { TAKEN_BACK, isAnswer, type Answer } from './tasks.ts'

/** One who waits for the answer of a job. */
export interface Waiter {
  /** Undefined when others have taken the job back, and it is to be asked again. */
  answer: Promise<Answer | undefined>
  resolve(answer: Answer | undefined): void
  reject(error: ImagemillError): void
}

/** Those of this process who wait for jobs. */
export interface Waiters {
  wait(id: string): Waiter
  /** The answer, unless the signal is aborted first: then the job is left to others who wait for it. */
  answer(id: string, waiter: Waiter, signal: AbortSignal | undefined): Promise<Answer | undefined>
  complete(id: string, value: unknown): void
  fail(id: string, reason: string): void
  /** The job is there no longer. */
  removed(id: string): void
  /** Takes one out whose job never was. */
  drop(id: string, waiter: Waiter): void
  /** Some of those that were looked at longest ago. */
  oldest(count: number): string[]
  count(): number
  /** Fails all of them, and leaves their jobs. */
  end(error: ImagemillError): Promise<unknown>
}

export function openWaiters(redis: string, askers: Askers): Waiters {
  const waiting = new Map<string, Waiter[]>()
  /** Jobs that are being left. */
  const leaving = new Set<Promise<void>>()

  const settle = (id: string, how: (waiter: Waiter) => void): void => {
    const waiters = waiting.get(id)
    if (!waiters) return
    waiting.delete(id)
    askers.forget(id)
    for (const waiter of waiters) how(waiter)
  }

  /** Whether nobody here waits for the job any longer. */
  const takeOut = (id: string, waiter: Waiter): boolean => {
    const others = waiting.get(id)?.filter((other) => other !== waiter) ?? []
    if (others.length > 0) waiting.set(id, others)
    return others.length === 0 && waiting.delete(id)
  }

  const leave = (id: string): void => {
    // Without Redis nobody can be told; then the work is done in vain.
    const left = askers
      .leave(id)
      .catch(() => undefined)
      .finally(() => leaving.delete(left))
    leaving.add(left)
  }

  const removed = (id: string): void => settle(id, ({ resolve }) => resolve(undefined))

  return {
    wait(id) {
      const waiter = newWaiter()
      waiting.set(id, [...(waiting.get(id) ?? []), waiter])
      return waiter
    },
    answer: (id, waiter, signal) =>
      new Promise((resolve, reject) => {
        const stop = (): void => {
          reject(cancelled())
          if (takeOut(id, waiter)) leave(id)
        }
        if (signal?.aborted) return stop()
        signal?.addEventListener('abort', stop, { once: true })
        void waiter.answer.then(resolve, reject).finally(() => signal?.removeEventListener('abort', stop))
      }),
    complete: (id, value) =>
      settle(id, ({ resolve, reject }) => (isAnswer(value) ? resolve(value) : reject(gone(redis, 'a worker answered nonsense')))),
    fail: (id, reason) => (reason === TAKEN_BACK ? removed(id) : settle(id, ({ reject }) => reject(failure(redis, reason)))),
    removed,
    drop(id, waiter) {
      if (takeOut(id, waiter)) askers.forget(id)
    },
    oldest(count) {
      const ids = [...waiting.keys()].slice(0, count)
      // Next time it is the turn of others.
      for (const id of ids) {
        const waiters = waiting.get(id)
        if (waiters && waiting.delete(id)) waiting.set(id, waiters)
      }
      return ids
    },
    count: () => waiting.size,
    end(error) {
      const left = [...waiting]
      waiting.clear()
      for (const [, waiters] of left) for (const { reject } of waiters) reject(error)
      for (const [id] of left) leave(id)
      return Promise.all(leaving)
    },
  }
}

function newWaiter(): Waiter {
  let settle: Pick<Waiter, 'resolve' | 'reject'> | undefined
  const answer = new Promise<Answer | undefined>((resolve, reject) => (settle = { resolve, reject }))
  // It may fail before anyone asks for it.
  answer.catch(() => undefined)
  return { answer, resolve: (value) => settle?.resolve(value), reject: (error) => settle?.reject(error) }
}
