import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { batchRecord, type BatchResult } from '../contract/batch.ts'
import { batchJobSchema } from '../contract/job.ts'
import type { JobFailure, JobResult } from '../contract/job-result.ts'
import { ImagemillError, asImagemillError, systemCode } from '../errors.ts'
import { isRecord } from '../hash.ts'
import { isRemote } from '../query/remote.ts'
import { nearest } from '../query/spelling.ts'
import type { JobContext, Run } from './context.ts'
import { failureRecord, operationOf } from './failure.ts'
import { invalidField, invalidJob, short } from './invalid.ts'
import { OPERATIONS } from './operations.ts'

/** Names of all that a job can ask for. */
export const OPERATION_NAMES: readonly string[] = [...Object.keys(OPERATIONS), 'batch']

/** How the job is called that is the only one of its command. */
export const ONLY = 'the job'

/** Jobs of one batch that are under way at a time; the pool has its own limits. */
const TOGETHER = 16

/**
 * Does one job and answers its record, whatever happens. `name` tells it from others; jobs are to be begun in their order,
 * for the first one that names a file has it.
 */
export async function runJob(job: unknown, name: string, run: Run): Promise<JobResult | BatchResult> {
  if (operationOf(job) !== 'batch') return runSingle(job, name, run)
  const start = performance.now()
  try {
    const { success, data, error } = batchJobSchema.safeParse(job)
    if (!success) throw invalidField(error, job, Object.keys(batchJobSchema.shape))
    const results: JobResult[] = []
    let next = 0
    const lane = async (): Promise<void> => {
      for (let index = next++; index < data.jobs.length; index = next++)
        results[index] = await runSingle(data.jobs[index], `job ${index + 1} of ${name === ONLY ? 'the batch' : name}`, run)
    }
    await Promise.all(Array.from({ length: TOGETHER }, lane))
    return batchRecord(results, elapsed(start))
  } catch (error) {
    return failureRecord('batch', error, elapsed(start))
  }
}

function runSingle(job: unknown, name: string, run: Run): Promise<JobResult> {
  const input = isRecord(job) && typeof job['input'] === 'string' ? job['input'] : undefined
  return answer({ name, operation: operationOf(job), input, read: () => readSingle(job) }, run)
}

export interface Asked<T> {
  name: string
  operation: string
  /** The source as it is written. */
  input: string | undefined
  /** Checks what is asked for and answers the work; what it throws is wrong with the job itself. */
  read(): (context: JobContext) => Promise<T>
}

/** What a job answers: what its work does, or a record of why it was not done. */
export async function answer<T>({ name, operation, input, read }: Asked<T>, run: Run): Promise<T | JobFailure> {
  const turn = run.claims.turn(name)
  let start: number | undefined
  try {
    const work = read()
    if (input !== undefined && !isRemote(input)) requireInput(input, run.cwd)
    start = performance.now()
    return await work({ ...run, turn })
  } catch (error) {
    return failureRecord(operation, located(error, input), start === undefined ? 0 : elapsed(start))
  } finally {
    turn.pass()
  }
}

function readSingle(job: unknown): (context: JobContext) => Promise<JobResult> {
  if (!isRecord(job)) throw invalidJob(`a job is a JSON object with an \`operation\`, received ${short(JSON.stringify(job) ?? 'nothing')}`)
  const { operation } = job
  const expected = `expected one of ${OPERATION_NAMES.join(', ')}`
  if (operation === undefined) throw invalidJob(`missing field \`operation\`: ${expected}`)
  const known = typeof operation === 'string' && Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined
  if (known) return known.read(job)
  if (operation === 'batch') throw invalidJob('a batch cannot hold another batch', 'Write its jobs into the first one.')
  const near = typeof operation === 'string' ? nearest(operation, OPERATION_NAMES) : undefined
  throw invalidJob(
    `unknown operation ${short(JSON.stringify(operation))}: ${expected}`,
    near ? `Did you mean \`${near}\`?` : 'Only images are worked on, not video and audio.',
  )
}

/** A file that is not there is the most frequent mistake, and known before anything else is done. */
function requireInput(input: string, cwd: string): void {
  try {
    if (statSync(resolve(cwd, input), { throwIfNoEntry: false })) return
  } catch (error) {
    // What cannot be looked at is told by who reads it.
    if (systemCode(error) === undefined) throw error
    return
  }
  throw new ImagemillError({
    code: 'SOURCE_NOT_FOUND',
    message: 'the image file does not exist',
    hint: 'Check its name, upper and lower case included, and the folder that the command runs in.',
  })
}

/** Codes whose sentence names what it is about by itself. */
const COMPLETE: ReadonlySet<string> = new Set([
  'INPUT_INVALID',
  'OUTPUT_CONFLICT',
  'OUTPUT_UNWRITABLE',
  'CANCELLED',
  'STORE_UNUSABLE',
  'DISK_FULL',
])

function located(error: unknown, file: string | undefined): ImagemillError {
  const known = withFlag(asImagemillError(error))
  return COMPLETE.has(known.code) ? known : known.at({ file })
}

/** Jobs come to commands, whose flags are what the options of the plugin are elsewhere. */
function withFlag(error: ImagemillError): ImagemillError {
  if (error.code !== 'REMOTE_DENIED') return error
  const pattern = /'([^']+\*\*)'/.exec(error.hint ?? '')?.[1]
  const hint = error.hint?.includes('allowPrivate')
    ? 'Where such addresses are meant, add `--allow-private` to the command.'
    : `Add \`--allow-remote${pattern ? ` '${pattern}'` : ''}\` to the command.`
  return new ImagemillError({ ...error.facts(), hint }, { cause: error })
}

function elapsed(start: number): number {
  return Math.round(performance.now() - start)
}
