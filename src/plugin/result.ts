import { qualityMetadata } from '../contract/quality.ts'
import type { JobSuccess, OutputFile } from '../contract/job-result.ts'
import { elapsedOf, successRecord } from '../contract/record.ts'
import { dataCode } from '../module/code.ts'
import { operationOf, type Plan } from '../query/plan.ts'
import type { Output, StoredOutput } from '../types.ts'
import { addressOf } from './address.ts'
import type { Api, Job } from './api.ts'
import { outputName } from './file-names.ts'
import type { Place } from './place.ts'
import { tokenOf } from './tokens.ts'

/**
 * The code of `as=result`: the record, or a list of them where each output has its own. In dev it waits for the images;
 * in a build what is known later are tokens that are filled in when the chunk is rendered, so that what is not used is not made.
 */
export async function resultCode(job: Job, place: Place): Promise<string> {
  const records =
    place.devBase === undefined
      ? tokenRecords(job, place)
      : (await makeResult(job, place.api, place.root, (output) => useInDev(output, job, place))).records
  return dataCode(records.length === 1 && records[0] ? records[0] : records)
}

function tokenRecords(job: Job, place: Place): object[] {
  const inline = job.request.values.inline?.[0] === true
  const { plan } = job
  const file = (output: Output): object => ({
    ...fileFacts(output, inline ? fileName(job, output) : addressOf(output, job.source, place)),
    size_bytes: tokenOf('SIZE', output.key),
    ...(inline && { data_base64: tokenOf('BASE64', output.key) }),
  })
  return recordsOf(plan.operation, plan.outputs).map(({ operation, outputs }) => ({
    success: true,
    operation,
    outputs: outputs.map(file),
    elapsed_ms: tokenOf('MS', outputs.length === 1 && outputs[0] ? outputs[0].key : plan.job_id),
    metadata: operation === 'quality' && outputs[0] ? tokenOf('METADATA', outputs[0].key) : null,
  }))
}

/** The jobs that a request compiles to: each quality is looked for on its own. */
export function recordsOf(
  operation: Plan['operation'],
  outputs: readonly Output[],
): { operation: Plan['operation']; outputs: readonly Output[] }[] {
  return operation === 'quality'
    ? outputs.map((output) => ({ operation: operationOf([output]), outputs: [output] }))
    : [{ operation, outputs }]
}

/** How an output of a job is used, undefined when it is not. */
export type UseOf = (output: Output, job: Job) => { path: string; inlined: boolean } | undefined

/** How a page of the dev server uses an output. */
export function useInDev(output: Output, job: Job, place: Place): { path: string; inlined: boolean } {
  const inlined = job.request.values.inline?.[0] === true
  return { path: inlined ? fileName(job, output) : addressOf(output, job.source, place), inlined }
}

/** The exact records of a request whose outputs are made, or are made now. */
export async function makeResult(
  job: Job,
  api: Api,
  root: string,
  useOf: UseOf,
  outputs: readonly Output[] = job.plan.outputs,
): Promise<{ records: JobSuccess[]; cached: boolean }> {
  const pipeline = api.pipeline(root)
  const { source, plan } = job
  const make = async (output: Output): Promise<[Output, StoredOutput & { cached: boolean }]> => {
    const planned = { source, output, name: outputName(source.file, output) }
    return [output, await api.report.follow(planned, pipeline.make(planned))]
  }
  const made = new Map(await Promise.all(outputs.map(make)))
  const fileOf = async (output: Output): Promise<OutputFile> => {
    const { path, inlined } = useOf(output, job) ?? { path: fileName(job, output), inlined: false }
    const data: Pick<OutputFile, 'data_base64'> = inlined
      ? { data_base64: (await pipeline.read({ source, output })).bytes.toString('base64') }
      : {}
    return { ...fileFacts(output, path), size_bytes: made.get(output)?.size_bytes ?? 0, ...data }
  }
  const records: JobSuccess[] = []
  for (const part of recordsOf(plan.operation, outputs)) {
    const files: OutputFile[] = []
    for (const output of part.outputs) files.push(await fileOf(output))
    const stored = part.outputs.flatMap((output) => made.get(output) ?? [])
    const metadata =
      part.operation === 'quality' && part.outputs[0] && stored[0] ? qualityMetadata(part.outputs[0].encoding, stored[0]) : null
    records.push(successRecord(part.operation, files, elapsedOf(stored), metadata))
  }
  return { records, cached: [...made.values()].every(({ cached }) => cached) }
}

/** Name of an output that is in the record itself and nowhere else. */
export function fileName({ source }: Job, output: Output): string {
  return `${outputName(source.file, output)}.${output.encoding.format}`
}

function fileFacts({ encoding, picture }: Output, path: string): Omit<OutputFile, 'size_bytes'> {
  return { path, format: encoding.format, width: picture.width, height: picture.height }
}
