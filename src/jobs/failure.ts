import type { JobFailure } from '../contract/job-result.ts'
import { asImagemillError, oneLine, type ImagemillError } from '../errors.ts'
import { isRecord } from '../hash.ts'

/** The record of a job that failed. */
export function failureRecord(operation: string, thrown: unknown, elapsed_ms: number): JobFailure {
  const error = asImagemillError(thrown)
  return {
    success: false,
    operation,
    error: sentence(error),
    elapsed_ms,
    code: error.code,
    ...(error.hint !== undefined && { hint: error.hint }),
    retryable: error.retryable,
  }
}

/** What a job says it is, if it says anything that can be repeated. */
export function operationOf(job: unknown): string {
  const operation = isRecord(job) ? job['operation'] : undefined
  return typeof operation === 'string' && operation !== '' && operation.length <= 100 ? operation : 'unknown'
}

function sentence({ code, reason, file }: ImagemillError): string {
  if (code === 'SOURCE_NOT_FOUND' && file !== undefined) return `Input file not found: ${oneLine(file)}`
  // An address is written as it is.
  const start = /^[a-z](?!\w*:\/\/)/.test(reason) ? reason.charAt(0).toUpperCase() + reason.slice(1) : reason
  return file === undefined || reason.includes(oneLine(file)) ? start : `${start}: ${oneLine(file)}`
}
