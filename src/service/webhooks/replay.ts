import { attempt } from './attempt.ts'
import type { Outbox } from './outbox.ts'
import { signer } from './signature.ts'

export interface ReplayOptions {
  outbox: Outbox
  secret: string | undefined
  allowPrivate: boolean
  /** Most time for each, in ms. */
  timeout: number
}

export interface Replayed {
  id: string
  delivered: boolean
  status?: number
  error?: string
}

/** Tries messages that failed once more, under the ids that they had. What fails again stays; the service touches none of them. */
export async function* replay(ids: readonly string[], { outbox, secret, allowPrivate, timeout }: ReplayOptions): AsyncGenerator<Replayed> {
  const sign = signer(secret)
  for (const id of ids) {
    const failed = await outbox.read('failed', id)
    if (!failed) {
      yield { id, delivered: false, error: 'no message that failed has this id' }
      continue
    }
    const outcome = await attempt(failed, { sign, allowPrivate, timeout })
    const status = outcome.status === undefined ? {} : { status: outcome.status }
    if (outcome.delivered) {
      await outbox.remove('failed', id)
      yield { id, delivered: true, ...status }
    } else {
      const { error } = outcome
      await outbox.put('failed', { ...failed, attempts: failed.attempts + 1, last: { at_ms: Date.now(), ...status, error } })
      yield { id, delivered: false, ...status, error }
    }
  }
}
