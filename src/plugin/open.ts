import type { ImagemillError } from '../errors.ts'
import { openPipeline, type Pipeline } from '../pipeline.ts'
import { openBullmq } from '../queue/bullmq/queue.ts'
import { openPool } from '../queue/pool.ts'
import type { Queue } from '../queue/queue.ts'
import { openRemote } from '../store/remote.ts'
import { openShared } from '../store/shared.ts'
import type { Options } from './options.ts'

type Needed = Pick<Options, 'cache' | 'store' | 'queue' | 'limits' | 'concurrency' | 'memory' | 'remote'>

interface Telling {
  warn(error: ImagemillError): void
  /** Told when machines are back that were away; left out for what ends soon, and does not look for them again. */
  onBack?: ((message: string) => void) | undefined
  niceness?: number
}

/** The pipeline that options ask for: on this machine, or together with others. */
export function pipelineOf(
  { cache, store, queue, limits, concurrency, memory, remote }: Needed,
  folder: string,
  { warn, onBack, niceness }: Telling,
): Pipeline {
  const pool = openPool({ concurrency, memory, timeout: limits.timeout, pixelLimit: limits.pixels, niceness })
  const stored = store && openRemote({ ...store, warn, onBack })
  const shared = stored && openShared(stored, warn)
  return openPipeline({
    folder,
    maxSize: cache.maxSize,
    pixelLimit: limits.pixels,
    queue: queue && stored && shared ? begunWhenSent(openBullmq({ ...queue, pool, remote: stored, shared, warn, onBack })) : pool,
    remote,
    shared,
    // A pool that works tells of an output at least this often.
    patience: 2 * limits.timeout,
    warn,
  })
}

/** Other machines do not say when they begin. */
function begunWhenSent(queue: Queue): Queue {
  return {
    ...queue,
    encode(source, output, folder, signal, onBegin) {
      onBegin?.()
      return queue.encode(source, output, folder, signal)
    },
  }
}
