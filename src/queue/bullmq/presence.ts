import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { isRecord } from '../../hash.ts'
import type { Redis } from './load.ts'
import { PREFIX } from './tasks.ts'

/** A sorted set of the workers that are there, by the time when they last said so. */
const WORKERS = `${PREFIX}:workers`

/** Time between two signs of life, and time after which there is none any longer, in ms: a busy machine may be late. */
const BEAT = 3000
const SILENCE = 15_000

export interface Presence {
  /** Name of the queue that it works on. */
  queue: string
  /** What it makes images with, for people. */
  engine: string
}

/** Tells others that this worker is there, until it is stopped. */
export async function announce(client: Redis, { queue, engine }: Presence): Promise<() => Promise<void>> {
  const member = JSON.stringify({ id: randomUUID(), host: hostname(), queue, engine })
  const beat = async (): Promise<void> => {
    const now = await timeOf(client)
    await client
      .multi()
      .zadd(WORKERS, now, member)
      .zremrangebyscore(WORKERS, '-inf', now - 10 * SILENCE)
      .exec()
  }
  await beat()
  // While Redis is away nobody can be told; the next time tells.
  const timer = setInterval(() => void beat().catch(() => undefined), BEAT)
  return async () => {
    clearInterval(timer)
    if (client.status === 'ready') await client.zrem(WORKERS, member)
  }
}

/** Workers that are there. */
export async function present(client: Redis): Promise<Presence[]> {
  const members = await client.zrangebyscore(WORKERS, (await timeOf(client)) - SILENCE, '+inf')
  return members.map((member): unknown => JSON.parse(member)).filter(isPresence)
}

/** The clocks of machines differ. */
async function timeOf(client: Redis): Promise<number> {
  const [seconds] = await client.time()
  return Number(seconds) * 1000
}

function isPresence(value: unknown): value is Presence {
  return isRecord(value) && typeof value['queue'] === 'string' && typeof value['engine'] === 'string'
}
