import { randomUUID } from 'node:crypto'
import type { Redis } from './load.ts'
import { PREFIX } from './tasks.ts'

/** Who waits for the answer of a job: builds and services that ask the same share one. */
export interface Askers {
  join(id: string): Promise<void>
  /** Leaves a job; when nobody else waits for it, it is taken back. */
  leave(id: string): Promise<void>
  /** Forgets all who waited for a job that has ended. */
  forget(id: string): void
}

/** Time after which those are forgotten who died while they waited, in s. */
const LONGEST = 24 * 3600

/** Time that a worker may take to hear that a job was taken back, in s. */
const HEARD = 600

export interface AskersOptions {
  client: Redis
  /** Name of the queue. */
  queue: string
  /** Takes a job out of the queue; false for one that a worker is at. */
  remove(id: string): Promise<boolean>
}

export function openAskers({ client, queue, remove }: AskersOptions): Askers {
  const me = randomUUID()
  return {
    async join(id) {
      await client.multi().sadd(askersOf(id), me).expire(askersOf(id), LONGEST).exec()
    },
    async leave(id) {
      const replies = await client.multi().srem(askersOf(id), me).scard(askersOf(id)).exec()
      if (replies?.[1]?.[1] !== 0 || (await remove(id))) return
      // A worker that was not listening sees the mark when it begins, or listens again.
      await client.multi().set(markOf(id), '', 'EX', HEARD).publish(channelOf(queue), id).exec()
    },
    // What stays behind is forgotten by itself.
    forget: (id) => void client.del(askersOf(id)).catch(() => undefined),
  }
}

/** Tells a worker which of the jobs that it is at were taken back. */
export interface TakenBack {
  /** Notes that a job is begun; true when it was taken back before. */
  begin(id: string): Promise<boolean>
  end(id: string): void
  close(): void
}

export async function openTakenBack(client: Redis, queue: string, stop: (id: string) => void): Promise<TakenBack> {
  const active = new Set<string>()
  const isMarked = async (id: string): Promise<boolean> => (await client.exists(markOf(id))) > 0
  const lookAt = async (id: string): Promise<void> => {
    if (await isMarked(id)) stop(id)
  }
  // One that listens can do nothing else.
  const listener = client.duplicate({ maxRetriesPerRequest: null })
  listener.on('error', () => undefined)
  listener.on('message', (_channel, id) => stop(id))
  listener.on('ready', () => {
    for (const id of active) void lookAt(id).catch(() => undefined)
  })
  await listener.subscribe(channelOf(queue))
  return {
    begin(id) {
      active.add(id)
      return isMarked(id)
    },
    end: (id) => void active.delete(id),
    close: () => listener.disconnect(),
  }
}

function askersOf(id: string): string {
  return `${PREFIX}:askers:${id}`
}

function markOf(id: string): string {
  return `${PREFIX}:taken-back:${id}`
}

function channelOf(queue: string): string {
  return `${PREFIX}:take-back:${queue}`
}
