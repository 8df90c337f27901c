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

/**
 * Tries messages once more, under the ids that they had: those that failed, and those that wait. What fails again stays. The
 * service touches none of the former; of the latter it keeps the account, and may send one at the same time.
 */
export async function* replay(ids: readonly string[], { outbox, secret, allowPrivate, timeout }: ReplayOptions): AsyncGenerator<Replayed> {
  const sign = signer(secret)
  for (const id of ids) {
    const failed = await outbox.read('failed', id)
    const message = failed ?? (await outbox.read('pending', id))
    if (!message) {
      yield { id, delivered: false, error: 'no message that waits or failed has this id' }
      continue
    }
    const outcome = await attempt(message, { sign, allowPrivate, timeout })
    const status = outcome.status === undefined ? {} : { status: outcome.status }
    if (outcome.delivered) {
      await outbox.remove('pending', id)
      await outbox.remove('failed', id)
      yield { id, delivered: true, ...status }
    } else {
      const { error } = outcome
      if (failed) await outbox.put('failed', { ...failed, attempts: failed.attempts + 1, last: { at_ms: Date.now(), ...status, error } })
      yield { id, delivered: false, ...status, error }
    }
  }
}
