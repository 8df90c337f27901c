import type * as z from 'zod'
import type { resultsDocumentSchema } from '../contract/blitline.ts'
import type { JobResult } from '../contract/job-result.ts'
import type {
  failureReasonSchema,
  jobQueuedResponseSchema,
  jobStatusResponseSchema,
  jobStatusSchema,
  WebhookEvent,
} from '../contract/lifecycle.ts'
import { withAddresses } from './html-addresses.ts'
import type { AcceptedJob, EndedJob, ResultFile } from './job.ts'

export type FailureReason = z.output<typeof failureReasonSchema>
export type JobStatus = z.output<typeof jobStatusSchema>
export type JobStatusResponse = z.output<typeof jobStatusResponseSchema>
export type JobQueuedResponse = z.output<typeof jobQueuedResponseSchema>
export type ResultsDocument = z.output<typeof resultsDocumentSchema>

/** Where the results of a job are. */
export interface Addresses {
  /** The signed address of a file. */
  urlOf(job: EndedJob, name: string): string
  /** When the addresses of a job end, in ms since 1970. */
  expiryOf(job: EndedJob): number
}

/** Permanent codes by the reason that a program decides by. */
const REASONS: Readonly<Record<string, FailureReason>> = {
  TIMEOUT: 'TIMEOUT',
  CANCELLED: 'CANCELLED',
  STORE_UNUSABLE: 'STORAGE_ERROR',
  DISK_FULL: 'STORAGE_ERROR',
  OUTPUT_UNWRITABLE: 'STORAGE_ERROR',
  WORKER_CRASHED: 'INTERNAL_ERROR',
  UNSUPPORTED_SHARP: 'INTERNAL_ERROR',
  QUEUE_UNREACHABLE: 'INTERNAL_ERROR',
  QUEUE_FORGETFUL: 'INTERNAL_ERROR',
  PACKAGE_MISSING: 'INTERNAL_ERROR',
  STORE_UNREACHABLE: 'STORAGE_ERROR',
  STORE_REFUSED: 'STORAGE_ERROR',
  INTERNAL: 'INTERNAL_ERROR',
}

/** Everything else is wrong with the job or with its source. */
export function reasonOf(record: JobResult): FailureReason {
  return record.success ? 'INTERNAL_ERROR' : (REASONS[record.code ?? 'INTERNAL'] ?? 'INPUT_INVALID')
}

export function queuedResponse({ id, endpoint, queued_ms }: AcceptedJob, estimate: number): JobQueuedResponse {
  return { job_id: id, status: 'queued', endpoint, estimated_time_seconds: estimate, queued_at: new Date(queued_ms).toISOString() }
}

/** The last status of a job. Its times add up to the millisecond. */
export function endedResponse(job: EndedJob, addresses: Addresses): JobStatusResponse {
  const { id, queued_ms, end } = job
  if (end.status === 'cancelled') return { job_id: id, status: 'cancelled', failure_reason_code: 'CANCELLED' }
  if (end.status === 'failed' || !end.main) return failedResponse(job)
  return {
    job_id: id,
    status: 'completed',
    progress: 100,
    result_url: addresses.urlOf(job, end.main.name),
    result_mime_type: end.main.mime,
    result_size_bytes: end.main.size_bytes,
    result_expires_at: new Date(addresses.expiryOf(job)).toISOString(),
    ...(end.base64 !== undefined && { result_base64: end.base64 }),
    result: addressed(job, addresses),
    queue_wait_seconds: (end.started_ms - queued_ms) / 1000,
    inference_time_seconds: (end.ended_ms - end.started_ms) / 1000,
    total_elapsed_seconds: (end.ended_ms - queued_ms) / 1000,
    credits_charged: false,
    credits_amount: 0,
  }
}

function failedResponse({ id, end: { record } }: EndedJob): JobStatusResponse {
  return {
    job_id: id,
    status: 'failed',
    error: record.success ? 'The job made no file' : record.error,
    failure_reason_code: reasonOf(record),
    retryable: !record.success && record.retryable === true,
  }
}

/** The record of a job with addresses in place of the names of files. */
function addressed(job: EndedJob, { urlOf }: Addresses): JobResult {
  const { record } = job.end
  if (!record.success) return record
  return {
    ...record,
    outputs: record.outputs.map((output) => ({ ...output, path: urlOf(job, output.path) })),
    metadata: withAddresses(record.metadata, (name) => urlOf(job, name)),
  }
}

/** What `callback_url` is told. */
export function webhookEvent(job: EndedJob, addresses: Addresses): WebhookEvent {
  const { id, delivery, end } = job
  const { record, main } = end
  return {
    job_id: id,
    ...(delivery.user_id !== undefined && { user_id: delivery.user_id }),
    status: end.status,
    ...(main && { result_url: addresses.urlOf(job, main.name), result_mime_type: main.mime, result_size_bytes: main.size_bytes }),
    ...(end.status === 'cancelled' && { failure_reason_code: 'CANCELLED' as const }),
    ...(end.status === 'failed' && !record.success && { error: record.error, failure_reason_code: reasonOf(record) }),
    timestamp: Math.floor(end.ended_ms / 1000),
  }
}

/** What `postback_url` is told, and what `POST /job` answers. */
export function resultsDocument(job: EndedJob, addresses: Addresses): ResultsDocument {
  const { id, end } = job
  const image = ({ name, image_identifier, width, height }: ResultFile): ResultsDocument['results']['images'][number] => ({
    image_identifier,
    s3_url: addresses.urlOf(job, name),
    meta: { ...(width !== undefined && { width }), ...(height !== undefined && { height }) },
  })
  return {
    results: {
      original_meta: end.original_meta,
      images: (end.files.length === 0 && end.main ? [end.main] : end.files).map(image),
      job_id: id,
      ...(end.failures.length > 0 && {
        errors: [...new Set(end.failures.map(({ error }) => error))],
        failed_image_identifiers: end.failures.map(({ image_identifier }) => image_identifier),
      }),
    },
  }
}
