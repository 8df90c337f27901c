import { setTimeout as sleep } from 'node:timers/promises'
import { ImagemillError } from '../../errors.ts'
import { loadBullmq, type Redis } from './load.ts'

export interface Connecting {
  /** As in `redis://user:password@host:6379`. */
  redis: string
  /** Whether a Redis may be used that forgets jobs. */
  allowForgetful: boolean
}

/** Most time until Redis answers for the first time, in ms. */
const CONNECT = 4000

/** Longest pause between two tries to reach a Redis that went away, in ms. */
const RETRY = 1000

/**
 * A client of a Redis that answers and keeps what it is given. One that is `patient` waits for a Redis that goes away
 * later; the others fail what is asked meanwhile.
 */
export async function connectRedis({ redis, allowForgetful }: Connecting, patient: boolean): Promise<Redis> {
  const { Redis } = await loadBullmq()
  const client = new Redis(redis, {
    lazyConnect: true,
    connectTimeout: CONNECT,
    maxRetriesPerRequest: patient ? null : 1,
    retryStrategy: (times) => Math.min(100 * times, RETRY),
  })
  let last: unknown
  // What it says is in the errors of those who ask; without a listener it would be printed.
  client.on('error', (error: unknown) => (last = error))
  try {
    await within(CONNECT, client.connect())
    if (!allowForgetful) requireLasting(redis, await within(CONNECT, client.info()))
    return client
  } catch (error) {
    client.disconnect()
    throw error instanceof ImagemillError ? error : unreachable(redis, last ?? error)
  }
}

/** Fails where a Redis cannot be used, for whatever reason. */
export async function requireRedis(connecting: Connecting): Promise<void> {
  const client = await connectRedis(connecting, false)
  client.disconnect()
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const waiting = new AbortController()
  const late = sleep(ms, undefined, { signal: waiting.signal }).then(() => {
    throw new Error(`no answer within ${ms / 1000} s`)
  })
  // Aborted, it ends as a failure that nobody waits for.
  late.catch(() => undefined)
  work.catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    waiting.abort()
  }
}

/** Redis as most systems install it forgets what was queued when it is restarted, and a cache evicts jobs like anything else. */
function requireLasting(redis: string, info: string): void {
  const facts = new Map(info.split(/\r?\n/).map((line) => [line.split(':')[0] ?? '', line.slice(line.indexOf(':') + 1)]))
  const wrong = [
    facts.get('aof_enabled') === '1' ? undefined : '`appendonly yes`',
    facts.get('maxmemory_policy') === 'noeviction' ? undefined : '`maxmemory-policy noeviction`',
  ].filter((setting) => setting !== undefined)
  if (wrong.length === 0) return
  throw new ImagemillError({
    code: 'QUEUE_FORGETFUL',
    message: `the Redis at ${hostOf(redis)} would forget jobs: expected the settings \`appendonly yes\` and \`maxmemory-policy noeviction\`, missing is ${wrong.join(' and ')}`,
    hint: 'Set them in redis.conf, or by CONFIG SET; `queue.allowForgetful` (`--allow-forgetful`) takes it as it is.',
  })
}

export function unreachable(redis: string, cause: unknown): ImagemillError {
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause)
  return new ImagemillError(
    {
      code: 'QUEUE_UNREACHABLE',
      message: `the Redis at ${hostOf(redis)} cannot be used (${reason})`,
      hint: 'Check that it runs, its address and its password.',
    },
    { cause },
  )
}

/** Without the password. */
export function hostOf(redis: string): string {
  return new URL(redis).host
}
