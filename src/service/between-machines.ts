import type { JobResult } from '../contract/job-result.ts'
import type { ErrorCode } from '../errors.ts'

/** What is wrong between machines is for those who run them: it names addresses, and settings that callers do not have. */
const CODES: ReadonlySet<string | undefined> = new Set<ErrorCode>([
  'QUEUE_UNREACHABLE',
  'QUEUE_FORGETFUL',
  'PACKAGE_MISSING',
  'STORE_UNREACHABLE',
  'STORE_REFUSED',
])

/** The sentence that callers get instead, if there is one. */
export function insteadOf(code: string | undefined): string | undefined {
  return CODES.has(code) ? 'The work could not be done by other machines' : undefined
}

/** A failure as its caller hears of it, who can only try again. */
export function withoutMachines(record: JobResult): JobResult {
  const error = record.success ? undefined : insteadOf(record.code)
  if (record.success || error === undefined) return record
  const { hint: _, ...rest } = record
  return { ...rest, error, retryable: true }
}
