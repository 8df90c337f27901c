import { openPipeline, type Pipeline, type PlannedOutput } from '../pipeline.ts'
import type { Plan } from '../query/plan.ts'
import type { Request } from '../query/request.ts'
import { openPool } from '../queue/pool.ts'
import type { Source } from '../types.ts'
import { cacheFolder } from './cache-folder.ts'
import type { Options } from './options.ts'
import { openReport, type Report } from './report.ts'

/** One request as an environment loaded it. */
export interface Job {
  /** Path and canonical query: its name in the manifest. */
  name: string
  request: Request
  source: Source
  plan: Plan
}

/** What the parts of the plugin share; one per instance, so that two builds in one process do not meet. */
export interface Api {
  options: Options
  report: Report
  /** Opened by the first image, when the root is known. */
  pipeline(root: string): Pipeline
  /** The pipeline, if there was an image. */
  openedPipeline(): Pipeline | undefined
  /** Every output that was planned, by key: what a token or a dev address stands for. */
  outputs: Map<string, Deliverable>
  /** Every request, by its name. */
  jobs: Map<string, Job>
  /** Job ids that an environment has loaded. */
  loaded: Map<string, Set<string>>
  /** File names of the outputs that an environment has rendered in its current build, by key. */
  rendered: Map<string, Map<string, string>>
  /** First importer of an id, to say in an error where it was asked for. */
  importers: Map<string, string>
}

/** An output, or in its place the source itself when `onError: 'warn'` let a failure pass. */
export type Deliverable = PlannedOutput & { name: string; original?: boolean }

export function createApi(options: Options): Api {
  let pipeline: Pipeline | undefined
  const report = openReport(options.logLevel)
  return {
    options,
    report,
    pipeline: (root) =>
      (pipeline ??= openPipeline({
        folder: cacheFolder(root, options.cache.dir),
        maxSize: options.cache.maxSize,
        pixelLimit: options.limits.pixels,
        queue: openPool({ concurrency: options.concurrency, memory: options.memory, timeout: options.limits.timeout, pixelLimit: options.limits.pixels }),
        // A pool that works tells of an output at least this often.
        patience: 2 * options.limits.timeout,
        warn: (error) => report.warn(error.message),
      })),
    openedPipeline: () => pipeline,
    outputs: new Map(),
    jobs: new Map(),
    loaded: new Map(),
    rendered: new Map(),
    importers: new Map(),
  }
}
