import { basename } from 'node:path'
import { functionsJobSchema } from '../contract/functions.ts'
import { savesIn } from './function-job.ts'
import type { AcceptedJob, JobEnd } from './job.ts'

/** What a file of a job is called by whoever asked for it. */
export function identifierOf({ delivery }: AcceptedJob, name: string): string {
  return delivery.image_identifier ?? basename(name)
}

/** All that a job was to make, as not made. */
export function failuresOf(job: AcceptedJob, error: string): JobEnd['failures'] {
  const { input, ...asked } = job.job
  const functions = job.operation === 'functions' ? functionsJobSchema.parse(asked).functions : undefined
  const identifiers = functions?.flatMap(savesIn).map(({ image_identifier }) => image_identifier) ?? [identifierOf(job, String(input))]
  return identifiers.map((image_identifier) => ({ image_identifier, error }))
}
