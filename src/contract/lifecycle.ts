import * as z from 'zod'
import { jobResultSchema } from './job-result.ts'

const seconds = z.number().min(0)

export const jobStatusSchema = z.enum(['queued', 'pending', 'processing', 'completed', 'failed', 'cancelled'])

/** The answer to a job that was taken. */
export const jobQueuedResponseSchema = z.strictObject({
  job_id: z.string().min(1),
  status: z.literal('queued'),
  endpoint: z.string().regex(/^\//),
  estimated_time_seconds: seconds,
  queued_at: z.iso.datetime(),
})

/** Why a job failed, in words that a program can decide by. */
export const failureReasonSchema = z.enum([
  'INPUT_INVALID',
  'TIMEOUT',
  'STORAGE_ERROR',
  'RATE_LIMIT_EXCEEDED',
  'CONCURRENT_JOBS_EXCEEDED',
  'INTERNAL_ERROR',
  'CANCELLED',
])

const running = z.strictObject({
  job_id: z.string().min(1),
  status: jobStatusSchema.extract(['queued', 'pending', 'processing']),
  progress: z.number().min(0).max(100).exactOptional().describe('per cent'),
  estimated_time_seconds: seconds.exactOptional(),
})

const cancelled = z.strictObject({
  job_id: z.string().min(1),
  status: z.literal('cancelled'),
  failure_reason_code: failureReasonSchema.extract(['CANCELLED']).exactOptional(),
})

const completed = z.looseObject({
  job_id: z.string().min(1),
  status: z.literal('completed'),
  progress: z.literal(100),
  result_url: z.url(),
  result_mime_type: z
    .string()
    .regex(/^(?:image\/|application\/json$)/)
    .describe('That of the main output; an operation that makes no file has its record in JSON as its result.'),
  result_size_bytes: z.int().min(0).exactOptional(),
  result_expires_at: z.iso.datetime().exactOptional().describe('When `result_url` and the addresses in `result` end.'),
  result_base64: z.string().exactOptional().describe('The bytes of a result of at most 4096 bytes.'),
  result: jobResultSchema.exactOptional().describe('The whole record; the paths in it are addresses.'),
  queue_wait_seconds: seconds,
  inference_time_seconds: seconds,
  total_elapsed_seconds: seconds,
  credits_charged: z.boolean(),
  credits_amount: z.number().min(0),
})

const failed = z.strictObject({
  job_id: z.string().min(1),
  status: z.literal('failed'),
  error: z.string().min(1),
  failure_reason_code: failureReasonSchema,
  retryable: z.boolean(),
})

/** What is known of a job; nothing follows `completed`, `failed` and `cancelled`. */
export const jobStatusResponseSchema = z.discriminatedUnion('status', [running, completed, failed, cancelled])

/** A job as a list shows it. */
const listedJob = z.strictObject({
  job_id: z.string().min(1),
  operation: z.string().min(1),
  name: z.string().exactOptional().describe('What it is about, where it has a name.'),
  status: jobStatusSchema,
  progress: z.number().min(0).max(100).describe('per cent'),
  queued_at: z.iso.datetime(),
})

export type ListedJob = z.output<typeof listedJob>

/** Jobs that have not ended, the oldest first. */
export const jobListSchema = z.strictObject({ jobs: z.array(listedJob) })

/** What is posted to `callback_url` when a job ends. */
export const webhookEventSchema = z.looseObject({
  job_id: z.string().min(1),
  user_id: z.string().exactOptional(),
  status: jobStatusSchema.extract(['completed', 'failed', 'cancelled']),
  result_url: z.url().exactOptional(),
  result_mime_type: z.string().exactOptional(),
  result_size_bytes: z.int().min(0).exactOptional(),
  error: z.string().exactOptional(),
  failure_reason_code: failureReasonSchema.exactOptional(),
  timestamp: z.int().min(0).describe('Seconds since 1970.'),
})

export type WebhookEvent = z.output<typeof webhookEventSchema>

/** The answer 422 to a job that is wrong in itself. */
export const validationErrorSchema = z.strictObject({
  detail: z.array(z.strictObject({ loc: z.array(z.union([z.string(), z.int()])), msg: z.string().min(1), type: z.string().min(1) })).min(1),
})
