import { ImagemillError } from '../../errors.ts'
import { attempt, type Outcome } from './attempt.ts'
import { openOutbox, type Delivery, type Outbox } from './outbox.ts'
import { openSchedule, type Due } from './schedule.ts'
import { signer } from './signature.ts'

const [SECOND, MINUTE, HOUR] = [1000, 60_000, 3_600_000]
const DAY = 24 * HOUR

/** Pauses between tries, in ms: ten tries in about three days, as Standard Webhooks recommends. */
const PAUSES = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, DAY] as const

/** A pause is so much shorter or longer by chance, that all who failed together do not come back together. */
const JITTER = 0.2

/** A receiver cannot ask for more patience than this, in ms. */
const MOST_PATIENCE = DAY

/** Deliveries that failed are kept for a replay so long, in ms. */
const KEPT = 30 * DAY

export interface WebhooksOptions {
  /** Absolute path of the folder that deliveries are kept in; one process at a time sends from it. */
  folder: string
  /** One or several `whsec_…`, with spaces between them; without it nothing is signed. */
  secret: string | undefined
  /** Whether addresses of this machine and of private networks may be posted to. */
  allowPrivate: boolean
  /** Told of every try, for a log. */
  onAttempt(report: AttemptReport): void
  /** Told of what should not be: a folder that cannot be written, a file in it that is none of ours. */
  onWarning(error: unknown): void
  /** Most time for one try, in ms. @default 15_000 */
  timeout?: number
  /** Pauses between tries, in ms; one try more than there are pauses. @default ten tries in three days */
  pauses?: readonly number[] | undefined
  /** Most deliveries under way at a time. @default 16 */
  concurrency?: number
  /** Most of them to one host. @default 4 */
  perHost?: number
}

export interface AttemptReport {
  id: string
  /** Where to, without path and query. */
  origin: string
  attempt: number
  outcome: 'delivered' | 'retry' | 'failed'
  status?: number
  error?: string
  /** Time of the next try, in ms since 1970. */
  next_ms?: number
}

/** What is to be posted: `id` is the same for every try, and by it a receiver knows what it has had already. */
export interface Message {
  id: string
  url: string
  body: string
  headers?: Readonly<Record<string, string>>
}

export interface Webhooks {
  /** Resolved as soon as the message is on disk; it is delivered later, at least once. One that waits already is not sent twice. */
  send(message: Message): Promise<void>
  /** Messages that wait for a try, or are under way. */
  pending(): number
  /** Ends what is under way after so many ms; what is not delivered waits for the next start. */
  close(grace_ms?: number): Promise<void>
}

/** Opens an outbox and sends what is in it. */
export async function openWebhooks(options: WebhooksOptions): Promise<Webhooks> {
  const { folder, onWarning, concurrency = 16, perHost = 4 } = options
  const outbox = openOutbox(folder)
  const ending = new AbortController()
  const deliver = deliverer(options, outbox, ending.signal)
  const schedule = openSchedule({
    concurrency,
    perHost,
    longest: Math.max(MOST_PATIENCE, ...(options.pauses ?? PAUSES)) * (1 + JITTER),
    async run({ id }) {
      try {
        const next = await deliver(id)
        if (next) schedule.add(dueOf(next))
      } catch (error) {
        // It is on disk still, and is tried again after the next start.
        if (!ending.signal.aborted) onWarning(error)
      }
    },
  })
  let closed = false
  await outbox.tidy()
  await forgetOld(outbox)
  for (const id of await outbox.ids('pending')) {
    const delivery = await outbox.read('pending', id)
    if (delivery) schedule.add(dueOf(delivery))
    else onWarning(unreadable(folder, id))
  }

  return {
    async send({ id, url, body, headers = {} }) {
      if (closed) throw new TypeError('the outbox is closed')
      if (schedule.has(id)) return
      const now = Date.now()
      const delivery: Delivery = { id, url, body, headers, created_ms: now, attempts: 0, next_ms: now }
      await outbox.put('pending', delivery)
      schedule.add(dueOf(delivery))
    },
    pending: () => schedule.size(),
    async close(grace_ms = 0) {
      closed = true
      const end = setTimeout(() => ending.abort(new Error('the service ends')), grace_ms)
      await schedule.close()
      clearTimeout(end)
    },
  }
}

/** Tries a delivery once and writes down what came of it; answers it when there is to be another try. */
function deliverer(options: WebhooksOptions, outbox: Outbox, signal: AbortSignal): (id: string) => Promise<Delivery | undefined> {
  const { allowPrivate, onAttempt, timeout = 15 * SECOND, pauses = PAUSES } = options
  const sign = signer(options.secret)
  return async (id) => {
    const delivery = await outbox.read('pending', id)
    if (!delivery) return undefined
    const outcome = await attempt(delivery, { sign, allowPrivate, timeout, signal })
    const attempts = delivery.attempts + 1
    const report = { id, origin: new URL(delivery.url).origin, attempt: attempts, ...factsOf(outcome) }
    if (outcome.delivered) {
      await outbox.remove('pending', id)
      onAttempt({ ...report, outcome: 'delivered' })
      return undefined
    }
    const tried = { ...delivery, attempts, last: { at_ms: Date.now(), ...factsOf(outcome), error: outcome.error } }
    const pause = pauses[delivery.attempts]
    if (outcome.stop || pause === undefined) {
      await outbox.put('failed', tried)
      await outbox.remove('pending', id)
      onAttempt({ ...report, outcome: 'failed' })
      return undefined
    }
    const next = { ...tried, next_ms: Date.now() + pauseOf(pause, outcome.after_ms) }
    await outbox.put('pending', next)
    onAttempt({ ...report, outcome: 'retry', next_ms: next.next_ms })
    return next
  }
}

function dueOf({ id, url, next_ms }: Delivery): Due {
  return { id, host: new URL(url).host, next_ms }
}

function factsOf(outcome: Outcome): { status?: number; error?: string } {
  return {
    ...(outcome.status !== undefined && { status: outcome.status }),
    ...(!outcome.delivered && { error: outcome.error }),
  }
}

function pauseOf(pause: number, after_ms = 0): number {
  return Math.max(pause * (1 - JITTER + 2 * JITTER * Math.random()), Math.min(after_ms, MOST_PATIENCE))
}

async function forgetOld(outbox: Outbox): Promise<void> {
  for (const id of await outbox.ids('failed')) {
    const failed = await outbox.read('failed', id)
    if (failed && failed.created_ms < Date.now() - KEPT) await outbox.remove('failed', id)
  }
}

function unreadable(folder: string, id: string): ImagemillError {
  return new ImagemillError({
    code: 'INPUT_INVALID',
    message: `${id}.json in ${folder}/pending is no delivery, and is left alone`,
    hint: 'It was changed by hand, or is of a newer version; remove it, or put it right.',
  })
}
