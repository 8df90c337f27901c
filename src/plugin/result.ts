import type { JobSuccess, OutputFile } from '../contract/job-result.ts'
import { elapsedOf, successRecord } from '../contract/record.ts'
import { dataCode } from '../module/code.ts'
import type { Output } from '../types.ts'
import { addressOf } from './address.ts'
import type { Api, Job } from './api.ts'
import { outputName } from './file-names.ts'
import type { Place } from './place.ts'
import { tokenOf } from './tokens.ts'

/**
 * The code of `as=result`. In dev it waits for the images; in a build the sizes are tokens that are filled in
 * when the chunk is rendered, so that what is not used is not made.
 */
export async function resultCode(job: Job, place: Place): Promise<string> {
  const inline = job.request.values.inline?.[0] === true
  if (place.devBase !== undefined)
    return dataCode({ ...(await makeResult(job, place.api, place.root, (output) => useInDev(output, job, place))).record })
  const outputs = job.plan.outputs.map((output) => ({
    ...fileFacts(output, inline ? fileName(job, output) : addressOf(output, job.source, place)),
    size_bytes: tokenOf('SIZE', output.key),
    ...(inline && { data_base64: tokenOf('BASE64', output.key) }),
  }))
  return dataCode({ success: true, operation: job.plan.operation, outputs, elapsed_ms: tokenOf('MS', job.plan.job_id), metadata: null })
}

/** How an output of a job is used, undefined when it is not. */
export type UseOf = (output: Output, job: Job) => { path: string; inlined: boolean } | undefined

/** How a page of the dev server uses an output. */
export function useInDev(output: Output, job: Job, place: Place): { path: string; inlined: boolean } {
  const inlined = job.request.values.inline?.[0] === true
  return { path: inlined ? fileName(job, output) : addressOf(output, job.source, place), inlined }
}

/** The exact record of a job whose outputs are made, or are made now. */
export async function makeResult(
  job: Job,
  api: Api,
  root: string,
  useOf: UseOf,
  outputs: readonly Output[] = job.plan.outputs,
): Promise<{ record: JobSuccess; cached: boolean }> {
  const pipeline = api.pipeline(root)
  const { source, plan } = job
  const made = await Promise.all(outputs.map((output) => pipeline.make({ source, output })))
  const files: OutputFile[] = []
  for (const [index, output] of outputs.entries()) {
    const { path, inlined } = useOf(output, job) ?? { path: fileName(job, output), inlined: false }
    const data: Pick<OutputFile, 'data_base64'> = inlined
      ? { data_base64: (await pipeline.read({ source, output })).bytes.toString('base64') }
      : {}
    files.push({ ...fileFacts(output, path), size_bytes: made[index]?.size_bytes ?? 0, ...data })
  }
  return { record: successRecord(plan.operation, files, elapsedOf(made)), cached: made.every(({ cached }) => cached) }
}

/** Name of an output that is in the record itself and nowhere else. */
export function fileName({ source }: Job, output: Output): string {
  return `${outputName(source.file, output)}.${output.encoding.format}`
}

function fileFacts({ encoding, picture }: Output, path: string): Omit<OutputFile, 'size_bytes'> {
  return { path, format: encoding.format, width: picture.width, height: picture.height }
}
