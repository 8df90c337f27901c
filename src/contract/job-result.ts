import type { Format } from '../types.ts'

/** One encoded file, as `contracts` spell it. */
export interface OutputFile {
  /** Where the file is: an address in a module, a path below the build folder in the manifest. */
  path: string
  format: Format
  /** px */
  width: number
  /** px */
  height: number
  size_bytes: number
  /** The bytes of the file in base64, only when `inline` was asked for. */
  data_base64?: string
}

export interface JobSuccess {
  success: true
  operation: string
  outputs: OutputFile[]
  /** Wall time inside the engine in ms; a cached record keeps the time of the run that made it. */
  elapsed_ms: number
  /** What the operation found out besides files; null when it finds out nothing. */
  metadata: Record<string, unknown> | null
}

export interface JobFailure {
  success: false
  operation: string
  /** What went wrong, in one sentence. */
  error: string
  elapsed_ms: number
  /** A permanent code, such as SOURCE_CORRUPT. */
  code: string
  /** What to do about it. */
  hint?: string
  /** Whether the very same job may succeed when it is tried again. */
  retryable: boolean
}

/** What a job answered; discriminate on `success`. */
export type JobResult = JobSuccess | JobFailure

/** The record of a job that made files. */
export function jobSuccess(
  operation: string,
  outputs: OutputFile[],
  elapsed_ms: number,
  metadata: JobSuccess['metadata'] = null,
): JobSuccess {
  return { success: true, operation, outputs, elapsed_ms, metadata }
}
