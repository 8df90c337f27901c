import { resolve } from 'node:path'
import type { JobSuccess, OutputFile } from '../contract/job-result.ts'
import { elapsedOf, successRecord } from '../contract/record.ts'
import type { Plan } from '../query/plan.ts'
import type { Request } from '../query/request.ts'
import type { Output, Source } from '../types.ts'
import { whileRunning, type JobContext } from './context.ts'
import { refuseInput, writeFileWhole } from './files.ts'

/** What a job that makes files asks for. */
export interface Wanted {
  /** As the job names itself in its record; by default as the plan does. */
  operation?: string
  /** The source as it was written. */
  input: string
  request: Request
  /** Where the outputs go, as paths in the words of the job. */
  paths(plan: Plan): string[]
  /** Whether the record holds the bytes, too. */
  inline?: boolean | undefined
  metadata?(plan: Plan, paths: readonly string[]): JobSuccess['metadata']
}

/** Makes the files of one source: all of them are there before the first is written. */
export async function makeFiles(wanted: Wanted, context: JobContext): Promise<JobSuccess> {
  const { pipeline, cwd, signal, turn, warn } = context
  const { input, request, inline = false } = wanted
  const { source, plan } = await whileRunning(signal, pipeline.plan(resolve(cwd, input), request))
  for (const warning of plan.warnings) warn(`${input}: ${warning}`)
  const paths = wanted.paths(plan)
  const files = paths.map((path) => resolve(cwd, path))
  refuseInput(source.file, files)
  await turn.claim(plan.outputs.map(({ key }, index) => ({ path: files[index] ?? '', key })))
  const made = await whileRunning(signal, Promise.all(plan.outputs.map((output) => pipeline.make({ source, output }))))
  const outputs: OutputFile[] = []
  for (const [index, output] of plan.outputs.entries())
    outputs.push(await writeOutput({ source, output, path: paths[index] ?? '', file: files[index] ?? '', inline }, context))
  return successRecord(wanted.operation ?? plan.operation, outputs, elapsedOf(made), wanted.metadata?.(plan, paths) ?? null)
}

async function writeOutput(
  { source, output, path, file, inline }: { source: Source; output: Output; path: string; file: string; inline: boolean },
  { pipeline }: JobContext,
): Promise<OutputFile> {
  const { bytes } = await pipeline.read({ source, output })
  await writeFileWhole(file, bytes)
  const { encoding, picture } = output
  return {
    path,
    format: encoding.format,
    width: picture.width,
    height: picture.height,
    size_bytes: bytes.length,
    ...(inline && { data_base64: bytes.toString('base64') }),
  }
}
