import { resolve } from 'node:path'
import type { DryRun } from '../contract/dry-run.ts'
import type { JobSuccess, OutputFile } from '../contract/job-result.ts'
import { elapsedOf, successRecord } from '../contract/record.ts'
import type { Plan } from '../query/plan.ts'
import type { Request } from '../query/request.ts'
import type { Output, Source, StoredOutput } from '../types.ts'
import { whileRunning, type JobContext } from './context.ts'
import { refuseInput, writeWhole, type Target } from './files.ts'
import { missedTarget } from './missed-target.ts'
import { sourceOf } from './source.ts'

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
  metadata?(plan: Plan, paths: readonly string[], made: readonly StoredOutput[]): JobSuccess['metadata']
}

interface Placed {
  source: Source
  plan: Plan
  /** By output. */
  targets: (Target & { output: Output })[]
}

/** Makes the files of one source: all of them are there before the first is written. */
export async function makeFiles(wanted: Wanted, context: JobContext): Promise<JobSuccess> {
  const { pipeline, signal, progress } = context
  const { source, plan, targets } = await place(wanted, context)
  let done = 0
  const begun = (): void => progress?.(done, plan.outputs.length)
  const made = await whileRunning(
    signal,
    Promise.all(
      plan.outputs.map(async (output) => {
        const stored = await pipeline.make({ source, output }, signal, begun)
        progress?.(++done, plan.outputs.length)
        return stored
      }),
    ),
  )
  for (const [index, { path, output }] of targets.entries()) {
    const stored = made[index]
    const missed = stored && missedTarget(`${wanted.input} (${path})`, output, stored)
    if (missed !== undefined) context.warn(missed)
  }
  const outputs: OutputFile[] = []
  for (const { output, ...target } of targets) {
    const { bytes } = await pipeline.read({ source, output }, signal)
    await writeWhole(target, bytes)
    outputs.push({
      path: target.path,
      ...facts(output),
      size_bytes: bytes.length,
      ...(wanted.inline && { data_base64: bytes.toString('base64') }),
    })
  }
  const paths = targets.map(({ path }) => path)
  return successRecord(wanted.operation ?? plan.operation, outputs, elapsedOf(made), wanted.metadata?.(plan, paths, made) ?? null)
}

/** What `makeFiles` would write; nothing is made. */
export async function planFiles(wanted: Wanted, context: JobContext): Promise<DryRun> {
  const { plan, targets } = await place(wanted, context)
  const outputs = targets.map(({ path, output }) => ({ path, ...facts(output) }))
  return { success: true, dry_run: true, operation: wanted.operation ?? plan.operation, input: wanted.input, outputs }
}

async function place({ input, request, paths: pathsOf }: Wanted, { pipeline, cwd, signal, turn, warn }: JobContext): Promise<Placed> {
  const { source, plan } = await whileRunning(signal, pipeline.plan(sourceOf(input, cwd), request))
  for (const warning of plan.warnings) warn(`${input}: ${warning}`)
  const paths = pathsOf(plan)
  const targets = plan.outputs.map((output, index) => ({ output, path: paths[index] ?? '', file: resolve(cwd, paths[index] ?? '') }))
  refuseInput(source.file, targets)
  await turn.claim(targets.map(({ file, path, output: { key } }) => ({ file, path, key })))
  return { source, plan, targets }
}

function facts({ encoding, picture }: Output): Pick<OutputFile, 'format' | 'width' | 'height'> {
  return { format: encoding.format, width: picture.width, height: picture.height }
}
