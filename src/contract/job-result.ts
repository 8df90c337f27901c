import * as z from 'zod'

export const outputFileSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe(
      'Where the file is: an address in a module, a path below the build folder in the manifest, a path as the job asked for it elsewhere.',
    ),
  format: z.enum(['png', 'jpeg', 'webp', 'avif', 'gif']),
  width: z.int().min(1).describe('px'),
  height: z.int().min(1).describe('px'),
  size_bytes: z.int().min(0),
  data_base64: z
    .string()
    .regex(/^(?!data:)./)
    .exactOptional()
    .describe('The bytes of the file in base64 without a `data:` before it, only when `inline` was asked for.'),
})

/** One encoded file, as `contracts` spell it. */
export interface OutputFile extends z.output<typeof outputFileSchema> {}

export const jobSuccessSchema = z.strictObject({
  success: z.literal(true),
  operation: z.string().min(1),
  outputs: z.array(outputFileSchema),
  elapsed_ms: z.number().min(0).describe('Wall time inside the engine in ms; a cached record keeps the time of the run that made it.'),
  metadata: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('What the operation found out besides files; null when it finds out nothing.'),
})

export interface JobSuccess extends z.output<typeof jobSuccessSchema> {}

export const jobFailureSchema = z.strictObject({
  success: z.literal(false),
  operation: z.string().min(1).describe('What the job asked for; `unknown` when it could not be read.'),
  error: z.string().min(1).describe('What went wrong, in one sentence.'),
  elapsed_ms: z.number().min(0),
  code: z.string().min(1).exactOptional().describe('A permanent code, such as SOURCE_CORRUPT.'),
  hint: z.string().min(1).exactOptional().describe('What to do about it.'),
  retryable: z.boolean().exactOptional().describe('Whether the very same job may succeed when it is tried again.'),
})

export interface JobFailure extends z.output<typeof jobFailureSchema> {}

/** What a job answered; discriminate on `success`. */
export const jobResultSchema = z.discriminatedUnion('success', [jobSuccessSchema, jobFailureSchema])

/** What a job answered; discriminate on `success`. */
export type JobResult = JobSuccess | JobFailure
