import { setMaxListeners } from 'node:events'
import type { BuildJob } from '../contract/build-job.ts'
import type { JobSuccess } from '../contract/job-result.ts'
import { successRecord } from '../contract/record.ts'
import { asImagemillError } from '../errors.ts'
import { failureRecord } from '../jobs/failure.ts'
import type { PlannedOutput } from '../pipeline.ts'
import { operationOf } from '../query/plan.ts'
import type { StoredOutput } from '../types.ts'

/** What is being made, and what was made last. */
export interface BuildJobs {
  /** Follows the making of an output; nothing waits for that, and nothing fails by it. */
  track(planned: PlannedOutput & { name: string }, making: Promise<StoredOutput & { cached: boolean }>): void
  find(id: string): BuildJob | undefined
  list(): BuildJob[]
  watch(id: string, listener: () => void): () => void
}

/** Jobs that are remembered; those that ended first are forgotten first. */
const REMEMBERED = 2000

export function openBuildJobs(
  onJob: (job: BuildJob) => unknown,
  warn: (message: string) => void,
  changed: (id: string) => void = () => undefined,
): BuildJobs {
  const jobs = new Map<string, BuildJob>()
  const changes = new EventTarget()
  setMaxListeners(0, changes)

  const tell = async (job: BuildJob): Promise<void> => {
    jobs.set(job.job_id, job)
    changes.dispatchEvent(new Event(job.job_id))
    changed(job.job_id)
    for (const [id, { status }] of jobs) {
      if (jobs.size <= REMEMBERED) break
      if (status !== 'processing') jobs.delete(id)
    }
    try {
      await onJob({ ...job })
    } catch (error) {
      warn(`\`onJob\` failed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  const follow = async (begun: BuildJob, planned: PlannedOutput, making: Promise<StoredOutput & { cached: boolean }>): Promise<void> => {
    try {
      const stored = await making
      const { cached } = stored
      // The page asks again for what was made before: that is no job.
      if (jobs.get(begun.job_id)?.status === 'completed') return
      await tell({ ...begun, status: 'completed', ended_ms: Date.now(), cached, record: recordOf(begun, planned, stored) })
    } catch (error) {
      const record = failureRecord(begun.operation, asImagemillError(error).at({ file: begun.name }), Date.now() - begun.started_ms)
      await tell({ ...begun, status: 'failed', ended_ms: Date.now(), record })
    }
  }

  return {
    track(planned, making) {
      const { output, name } = planned
      const job_id = jobIdOf(output)
      const begun: BuildJob = { job_id, name, operation: operationOf([output]), status: 'processing', started_ms: Date.now() }
      if (jobs.get(job_id)?.status !== 'completed') void tell(begun)
      void follow(begun, planned, making)
    },
    find: (id) => jobs.get(id),
    list: () => [...jobs.values()],
    watch(id, listener) {
      changes.addEventListener(id, listener)
      return () => changes.removeEventListener(id, listener)
    },
  }
}

/** What the making of an output is called. */
export function jobIdOf({ key }: { key: string }): string {
  return `job_${key.slice(0, 24)}`
}

function recordOf({ operation }: BuildJob, { output }: PlannedOutput, { key, size_bytes, elapsed_ms }: StoredOutput): JobSuccess {
  const { format } = output.encoding
  const { width, height } = output.picture
  return successRecord(operation, [{ path: `${key}.${format}`, format, width, height, size_bytes }], Math.round(elapsed_ms))
}
