import * as z from 'zod'

export const outputFileSchema = z.strictObject({
  /** Where the file is: an address in a module, a path below the build folder in the manifest, a path as the job asked for it elsewhere. */
  path: z.string().min(1),
  format: z.enum(['png', 'jpeg', 'webp', 'avif', 'gif']),
  /** px */
  width: z.int().min(1),
  /** px */
  height: z.int().min(1),
  size_bytes: z.int().min(0),
  /** The bytes of the file in base64, only when `inline` was asked for. */
  data_base64: z.base64().exactOptional(),
})

/** One encoded file, as `contracts` spell it. */
export interface OutputFile extends z.output<typeof outputFileSchema> {}

export const jobSuccessSchema = z.strictObject({
  success: z.literal(true),
  operation: z.string().min(1),
  outputs: z.array(outputFileSchema),
  /** Wall time inside the engine in ms; a cached record keeps the time of the run that made it. */
  elapsed_ms: z.number().min(0),
  /** What the operation found out besides files; null when it finds out nothing. */
  metadata: z.record(z.string(), z.unknown()).nullable(),
})

export interface JobSuccess extends z.output<typeof jobSuccessSchema> {}

export const jobFailureSchema = z.strictObject({
  success: z.literal(false),
  /** What the job asked for; `unknown` when it could not be read. */
  operation: z.string().min(1),
  /** What went wrong, in one sentence. */
  error: z.string().min(1),
  elapsed_ms: z.number().min(0),
  /** A permanent code, such as SOURCE_CORRUPT. */
  code: z.string().min(1).exactOptional(),
  /** What to do about it. */
  hint: z.string().min(1).exactOptional(),
  /** Whether the very same job may succeed when it is tried again. */
  retryable: z.boolean().exactOptional(),
})

export interface JobFailure extends z.output<typeof jobFailureSchema> {}

/** What a job answered; discriminate on `success`. */
export const jobResultSchema = z.discriminatedUnion('success', [jobSuccessSchema, jobFailureSchema])

/** What a job answered; discriminate on `success`. */
export type JobResult = JobSuccess | JobFailure
