import { readFile, rm } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import type { JobResult, JobSuccess, OutputFile } from '../contract/job-result.ts'
import { ImagemillError } from '../errors.ts'
import { sha256 } from '../hash.ts'
import { openClaims } from '../jobs/claims.ts'
import type { Run } from '../jobs/context.ts'
import { failureRecord } from '../jobs/failure.ts'
import { writeWhole } from '../jobs/files.ts'
import { runJob } from '../jobs/run.ts'
import type { Pipeline } from '../pipeline.ts'
import { displayedSize } from '../query/plan.ts'
import { encodePath } from '../module/picture-html.ts'
import { isRemote } from '../query/remote.ts'
import { parseRequest } from '../query/request.ts'
import type { Format } from '../types.ts'
import { failuresOf, identifierOf } from './identifiers.ts'
import { withAddresses } from './html-addresses.ts'
import type { AcceptedJob, JobEnd, ResultFile } from './job.ts'
import { withoutMachines } from './between-machines.ts'
import { fetchSource } from './fetched.ts'
import { doFunctions } from './function-job.ts'
import { escapes, withoutFolders, type Folders } from './paths.ts'

/** Most bytes of a result that is in the status itself. */
const SMALL = 4096

export interface WorkContext {
  pipeline: Pipeline
  folders: Folders
  signal: AbortSignal
  warn(message: string): void
  progress(done: number, total: number): void
}

export type Done = Pick<JobEnd, 'record' | 'files' | 'main' | 'base64' | 'original_meta' | 'failures'>

/** Does a job, whose files are then in the folder of its results, and answers what came of it, whatever happens. */
export async function doJob(job: AcceptedJob, context: WorkContext): Promise<Done> {
  const { folders } = context
  const results = join(folders.results, job.id)
  // What an earlier try has left behind.
  await rm(results, { recursive: true, force: true })
  const done = await tryJob(job, results, context).catch((error: unknown): Done => failed(failureRecord(job.operation, error, 0), job))
  const failures = done.failures.map(({ image_identifier, error }) => ({ image_identifier, error: withoutFolders(error, folders) }))
  return { ...done, record: hidden(withoutMachines(done.record), failures, folders), failures }
}

async function tryJob(job: AcceptedJob, results: string, context: WorkContext): Promise<Done> {
  const { pipeline, folders, signal, warn, progress } = context
  const own = join(folders.uploads, job.id)
  const asked = String(job.job['input'])
  const input = isRemote(asked) ? await fetchSource(asked, own, { pipeline, signal }) : asked
  const cwd = job.upload !== undefined || isRemote(asked) ? own : (folders.dir ?? own)
  if (escapes(cwd, input)) throw new ImagemillError({ code: 'SOURCE_NOT_FOUND', message: 'the image file does not exist', file: input })
  const run: Run = { pipeline, cwd, claims: openClaims(), signal, warn, progress }
  if (job.operation === 'functions') {
    const { record, identifiers, failures } = await doFunctions({ ...job.job, src: input }, { ...run, results })
    if (!record.success) return { record, files: [], original_meta: {}, failures }
    const original_meta = await sizeOf(pipeline, resolve(cwd, input))
    return collect(job, record, { results, original_meta, identifiers, failures })
  }
  const record = await runJob({ ...job.job, input, ...placed(job.job, results) }, job.id, run)
  if (!record.success) return failed(record, job)
  return collect(job, record, { results, original_meta: await sizeOf(pipeline, resolve(cwd, input)) })
}

/** The paths that a job writes to, in the folder of its results. */
function placed(job: Record<string, unknown>, results: string): Record<string, string> {
  const paths = ['output', 'output_dir'].filter((name) => typeof job[name] === 'string')
  return Object.fromEntries(paths.map((name) => [name, join(results, String(job[name]))]))
}

function failed(given: JobResult, job: AcceptedJob): Done {
  const record = withoutMachines(given)
  const error = record.success ? '' : record.error
  return { record, files: [], original_meta: {}, failures: failuresOf(job, error) }
}

interface Collecting extends Pick<JobEnd, 'original_meta'> {
  results: string
  /** What each output is called by the caller. */
  identifiers?: readonly string[]
  failures?: JobEnd['failures']
}

/** What a job made, as it is on disk. */
async function collect(
  job: AcceptedJob,
  record: JobSuccess,
  { results, original_meta, identifiers = [], failures = [] }: Collecting,
): Promise<Done> {
  const nameOf = (path: string): string => relative(results, path).split(sep).join('/')
  const named = {
    ...record,
    outputs: record.outputs.map((output) => ({ ...output, path: nameOf(output.path) })),
    metadata: withAddresses(record.metadata, (path) => encodePath(nameOf(path))),
  }
  const files: ResultFile[] = []
  for (const [index, output] of named.outputs.entries())
    files.push(await fileOf(output, { results, image_identifier: identifiers[index] ?? identifierOf(job, output.path) }))
  const main = mainOf(named.outputs)
  const file = files[named.outputs.findIndex((output) => output === main)] ?? (await recordFile(named, { job, results }))
  return { record: named, files, main: file, ...(await small(file, results)), original_meta, failures }
}

async function fileOf(
  { path, format, width, height, size_bytes }: OutputFile,
  { results, image_identifier }: { results: string; image_identifier: string },
): Promise<ResultFile> {
  const bytes = await readFile(join(results, path))
  return { name: path, mime: mimeOf(format), width, height, size_bytes, digest: sha256(bytes), image_identifier }
}

/** The largest output of the last format, which is the one for browsers that know no other. */
export function mainOf(outputs: readonly OutputFile[]): OutputFile | undefined {
  const last = outputs.at(-1)?.format
  const area = ({ width, height }: OutputFile): number => width * height
  return outputs
    .filter(({ format }) => format === last)
    .reduce<OutputFile | undefined>((best, output) => (best && area(best) >= area(output) ? best : output), undefined)
}

const RECORD_NAME = 'record.json'

/** In place of a file, where an operation makes none. */
async function recordFile(record: JobResult, { job, results }: { job: AcceptedJob; results: string }): Promise<ResultFile> {
  const bytes = Buffer.from(JSON.stringify(record))
  await writeWhole({ file: join(results, RECORD_NAME), path: RECORD_NAME }, bytes)
  const image_identifier = identifierOf(job, RECORD_NAME)
  return { name: RECORD_NAME, mime: 'application/json', size_bytes: bytes.length, digest: sha256(bytes), image_identifier }
}

async function small({ name, size_bytes }: ResultFile, results: string): Promise<{ base64?: string }> {
  return size_bytes > SMALL ? {} : { base64: (await readFile(join(results, name))).toString('base64') }
}

export function mimeOf(format: Format): string {
  return `image/${format}`
}

/** Displayed size of a source; of what is no image that is read, such as HEIC, there is none. */
export async function sizeOf(pipeline: Pipeline, file: string): Promise<JobEnd['original_meta']> {
  try {
    const { source } = await pipeline.plan(file, parseRequest(''))
    const { width, height } = displayedSize(source.header)
    return { width, height }
  } catch (error) {
    if (error instanceof ImagemillError) return {}
    throw error
  }
}

function hidden(record: JobResult, failures: JobEnd['failures'], folders: Folders): JobResult {
  if (record.success) return record.metadata?.['failures'] === undefined ? record : { ...record, metadata: { failures } }
  const { error, hint, ...rest } = record
  return { ...rest, error: withoutFolders(error, folders), ...(hint !== undefined && { hint: withoutFolders(hint, folders) }) }
}
