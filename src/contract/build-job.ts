import type { JobFailure, JobSuccess } from './job-result.ts'

/** One output that a build or the dev server makes. */
export interface BuildJob {
  job_id: string
  /** What its file is called, without extension: `hero-640`. */
  name: string
  operation: string
  status: 'processing' | 'completed' | 'failed'
  /** ms since 1970 */
  started_ms: number
  ended_ms?: number
  /** Whether it was in the cache. */
  cached?: boolean
  /** Once it has ended. The path of its file is a name of ours, whatever the build calls it. */
  record?: JobSuccess | JobFailure
}
