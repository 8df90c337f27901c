import type { Job } from 'bullmq'
import { ImagemillError, asImagemillError } from '../../errors.ts'
import { singleFlight } from '../../single-flight.ts'
import { describeEngine, encoderVersions } from '../../source/encoder-versions.ts'
import { LAYOUT, blobFile } from '../../store/disk.ts'
import type { Remote } from '../../store/remote.ts'
import type { RunStore } from '../../store/run-store.ts'
import type { Store } from '../../store/store.ts'
import type { Output, Source } from '../../types.ts'
import { join } from 'node:path'
import { cancelled } from '../processes.ts'
import type { Queue } from '../queue.ts'
import { openTakenBack } from './askers.ts'
import { connectRedis, type Connecting } from './connect.ts'
import { loadBullmq } from './load.ts'
import { announce } from './presence.ts'
import { DEATHS, PREFIX, TAKEN_BACK, isTask, queueName, sourceKey, type Answer, type Task } from './tasks.ts'

export interface WorkerOptions extends Connecting {
  /** Does the work in processes of its own, so that a crash or a hang of an encoder is not ours. */
  pool: Queue
  /** What was fetched and made, on this machine. */
  store: RunStore
  remote: Remote
  /** Tasks at a time. */
  concurrency: number
  /** Time without a sign of life after which a task is given to another worker, in ms. @default 5000 */
  lock?: number
  /** Told of every task that ended. */
  onDone(done: Done): void
}

export interface Done {
  type: Task['type']
  /** sha256 of the source. */
  source: string
  /** Outputs that are in the store, and those that could not be made. */
  made: number
  failed: number
  elapsed_ms: number
  /** Why the task will be tried again, or is given up. */
  error?: string
}

export interface Working {
  queue: string
  engine: string
  /** Finishes what was begun. */
  close(): Promise<void>
}

/** Tasks between two times of bringing the cache of this machine back to its size. */
const TIDY = 200

/** Takes work from a queue until it is closed. */
export async function openWorker({
  pool,
  store,
  remote,
  concurrency,
  lock = 5000,
  onDone,
  ...connecting
}: WorkerOptions): Promise<Working> {
  const versions = await encoderVersions(() => pool.versions())
  const [queue, engine] = [queueName(versions), describeEngine(versions)]
  const { bullmq } = await loadBullmq()
  const client = await connectRedis(connecting, true)
  const doer = openDoer({ pool, store, remote })
  let count = 0

  // BullMQ gives a signal to those who take three arguments.
  const process = async (job: Job<unknown, Answer>, _token: string | undefined, signal: AbortSignal | undefined): Promise<Answer> => {
    const start = performance.now()
    const task = job.data
    // Trying again would not make it another one.
    if (!isTask(task)) throw new bullmq.UnrecoverableError('this is no task that this version of imagemill understands')
    const tell = (facts: Pick<Done, 'made' | 'failed' | 'error'>): void =>
      onDone({ type: task.type, source: task.source.digest, ...facts, elapsed_ms: Math.round(performance.now() - start) })
    let isLate = false
    try {
      isLate = await takenBack.begin(job.id ?? '')
      if (isLate) throw cancelled()
      const answer = await doer(task, signal)
      const failed = answer.failed?.length ?? (answer.error ? 1 : 0)
      tell({ made: task.type === 'encode' ? task.outputs.length - failed : 1 - failed, failed })
      if (++count % TIDY === 0) await store.tidy()
      return answer
    } catch (error) {
      const { message, code } = asImagemillError(error)
      tell({ made: 0, failed: 0, error: message })
      // Nobody would have it tried again. A worker that is told to end is at no end of the task.
      throw code === 'CANCELLED' && (isLate || signal?.aborted) ? new bullmq.UnrecoverableError(TAKEN_BACK) : error
    } finally {
      takenBack.end(job.id ?? '')
    }
  }

  const worker = new bullmq.Worker<unknown, Answer>(queue, process, {
    connection: client,
    prefix: PREFIX,
    // While one waits for the store, another one computes.
    concurrency: concurrency + 1,
    lockDuration: lock,
    stalledInterval: lock / 2,
    maxStalledCount: DEATHS - 1,
    autorun: false,
  })
  // It goes on when Redis is back.
  worker.on('error', () => undefined)
  await worker.waitUntilReady()
  const takenBack = await openTakenBack(client, queue, (id) => worker.cancelJob(id))
  void worker.run().catch(() => undefined)
  const leave = await announce(client, { queue, engine })
  return {
    queue,
    engine,
    async close() {
      await leave()
      await worker.close()
      takenBack.close()
      client.disconnect()
    },
  }
}

/** Does tasks: fetches their source, has the pool do the work, and sends what it made. */
function openDoer({
  pool,
  store,
  remote,
}: Pick<WorkerOptions, 'pool' | 'store' | 'remote'>): (task: Task, signal: AbortSignal | undefined) => Promise<Answer> {
  const flight = singleFlight<string>()

  const fileOf = (source: Task['source'], opened: Store): Promise<string> =>
    flight(source.digest, async () => {
      const key = sourceKey(source.digest)
      const kept = opened.get(key)?.blob
      if (kept?.digest !== source.digest || !(await opened.read(key, kept))) {
        const bytes = await remote.bytes(source.digest, source.size_bytes)
        if (!bytes) throw notThere(source.digest)
        await opened.put(key, { size_bytes: bytes.length }, bytes)
      }
      return blobFile(join(opened.folder, LAYOUT), source.digest)
    })

  const make = async (
    source: Source,
    output: Output,
    opened: Store,
    signal: AbortSignal | undefined,
  ): Promise<{ key: string; error: ReturnType<ImagemillError['facts']> } | undefined> => {
    const { key } = output
    const failure = opened.get(key)
      ? undefined
      : await pool.encode(source, output, opened.folder, signal).then(
          () => undefined,
          (error: unknown) => asImagemillError(error),
        )
    if (failure) {
      // A worker that is told to end, or whose disk is full, has not failed at the image.
      if (failure.code === 'CANCELLED' || failure.code === 'STORE_UNUSABLE') throw failure
      return { key, error: failure.facts() }
    }
    const entry = opened.get(key)
    const bytes = entry?.blob && (await opened.read(key, entry.blob))
    if (!entry || !bytes)
      throw new ImagemillError({ code: 'STORE_UNUSABLE', message: 'an image was gone from the cache as soon as it was made' })
    await remote.put(key, entry.value, bytes)
    return undefined
  }

  return (task, signal) =>
    store.write(async (opened) => {
      const file = await fileOf(task.source, opened)
      const source = { ...task.source, file, local: file }
      if (signal?.aborted) throw cancelled()
      if (task.type === 'encode') {
        const failed = await Promise.all(task.outputs.map((output) => make(source, output, opened, signal)))
        return { failed: failed.filter((item) => item !== undefined) }
      }
      try {
        return task.type === 'trim' ? { box: await pool.trim(source, task.question) } : { fact: await pool.fact(source, task.question) }
      } catch (error) {
        const failure = asImagemillError(error)
        if (failure.code === 'CANCELLED') throw failure
        return { error: failure.facts() }
      }
    })
}

function notThere(digest: string): ImagemillError {
  return new ImagemillError({
    code: 'STORE_UNREACHABLE',
    message: `the source ${digest} cannot be had from the shared store`,
    hint: 'Check that workers and builds have the same `--store`, and that it does not evict what is new.',
  })
}
