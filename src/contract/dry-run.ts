import * as z from 'zod'
import { outputFileSchema } from './job-result.ts'

/** What a dry run says of one source: every file that would be written. */
export const dryRunSchema = z.strictObject({
  success: z.literal(true),
  dry_run: z.literal(true),
  operation: z.string().min(1),
  input: z.string().min(1),
  outputs: z.array(outputFileSchema.omit({ size_bytes: true, data_base64: true })),
})

export type DryRun = z.output<typeof dryRunSchema>
