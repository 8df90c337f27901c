import * as z from 'zod'

/** Every answer of the service that is an error, but for a job that is wrong in itself. */
export const apiErrorSchema = z.strictObject({
  error: z.string().min(1).describe('What went wrong, in one sentence.'),
  code: z.string().min(1).describe('A permanent code, such as RATE_LIMIT_EXCEEDED.'),
  retryable: z.boolean().describe('Whether the very same request may succeed later.'),
  request_id: z.string().min(1),
})
