import { randomUUID } from 'node:crypto'
import type { Job, Queue as BullQueue } from 'bullmq'
import pLimit from 'p-limit'
import { ImagemillError } from '../../errors.ts'
import type { Machines } from '../queue.ts'
import { connectRedis, unreachable, type Connecting } from './connect.ts'
import { failure, gone, nobody } from './failures.ts'
import { loadBullmq, type Redis } from './load.ts'
import { tellOfEnds } from './events.ts'
import { present } from './presence.ts'
import { PREFIX, isAnswer, queueName, taskId, type Answer, type Task } from './tasks.ts'

/** A connection to workers: what it is asked, one of them does. */
export interface Session {
  /**
   * Has a task done. Fails with WORKER_CRASHED when as many workers died over it as may, and with QUEUE_UNREACHABLE when no worker
   * will do it: then it can be done here.
   */
  run(task: Task): Promise<Answer>
  /** Why it came to its end. */
  over: Promise<ImagemillError>
  close(): Promise<void>
}

export interface SessionOptions extends Connecting {
  /** Most time that workers are waited for, in ms. */
  patience: number
  /** Whether it is looked after them when nothing is waited for, too. */
  lasting: boolean
  /** Told of what is seen. */
  onSight(machines: Machines): void
  /** All that the bytes of an image depend on. */
  versions: string
  /** The same for people. */
  engine: string
}

interface Waiter {
  resolve(answer: Answer): void
  reject(error: ImagemillError): void
}

/** Tasks that are with the workers at a time: enough for hundreds of them, and what Redis holds stays small. */
const OUTSTANDING = 1000

/** Time between two looks at what is waited for, in ms: events are lost when a connection is. */
const LOOK = 2000

/** Tasks looked at each time. */
const LOOKED_AT = 100

/** Time that Redis may be away before the work is done here, in ms. */
const AWAY = 8000

/** Finished jobs are kept until everyone who waits knows; failed ones for people. */
const KEEP = { removeOnComplete: { age: 600, count: 5000 }, removeOnFail: { age: 24 * 3600, count: 1000 } }

/** A store that is away for a moment is no reason to fail. */
const RETRIES = { attempts: 3, backoff: { type: 'exponential', delay: 500 } }

export async function openSession(options: SessionOptions): Promise<Session> {
  const name = queueName(options.versions)
  const { bullmq } = await loadBullmq()
  const client = await connectRedis(options, false)
  const listener = client.duplicate({ maxRetriesPerRequest: null, lazyConnect: false })
  // A connection alone does not keep the process alive.
  for (const each of [client, listener]) each.on('connect', () => each.stream.unref()).on('error', () => undefined)
  client.stream.unref()
  try {
    await arrival(client, name, options)
    const [seconds] = await client.time()
    const queue = new bullmq.Queue<Task, Answer>(name, { connection: client, prefix: PREFIX, defaultJobOptions: { ...KEEP, ...RETRIES } })
    return started({ queue, client, listener, options, name, since: `${seconds}000-0` })
  } catch (error) {
    client.disconnect()
    listener.disconnect()
    throw error instanceof ImagemillError ? error : unreachable(options.redis, error)
  }
}

interface Parts {
  queue: BullQueue<Task, Answer>
  client: Redis
  listener: Redis
  options: SessionOptions
  name: string
  /** Id of the first event that may matter. */
  since: string
}

