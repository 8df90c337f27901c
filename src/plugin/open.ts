import type { ImagemillError } from '../errors.ts'
import { openPipeline, type Pipeline } from '../pipeline.ts'
import { openPool } from '../queue/pool.ts'
import { openRemote } from '../store/remote.ts'
import { openShared } from '../store/shared.ts'
import type { Options } from './options.ts'

/** The pipeline that options ask for, on this machine. */
export function pipelineOf(
  { cache, store, limits, concurrency, memory }: Pick<Options, 'cache' | 'store' | 'limits' | 'concurrency' | 'memory'>,
  folder: string,
  warn: (error: ImagemillError) => void,
): Pipeline {
  const shared = store && openShared(openRemote({ ...store, warn }), warn)
  return openPipeline({
    folder,
    maxSize: cache.maxSize,
    pixelLimit: limits.pixels,
    queue: openPool({ concurrency, memory, timeout: limits.timeout, pixelLimit: limits.pixels }),
    shared,
    // A pool that works tells of an output at least this often.
    patience: 2 * limits.timeout,
    warn,
  })
}
