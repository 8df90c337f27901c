import * as z from 'zod'
import { jobFailureSchema, jobResultSchema, jobSuccessSchema, type JobResult } from './job-result.ts'

const metadata = z.strictObject({ jobs_total: z.int().min(1), jobs_succeeded: z.int().min(0), results: z.array(jobResultSchema) })

/** The one record of several jobs; not a success when any of them failed. */
export const batchResultSchema = z.discriminatedUnion('success', [
  jobSuccessSchema.extend({ operation: z.literal('batch'), metadata }),
  jobFailureSchema.extend({ operation: z.literal('batch'), metadata: metadata.exactOptional() }),
])

export type BatchResult = z.output<typeof batchResultSchema>

/** The record of a batch from those of its jobs, in their order. */
export function batchRecord(results: JobResult[], elapsed_ms: number): BatchResult {
  const failed = results.filter((result) => !result.success)
  const counts = { jobs_total: results.length, jobs_succeeded: results.length - failed.length, results }
  if (failed.length === 0) return { success: true, operation: 'batch', outputs: [], elapsed_ms, metadata: counts }
  const [first] = failed
  return {
    success: false,
    operation: 'batch',
    error: `${failed.length} of ${results.length} jobs failed, the first one with: ${first?.error ?? ''}`,
    elapsed_ms,
    code: 'JOBS_FAILED',
    retryable: failed.every(({ retryable }) => retryable === true),
    metadata: counts,
  }
}