function started({ queue, client, listener, options, name, since }: Parts): Session {
  const waiting = new Map<string, Waiter[]>()
  const own = new Set<string>()
  const slots = pLimit(OUTSTANDING)
  const { lasting, onSight } = options
  const { promise: ended, settle: tellOver } = later()
  let over: ImagemillError | undefined

  const settle = (id: string, how: (waiter: Waiter) => void): void => {
    const waiters = waiting.get(id) ?? []
    waiting.delete(id)
    own.delete(id)
    for (const waiter of waiters) how(waiter)
  }
  const complete = (id: string, value: unknown): void =>
    settle(id, ({ resolve, reject }) => (isAnswer(value) ? resolve(value) : reject(gone(options.redis, 'a worker answered nonsense'))))
  const fail = (id: string, reason: string): void => settle(id, ({ reject }) => reject(failure(options.redis, reason)))

  const wait = (id: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      waiting.set(id, [...(waiting.get(id) ?? []), { resolve, reject }])
    })

  const end = async (error: ImagemillError): Promise<void> => {
    if (over) return
    over = error
    tellOver(error)
    clearInterval(looking)
    const left = [...own]
    for (const id of waiting.keys()) settle(id, ({ reject }) => reject(error))
    // What no worker has begun is of no use to anyone now.
    if (client.status === 'ready') await Promise.race([Promise.allSettled(left.map((id) => queue.remove(id))), pause(500)])
    listener.disconnect()
    client.disconnect()
    await Promise.race([queue.close().catch(() => undefined), pause(500)])
  }

  const look = async (): Promise<void> => {
    for (const id of [...waiting.keys()].slice(0, LOOKED_AT)) {
      const job = await queue.getJob(id)
      if (!job) fail(id, 'it is gone from the queue')
      else if (job.finishedOn !== undefined) finish(job, id)
      // Next time it is the turn of others.
      const waiters = waiting.get(id)
      if (waiters && waiting.delete(id)) waiting.set(id, waiters)
    }
    const workers = await workersOf(client, name)
    onSight({ reached: true, workers })
    if (workers === 0) await end(gone(options.redis, 'no worker is left'))
  }
  const finish = (job: Job<Task, Answer>, id: string): void =>
    job.failedReason ? fail(id, job.failedReason) : complete(id, job.returnvalue)

  let away = 0
  let busy = false
  const looking = setInterval(() => {
    // One that is stopped answers nothing, and its connection is as it was.
    away = client.status === 'ready' && !busy ? 0 : away + LOOK
    if (away > 0) onSight({ reached: false, workers: 0 })
    if (away >= AWAY) void end(gone(options.redis, `it did not answer for ${AWAY / 1000} s`))
    if (away > 0 || (waiting.size === 0 && !lasting)) return
    busy = true
    // A command that fails does so because Redis is away, which the next look knows.
    void look()
      .catch(() => undefined)
      .finally(() => (busy = false))
  }, LOOK).unref()

  void tellOfEnds(listener, name, since, { completed: complete, failed: fail })
  // The connections are looked at instead; without a listener it would be printed.
  queue.on('error', () => undefined)

  const add = async (task: Task): Promise<Answer> => {
    if (over) throw over
    const id = randomUUID()
    const answer = wait(id)
    answer.catch(() => undefined)
    own.add(id)
    try {
      const job = await queue.add(task.type, task, { jobId: id, deduplication: { id: taskId(task) } })
      if (job.id === undefined || job.id === id) return await answer
      // Another build asked the same before.
      const theirs = wait(job.id)
      settle(id, ({ reject }) => reject(gone(options.redis, 'it was asked before')))
      return await theirs
    } catch (error) {
      const known = error instanceof ImagemillError ? error : unreachable(options.redis, error)
      settle(id, ({ reject }) => reject(known))
      throw known
    }
  }

  return {
    run: (task) => slots(() => add(task)),
    over: ended,
    close: () => end(gone(options.redis, 'the build or the server was closed')),
  }
}

/** Waits until there is a worker that makes the same bytes, but not for long. */
async function arrival(client: Redis, name: string, { redis, engine, patience, onSight }: SessionOptions): Promise<void> {
  const until = performance.now() + patience
  for (;;) {
    const all = await present(client)
    const workers = all.filter(({ queue }) => queue === name).length
    onSight({ reached: true, workers })
    if (workers > 0) return
    if (performance.now() >= until) throw nobody(redis, engine, all)
    await pause(200)
  }
}

async function workersOf(client: Redis, name: string): Promise<number> {
  return (await present(client)).filter(({ queue }) => queue === name).length
}

function later(): { promise: Promise<ImagemillError>; settle(error: ImagemillError): void } {
  let settle: (error: ImagemillError) => void = () => undefined
  const promise = new Promise<ImagemillError>((resolve) => (settle = resolve))
  return { promise, settle }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
