import { ImagemillError } from '../../errors.ts'
import { hostOf } from './connect.ts'
import type { Presence } from './presence.ts'
import { DEATHS } from './tasks.ts'

/** No worker is there that makes the same bytes. */
export function nobody(redis: string, engine: string, others: readonly Presence[]): ImagemillError {
  const found = [...new Set(others.map((other) => other.engine))].sort().join('; ')
  const message =
    found === ''
      ? `no worker is at the Redis at ${hostOf(redis)}`
      : `the workers at the Redis at ${hostOf(redis)} make other bytes than this machine`
  return new ImagemillError({
    code: 'QUEUE_UNREACHABLE',
    message: found === '' ? message : `${message}: expected ${engine}, found ${found}`,
    hint:
      found === ''
        ? 'Start some: npx imagemill worker --redis … --store …'
        : 'Install the same versions of imagemill and sharp everywhere.',
  })
}

/** What BullMQ says of a job over which the last worker died that may. */
const STALLED = /stalled more than allowable limit/

/** A job that BullMQ gave up. */
export function failure(redis: string, reason: string): ImagemillError {
  if (!STALLED.test(reason)) return gone(redis, reason)
  return new ImagemillError({
    code: 'WORKER_CRASHED',
    message: `${DEATHS} workers died while they worked on this image, one after the other`,
    hint: 'Memory may have run out there; lower `--concurrency` of the workers or remove the image.',
  })
}

/** No worker will do it. */
export function gone(redis: string, reason: string): ImagemillError {
  return new ImagemillError({
    code: 'QUEUE_UNREACHABLE',
    message: `the workers at the Redis at ${hostOf(redis)} did not do it (${reason})`,
    hint: 'Check the workers and what they print.',
  })
}
