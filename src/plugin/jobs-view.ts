import { createRequire } from 'node:module'
import type { BuildJob } from '../contract/build-job.ts'
import { isRecord } from '../hash.ts'
import { reasonOf, type JobStatusResponse } from '../service/documents.ts'
import type { JobsView } from '../service/view.ts'
import type { WatchAppOptions } from '../service/watch-app.ts'
import type { Api } from './api.ts'
import { API_PATH, DEV_PATH } from './place.ts'

/** The jobs of the plugin as the routes of the service show them; `base` is known once the server listens. */
export function watchedJobs(api: Api, base: () => string, closing: AbortSignal): WatchAppOptions {
  return {
    view: viewOf(api, () => base() + DEV_PATH),
    gauges: () => ({ imagemill_jobs_running: api.jobLog.list().filter(({ status }) => status === 'processing').length }),
    version: ownVersion(),
    origin: () => base() + API_PATH,
    closing,
  }
}

function viewOf(api: Api, base: () => string): JobsView {
  const { jobLog } = api
  return {
    async see(id) {
      const job = jobLog.find(id)
      return job && { operation: job.operation, status: statusOf(job, base()) }
    },
    list: () =>
      jobLog.list().map(({ job_id, operation, name, status, started_ms }) => ({
        job_id,
        operation,
        name,
        status,
        progress: status === 'processing' ? 5 : 100,
        queued_at: new Date(started_ms).toISOString(),
      })),
    watch: (id, listener) => jobLog.watch(id, listener),
  }
}

function statusOf({ job_id, record, started_ms, ended_ms = started_ms }: BuildJob, base: string): JobStatusResponse {
  if (!record) return { job_id, status: 'processing', progress: 5 }
  const [output] = record.success ? record.outputs : []
  if (!record.success || !output) {
    const error = record.success ? 'The job made no file' : record.error
    return {
      job_id,
      status: 'failed',
      error,
      failure_reason_code: reasonOf(record),
      retryable: !record.success && record.retryable === true,
    }
  }
  const seconds = (ended_ms - started_ms) / 1000
  return {
    job_id,
    status: 'completed',
    progress: 100,
    result_url: base + output.path,
    result_mime_type: `image/${output.format}`,
    result_size_bytes: output.size_bytes,
    result: { ...record, outputs: [{ ...output, path: base + output.path }] },
    queue_wait_seconds: 0,
    inference_time_seconds: seconds,
    total_elapsed_seconds: seconds,
    credits_charged: false,
    credits_amount: 0,
  }
}

function ownVersion(): string {
  const own: unknown = createRequire(import.meta.url)('imagemill/package.json')
  return isRecord(own) ? String(own['version']) : ''
}
