import { randomUUID } from 'node:crypto'
import type { Job, Queue as BullQueue } from 'bullmq'
import pLimit from 'p-limit'
import { ImagemillError } from '../../errors.ts'
import { cancelled } from '../processes.ts'
import type { Machines } from '../queue.ts'
import { openAskers } from './askers.ts'
import { connectRedis, unreachable, type Connecting } from './connect.ts'
import { gone, nobody } from './failures.ts'
import { loadBullmq, type Redis } from './load.ts'
import { tellOfEnds } from './events.ts'
import { present } from './presence.ts'
import { PREFIX, queueName, taskId, type Answer, type Task } from './tasks.ts'
import { openWaiters, type Waiters } from './waiters.ts'

/** A connection to workers: what it is asked, one of them does. */
export interface Session {
  /**
   * Has a task done. Fails with WORKER_CRASHED when as many workers died over it as may, and with QUEUE_UNREACHABLE when no worker
   * will do it: then it can be done here.
   * When the signal is aborted it fails as CANCELLED, and is stopped unless others wait for it.
   */
  run(task: Task, signal?: AbortSignal): Promise<Answer>
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

/** Tasks that are with the workers at a time: enough for hundreds of them, and what Redis holds stays small. */
const OUTSTANDING = 1000

/** Time between two looks at what is waited for, in ms: events are lost when a connection is. */
const LOOK = 2000

/** Tasks looked at each time. */
const LOOKED_AT = 100

/** Time that Redis may be away before the work is done here, in ms. */
const AWAY = 8000

/** How often a task is asked that others take back in the same moment. */
const TRIES = 3

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
  const slots = pLimit(OUTSTANDING)
  const askers = openAskers({ client, queue: name, remove: async (id) => (await queue.remove(id)) > 0 })
  const waiters = openWaiters(options.redis, askers)
  const { promise: ended, settle: tellOver } = later()
  let over: ImagemillError | undefined

  const end = async (error: ImagemillError): Promise<void> => {
    if (over) return
    over = error
    tellOver(error)
    stopLooking()
    const left = waiters.end(error)
    if (client.status === 'ready') await Promise.race([left, pause(500)])
    listener.disconnect()
    client.disconnect()
    await Promise.race([queue.close().catch(() => undefined), pause(500)])
  }

  const stopLooking = lookAfter({ queue, client, waiters, options, name }, end)
  void tellOfEnds(listener, name, since, { completed: waiters.complete, failed: waiters.fail, removed: waiters.removed })
  // The connections are looked at instead; without a listener it would be printed.
  queue.on('error', () => undefined)

  const ask = async (task: Task, signal: AbortSignal | undefined): Promise<Answer | undefined> => {
    if (over) throw over
    if (signal?.aborted) throw cancelled()
    const id = randomUUID()
    const first = waiters.wait(id)
    try {
      // On its way before the job is, so that nobody finds it without its asker.
      void askers.join(id).catch(() => undefined)
      const { id: its = id } = await queue.add(task.type, task, { jobId: id, deduplication: { id: taskId(task) } })
      if (its === id) return await waiters.answer(id, first, signal)
      // Someone else asked the same before.
      waiters.drop(id, first)
      const waiter = waiters.wait(its)
      void askers.join(its).catch(() => undefined)
      return await waiters.answer(its, waiter, signal)
    } catch (error) {
      throw error instanceof ImagemillError ? error : unreachable(options.redis, error)
    } finally {
      waiters.drop(id, first)
    }
  }

  const run: Session['run'] = async (task, signal) => {
    for (let tries = 0; tries < TRIES; tries++) {
      const answer = await ask(task, signal)
      if (answer) return answer
    }
    throw gone(options.redis, 'it is gone from the queue')
  }

  return {
    run: (task, signal) => slots(() => run(task, signal)),
    over: ended,
    close: () => end(gone(options.redis, 'the build or the server was closed')),
  }
}

/** Looks from time to time whether Redis and workers are there, and for what was missed; answers how to stop. */
function lookAfter(
  { queue, client, waiters, options, name }: Omit<Parts, 'listener' | 'since'> & { waiters: Waiters },
  end: (error: ImagemillError) => Promise<void>,
): () => void {
  const { redis, lasting, onSight } = options
  const look = async (): Promise<void> => {
    for (const id of waiters.oldest(LOOKED_AT)) {
      const job = await queue.getJob(id)
      if (!job) waiters.removed(id)
      else if (job.finishedOn !== undefined) finish(job, id)
    }
    const workers = (await present(client)).filter((its) => its.queue === name).length
    onSight({ reached: true, workers })
    if (workers === 0 && (lasting || waiters.count() > 0)) await end(gone(redis, 'no worker is left'))
  }
  const finish = (job: Job<Task, Answer>, id: string): void =>
    job.failedReason ? waiters.fail(id, job.failedReason) : waiters.complete(id, job.returnvalue)

  let away = 0
  let busy = false
  const looking = setInterval(() => {
    // One that is stopped answers nothing, and its connection is as it was.
    away = client.status === 'ready' && !busy ? 0 : away + LOOK
    if (away > 0) onSight({ reached: false, workers: 0 })
    if (away >= AWAY) void end(gone(redis, `it did not answer for ${AWAY / 1000} s`))
    if (away > 0 || (waiters.count() === 0 && !lasting)) return
    busy = true
    // A command that fails does so because Redis is away, which the next look knows.
    void look()
      .catch(() => undefined)
      .finally(() => (busy = false))
  }, LOOK).unref()
  return () => clearInterval(looking)
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

function later(): { promise: Promise<ImagemillError>; settle(error: ImagemillError): void } {
  let settle: (error: ImagemillError) => void = () => undefined
  const promise = new Promise<ImagemillError>((resolve) => (settle = resolve))
  return { promise, settle }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
