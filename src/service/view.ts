import { endedResponse, type Addresses, type JobStatusResponse } from './documents.ts'
import type { ListedJob } from '../contract/lifecycle.ts'
import type { Jobs } from './jobs.ts'
import type { LiveJob } from './live.ts'

/** What can be asked about jobs, whoever does them. */
export interface JobsView {
  /** Undefined for a job that never was, or is forgotten. */
  see(id: string): Promise<{ operation: string; status: JobStatusResponse } | undefined>
  list(): ListedJob[]
  /** Calls back on every change of a job until it has ended; answers how to stop. */
  watch(id: string, listener: () => void): () => void
}

export function viewOf(jobs: Jobs, addresses: Addresses): JobsView {
  return {
    async see(id) {
      const seen = await jobs.find(id)
      if (!seen) return undefined
      if ('ended' in seen) return { operation: seen.ended.operation, status: endedResponse(seen.ended, addresses) }
      return { operation: seen.live.operation, status: liveResponse(seen.live, jobs.left(seen.live)) }
    },
    list: () => jobs.list().map(listed),
    watch: (id, listener) => jobs.watch(id, listener),
  }
}

function liveResponse({ id, status, progress }: LiveJob, estimated_time_seconds: number): JobStatusResponse {
  if (status === 'completed' || status === 'failed' || status === 'cancelled') throw new TypeError(`a job that has ${status} is not live`)
  return { job_id: id, status, progress, estimated_time_seconds }
}

export function listed({ id, operation, status, progress, queued_ms }: LiveJob): ListedJob {
  return { job_id: id, operation, status, progress, queued_at: new Date(queued_ms).toISOString() }
}

export function hasEnded({ status }: JobStatusResponse): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled'
}
