import type { ImagemillError } from '../errors.ts'
import { openPipeline, type Pipeline } from '../pipeline.ts'
import { openPool } from '../queue/pool.ts'
import type { Options } from './options.ts'

/** The pipeline that options ask for, on this machine. */
export function pipelineOf(
  { cache, limits, concurrency, memory, remote }: Pick<Options, 'cache' | 'limits' | 'concurrency' | 'memory' | 'remote'>,
  folder: string,
  warn: (error: ImagemillError) => void,
): Pipeline {
  return openPipeline({
    folder,
    maxSize: cache.maxSize,
    pixelLimit: limits.pixels,
    queue: openPool({ concurrency, memory, timeout: limits.timeout, pixelLimit: limits.pixels }),
    remote,
    // A pool that works tells of an output at least this often.
    patience: 2 * limits.timeout,
    warn,
  })
}
