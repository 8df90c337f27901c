import { asImagemillError } from '../errors.ts'
import { ONLY, runJob } from '../jobs/run.ts'
import { UsageError, readArguments } from './arguments.ts'
import { JOB_HELP, JOB_OPTIONS, engineOf } from './engine.ts'
import { onInterrupt } from './interrupt.ts'
import { jobWork } from './job-work.ts'
import { itemOf, readLines, readOne, type Item } from './lines.ts'
import { PROGRESS_HELP, PROGRESS_OPTIONS, audienceOf } from './progress.ts'
import { runJobs, unreadable } from './run-jobs.ts'
import type { Run } from '../jobs/context.ts'

export const help = `Usage: imagemill process --job '<json>'
       imagemill process < job.json
       imagemill process --stream < jobs.ndjson

Does a job and prints its record as one line of JSON. With --stream every line of standard input is a job, and every line
of the output is the record of one, in the same order. Jobs run side by side: none should read what another one writes.

  --job <json>         the job; without it, standard input is one
  --stream             a job a line
${PROGRESS_HELP}
${JOB_HELP}

  imagemill process --job '{"operation":"resize","input":"photo.jpg","output_dir":"out","widths":[320,640],"format":"webp"}'
`

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArguments(args, { job: { type: 'string' }, stream: { type: 'boolean' }, ...PROGRESS_OPTIONS, ...JOB_OPTIONS })
  if (values.job !== undefined && values.stream) throw new UsageError('--job and --stream cannot be used together')
  if (values.job === undefined && process.stdin.isTTY) throw new UsageError('there is no job: expected --job or one on standard input')
  const engine = engineOf(values)
  const audience = audienceOf(values)
  const interrupt = onInterrupt()
  const { signal } = interrupt
  const items = values.stream
    ? readLines(process.stdin, signal)
    : one(async () => (values.job === undefined ? readOne(process.stdin, signal, ONLY) : itemOf(ONLY, Buffer.from(values.job))))
  return runJobs(items, doItem, engine, interrupt, { audience, about })
}

/** What is told of a job that was read. */
export function about(item: Item): { name: string; work: number } {
  return { name: item.name, work: 'job' in item ? jobWork(item.job) : 0 }
}

async function* one<T>(make: () => Promise<T>): AsyncGenerator<T> {
  yield await make()
}

/** The record of a job that was read, or of one that could not be. */
export async function doItem(item: Item, context: Run): Promise<{ success: boolean }> {
  return 'error' in item ? unreadable(asImagemillError(item.error)) : runJob(item.job, item.name, context)
}
