import { ImagemillError, asImagemillError } from '../errors.ts'
import type { JobResult } from '../contract/job-result.ts'
import type { Manifest, ManifestEntry } from '../contract/manifest.ts'
import { failureRecord } from '../jobs/failure.ts'
import { displayedSize } from '../query/plan.ts'
import type { Output } from '../types.ts'
import { fileId } from './address.ts'
import type { Api, Job, Used } from './api.ts'
import { factId, makeFactResult } from './facts.ts'
import { pathBelow } from './path-below.ts'
import { fileName, makeResult, type UseOf } from './result.ts'

/** The manifest of the outputs that are used, which are made if they are not yet. */
export async function makeManifest(jobs: Iterable<Job>, api: Api, root: string, uses: Uses): Promise<Manifest> {
  const entries = await Promise.all(
    [...jobs].map(async (job) => {
      const made = await recordsOf(job, api, root, uses).catch((error: unknown) => gone(error))
      if (!made || made.length === 0 || job.source.header.width === 0) return []
      const id = job.request.values.id?.[0]
      const { file, digest, size_bytes, header } = job.source
      const source = {
        path: pathBelow(root, file),
        sha256: digest,
        format: header.format,
        ...displayedSize(header),
        size_bytes,
      }
      const entry: ManifestEntry = {
        source,
        job_id: job.plan.job_id,
        ...(id !== undefined && { image_identifier: id }),
        cached: made.every(({ cached }) => cached),
        results: made.flatMap(({ records }) => records),
      }
      return [{ name: job.name, entry }]
    }),
  )
  const sorted = entries.flat().sort((a, b) => (a.name < b.name ? -1 : 1))
  return Object.fromEntries(sorted.map(({ name, entry }) => [name, entry]))
}

/** The record of the images of a job, and of each question about its source, as far as they are used. */
async function recordsOf(
  job: Job,
  api: Api,
  root: string,
  { useOf, usesFact }: Uses,
): Promise<{ records: JobResult[]; cached: boolean }[]> {
  const wanted = job.plan.outputs.filter((output) => useOf(output, job) !== undefined)
  const used = wanted.filter((output) => !api.outputs.get(output.key)?.original)
  const failed = failuresOf(
    wanted.filter((output) => !used.includes(output)),
    job,
    api,
    useOf,
  )
  const images = used.length > 0 ? [await makeResult(job, api, root, useOf, used)] : []
  const answered = job.plan.facts.filter((fact) => usesFact(factId(fact, job)) && !api.facts.get(factId(fact, job))?.missing)
  const facts = await Promise.all(answered.map((fact) => makeFactResult(job, fact, api, root)))
  return [...images, ...(failed.length > 0 ? [{ records: failed, cached: false }] : []), ...facts]
}

/** One record for each reason why the source stands in for outputs. */
function failuresOf(outputs: readonly Output[], job: Job, api: Api, useOf: UseOf): JobResult[] {
  const errors = new Map(outputs.map((output) => [api.outputs.get(output.key)?.error?.reason, output]))
  return [...errors.values()].flatMap((output) => {
    const { error } = api.outputs.get(output.key) ?? {}
    if (!error) return []
    const use = useOf(output, job)
    const record = failureRecord(job.plan.operation, new ImagemillError({ ...error.facts(), file: undefined }), 0)
    return [{ ...record, error: `${record.error}. The source is used as it is${use && !use.inlined ? `: ${use.path}` : ''}` }]
  })
}

/** What of a job is used, and how. */
export interface Uses {
  useOf: UseOf
  usesFact(id: string): boolean
}

/** How a build uses an output: as a file with a name, or as bytes in the code. */
export function usesOf({ files, inlined, facts }: Omit<Used, 'hosts'>): Uses {
  return {
    useOf: (output, job) => {
      const path = files.get(fileId(output, job.source))
      const isInlined = inlined.has(output.key)
      return path !== undefined || isInlined ? { path: path ?? fileName(job, output), inlined: isInlined } : undefined
    },
    usesFact: (id) => facts.has(id),
  }
}

/** On the dev server an image may have been deleted or changed since it was loaded; then its entry is no longer true. */
function gone(error: unknown): undefined {
  if (asImagemillError(error).code !== 'SOURCE_CHANGED') throw error
}
