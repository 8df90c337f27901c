import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BuildJob } from '../contract/build-job.ts'
import type { WebhookEvent } from '../contract/lifecycle.ts'
import { ImagemillError, asImagemillError } from '../errors.ts'
import type { Webhook } from './webhook-options.ts'

/** Tells another server of ends. Nothing waits for it, and nothing fails by it. */
export interface Posts {
  /** Hears of every step of a job; what ends is told, or counted for the end of the build. */
  job(job: BuildJob): void
  /** The build of an environment, or one turn of watching, has begun. */
  began(name: string): void
  /** It has ended: well, or by this error. */
  built(name: string, error?: unknown): void
}

/** Pauses between tries, in ms. They keep no process alive: a build that has ended is not held up. */
const PAUSES = [1000, 5000]

/** Most time for one try, in ms: as long as this a process that has nothing else to do waits for an answer. */
const TIMEOUT = 5000

export function openPosts(webhook: Webhook | undefined, warn: (message: string) => void): Posts {
  if (!webhook) return { job: () => undefined, began: () => undefined, built: () => undefined }
  const { on } = webhook
  let ended: BuildJob[] = []
  const told = new Set<string>()
  const post = async (event: WebhookEvent): Promise<void> => {
    try {
      await deliver(webhook, event)
    } catch (error) {
      const { reason, hint } = asImagemillError(error)
      warn(`webhook: ${reason}${hint === undefined ? '' : `. ${hint}`}`)
    }
  }
  return {
    job(job) {
      if (job.status === 'processing') return
      if (on === 'build') ended.push(job)
      else void post(jobEvent(job))
    },
    began: (name) => void told.delete(name),
    built(name, error) {
      // A bundler says several times that it has failed, and closes what has failed, too.
      if (on === 'job' || told.has(name)) return
      told.add(name)
      void post(buildEvent(name, ended, error))
      ended = []
    },
  }
}

function jobEvent({ job_id, name, operation, cached, record }: BuildJob): WebhookEvent {
  const about = { job_id, name, operation, ...(cached !== undefined && { cached }), timestamp: now() }
  if (record?.success === false) return { ...about, status: 'failed', error: record.error }
  const [file] = record?.outputs ?? []
  return { ...about, status: 'completed', ...(file && { result_mime_type: `image/${file.format}`, result_size_bytes: file.size_bytes }) }
}

function buildEvent(name: string, jobs: readonly BuildJob[], error: unknown): WebhookEvent {
  const sizes = jobs.flatMap(({ record }) => (record?.success ? record.outputs.map(({ size_bytes }) => size_bytes) : []))
  return {
    job_id: `build_${randomUUID()}`,
    name,
    status: error === undefined ? 'completed' : 'failed',
    ...(error !== undefined && { error: asImagemillError(error).reason }),
    outputs: jobs.length,
    cached: jobs.filter(({ cached }) => cached).length,
    result_size_bytes: sizes.reduce((sum, size) => sum + size, 0),
    timestamp: now(),
  }
}

const now = (): number => Math.floor(Date.now() / 1000)

/** Posts an event until it is taken: at least once, with the same id on every try. */
async function deliver({ url, secret, allowPrivate }: Webhook, event: WebhookEvent): Promise<void> {
  // Most builds tell nobody anything.
  const [{ attempt }, { signer }] = await Promise.all([
    import('../service/webhooks/attempt.ts'),
    import('../service/webhooks/signature.ts'),
  ])
  const sign = signer(secret)
  const message = { id: `msg_${randomUUID()}`, url, headers: {}, body: JSON.stringify(event) }
  for (let tries = 0; ; tries++) {
    const outcome = await attempt(message, { sign, allowPrivate, timeout: TIMEOUT })
    if (outcome.delivered) return
    const pause = PAUSES[tries]
    // Only what was refused is final and has no status.
    if (outcome.stop && outcome.status === undefined) throw notTaken(url, tries + 1, outcome.error, ALLOW)
    if (outcome.stop || pause === undefined) throw notTaken(url, tries + 1, outcome.error)
    await sleep(Math.max(pause, outcome.after_ms ?? 0), undefined, { ref: false })
  }
}

const ALLOW = 'Where such an address is meant, `webhooks.allowPrivate` in the options of the plugin allows it.'

function notTaken(url: string, tries: number, reason: string, hint?: string): ImagemillError {
  const { origin } = new URL(url)
  return new ImagemillError({
    code: 'REMOTE_UNREACHABLE',
    message: `${origin} has not taken a message after ${tries} ${tries === 1 ? 'try' : 'tries'}: ${reason}`,
    hint,
  })
}
