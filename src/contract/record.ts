import type { JobSuccess, OutputFile } from './job-result.ts'

/** The record of a job that made files. */
export function successRecord(
  operation: string,
  outputs: OutputFile[],
  elapsed_ms: number,
  metadata: JobSuccess['metadata'] = null,
): JobSuccess {
  return { success: true, operation, outputs, elapsed_ms, metadata }
}

/** Time that a job took: of all its outputs together. */
export function elapsedOf(made: readonly { elapsed_ms: number }[]): number {
  return Math.round(made.reduce((total, { elapsed_ms }) => total + elapsed_ms, 0))
}
