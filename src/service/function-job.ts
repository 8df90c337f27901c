import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { functionsJobSchema, type FunctionStep, type Save } from '../contract/functions.ts'
import type { JobResult, OutputFile } from '../contract/job-result.ts'
import { successRecord } from '../contract/record.ts'
import { asImagemillError, type ImagemillError } from '../errors.ts'
import { whileRunning, type Run } from '../jobs/context.ts'
import { failureRecord } from '../jobs/failure.ts'
import { makeFiles } from '../jobs/images.ts'
import { displayedSize } from '../query/plan.ts'
import { parseRequest } from '../query/request.ts'
import type { QueryInput } from '../query/text.ts'
import { insteadOf } from './between-machines.ts'
import { directivesOf } from './functions.ts'

type Directives = Exclude<QueryInput, string>

export interface FunctionRun extends Run {
  /** Folder of the job's results. */
  results: string
}

export interface FunctionsDone {
  record: JobResult
  /** What each output of the record is called by its caller. */
  identifiers: string[]
  failures: { image_identifier: string; error: string }[]
}

/** Where a job of functions is. */
interface Walk extends FunctionRun {
  input: string
  outputs: OutputFile[]
  identifiers: string[]
  failures: FunctionsDone['failures']
  errors: ImagemillError[]
  /** Names files apart. */
  files: number
  /** What all steps so far took. */
  elapsed_ms: number
  total: number
}

/**
 * Does a job of functions: each step is a request of its own, made from what the step around it has left. What is only a
 * step on the way is kept without loss. A step that fails takes with it what it holds, and nothing else.
 */
export async function doFunctions(job: Record<string, unknown>, run: FunctionRun): Promise<FunctionsDone> {
  // The service calls the source of every job by one name.
  const { input: _input, ...asked } = job
  const { src, functions } = functionsJobSchema.parse(asked)
  const total = functions.flatMap(savesIn).length
  const told = (): void => run.progress?.(walk.outputs.length + walk.failures.length, total)
  // Each step counts its own files.
  const walk: Walk = {
    ...run,
    progress: told,
    input: resolve(run.cwd, src),
    outputs: [],
    identifiers: [],
    failures: [],
    errors: [],
    files: 0,
    elapsed_ms: 0,
    total,
  }
  for (const step of functions) await take(step, walk.input, walk, told)
  await rm(join(run.results, STEPS), { recursive: true, force: true })
  const { outputs, identifiers, failures, errors } = walk
  const elapsed = Math.round(walk.elapsed_ms)
  const [first] = errors
  if (outputs.length === 0 && first)
    return {
      record: { ...failureRecord('functions', first.at({ file: undefined }), elapsed), error: failures[0]?.error ?? first.reason },
      identifiers,
      failures,
    }
  const metadata = failures.length === 0 ? null : { failures }
  return { record: successRecord('functions', outputs, elapsed, metadata), identifiers, failures }
}

/** Folder of what is only on the way. */
const STEPS = '.steps'

async function take(step: FunctionStep, file: string, walk: Walk, told: () => void): Promise<void> {
  const { save, functions = [] } = step
  const wanted = await attempt(savesIn(step), walk, async () => directivesOf(step)(await sizeOf(file, walk)))
  if (wanted && save)
    await attempt([save], walk, async () => keep(save, await make(requestOf(wanted, save), file, nameOf(save, walk), walk), walk))
  told()
  if (!wanted || functions.length === 0) return
  const isSame = Object.keys(wanted).length === 0
  const next = isSame ? file : await attempt(functions.flatMap(savesIn), walk, () => between(wanted, file, walk))
  if (next !== undefined) for (const inner of functions) await take(inner, next, walk, told)
}

/** Does what some saves depend on; a failure is theirs, and the rest goes on. */
async function attempt<T>(saves: readonly Save[], walk: Walk, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    // Nothing is to go on.
    if (walk.signal.aborted) throw error
    const known = asImagemillError(error)
    walk.errors.push(known)
    for (const { image_identifier } of saves) walk.failures.push({ image_identifier, error: `Image processing failed. ${sentence(known)}` })
    return undefined
  }
}

function sentence({ code, reason }: ImagemillError): string {
  if (code === 'SOURCE_NOT_FOUND') return 'Input file not found'
  const instead = insteadOf(code)
  if (instead !== undefined) return instead
  return reason.charAt(0).toUpperCase() + reason.slice(1)
}

async function sizeOf(file: string, { pipeline, signal }: Walk): Promise<{ width: number; height: number }> {
  const { source } = await whileRunning(signal, pipeline.plan(file, parseRequest('')))
  return displayedSize(source.header)
}

/** The picture that further steps are made from. */
async function between(wanted: Directives, file: string, walk: Walk): Promise<string> {
  const path = join(walk.results, STEPS, `${walk.files++}.png`)
  await make({ ...wanted, format: 'png', effort: 'min' }, file, path, walk)
  return path
}

async function make(query: Directives, file: string, path: string, walk: Walk): Promise<OutputFile> {
  const turn = walk.claims.turn(path)
  try {
    const { outputs, elapsed_ms } = await makeFiles({ input: file, request: parseRequest(query), paths: () => [path] }, { ...walk, turn })
    walk.elapsed_ms += elapsed_ms
    const [output] = outputs
    if (!output || outputs.length > 1) throw new TypeError('a step of a job makes one file')
    return output
  } finally {
    turn.pass()
  }
}

function keep({ image_identifier }: Save, output: OutputFile, { outputs, identifiers }: Walk): void {
  outputs.push(output)
  identifiers.push(image_identifier)
}

/** Lowest quality that is looked for, where a lower one was not asked for. */
const LOWEST = 30

function requestOf(wanted: Directives, { quality, max_filesize, extension = '.jpg' }: Save): Directives {
  const format = extension.replace('.', '')
  return {
    ...wanted,
    format,
    ...(quality !== undefined && max_filesize === undefined && { quality }),
    ...(max_filesize !== undefined && {
      target_size: max_filesize,
      ...(quality !== undefined && { min_quality: Math.min(quality, LOWEST), max_quality: quality }),
    }),
  }
}

function nameOf({ image_identifier, extension = '.jpg' }: Save, walk: Walk): string {
  const safe = image_identifier.replaceAll(/[^\w-]+/g, '_').slice(0, 80)
  return join(walk.results, `${walk.files++}-${safe}.${extension.replace('.', '')}`)
}

export function savesIn({ save, functions = [] }: FunctionStep): Save[] {
  return [...(save ? [save] : []), ...functions.flatMap(savesIn)]
}
