import { ImagemillError } from '../errors.ts'
import { failureRecord } from '../jobs/failure.ts'
import { failuresOf } from './identifiers.ts'
import type { AcceptedJob } from './job.ts'
import type { Done } from './work.ts'

/** What came of a job that its caller stopped, whatever it was at. */
export function cancelledDone(job: AcceptedJob): Done {
  const error = new ImagemillError({ code: 'CANCELLED', message: 'the job was cancelled' })
  const record = failureRecord(job.operation, error, 0)
  return { record, files: [], original_meta: {}, failures: failuresOf(job, record.error) }
}
