import { once } from 'node:events'
import { sha256 } from '../hash.ts'
import { openPool } from '../queue/pool.ts'
import { openWorker } from '../queue/bullmq/worker.ts'
import { hostOf } from '../queue/bullmq/connect.ts'
import { openRemote } from '../store/remote.ts'
import { openRunStore } from '../store/run-store.ts'
import { UsageError, readArguments } from './arguments.ts'
import { ENGINE_HELP, ENGINE_OPTIONS, engineOf } from './engine.ts'
import { onInterrupt } from './interrupt.ts'
import { openProgress } from './progress.ts'

export const help = `Usage: imagemill worker --redis <url> --store <url> [options]

Makes the images of builds and services on other machines until it is told to end: jobs come from a queue in Redis or Valkey,
sources and images go through the shared store. Prints a line of JSON for each job. On SIGTERM or Ctrl-C it finishes what it began.
It needs the packages bullmq and ioredis, and does the work of machines with the same versions of imagemill and sharp only.

${ENGINE_HELP}

  imagemill worker --redis redis://queue.example.com:6379 --store https://images.example.com
`

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArguments(args, ENGINE_OPTIONS)
  const { options, folder, quiet } = engineOf({ ...values, 'store-write': true })
  const { store: shared, queue, concurrency, memory, limits, cache } = options
  if (!shared || !queue) throw new UsageError('a worker needs --redis and --store')
  const interrupt = onInterrupt()
  const { say } = openProgress(quiet ? 'nobody' : 'person')
  const warn = (error: Error): void => say(error.message)
  const pool = openPool({ concurrency, memory, timeout: limits.timeout, pixelLimit: limits.pixels })
  const store = openRunStore({ folder, maxSize: cache.maxSize, warn })
  // A worker outlives its store: it is asked again, however often it failed.
  const remote = openRemote({ ...shared, failures: Infinity, warn })
  try {
    // One that cannot write would take work from others only to fail at it.
    await remote.put(sha256('imagemill worker'), null)
    const worker = await openWorker({
      ...queue,
      pool,
      store,
      remote,
      concurrency,
      onDone: (done) => void process.stdout.write(`${JSON.stringify(done)}\n`),
    })
    say(`waiting for jobs of ${worker.engine} at ${hostOf(queue.redis)}, ${concurrency} at a time`)
    if (!interrupt.signal.aborted) await once(interrupt.signal, 'abort')
    await worker.close()
  } finally {
    await pool.close()
    await store.close()
    await remote.close()
  }
  return interrupt.code() ?? 0
}
