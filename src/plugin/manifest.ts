import { relative, sep } from 'node:path'
import { asImagemillError } from '../errors.ts'
import type { Manifest, ManifestEntry } from '../contract/manifest.ts'
import { displayedSize } from '../query/plan.ts'
import { fileId } from './address.ts'
import type { Api, Job, Used } from './api.ts'
import { fileName, makeResult, type UseOf } from './result.ts'

/** The manifest of the outputs that are used, which are made if they are not yet. */
export async function makeManifest(jobs: Iterable<Job>, api: Api, root: string, useOf: UseOf): Promise<Manifest> {
  const entries = await Promise.all(
    [...jobs].map(async (job) => {
      const used = job.plan.outputs.filter((output) => useOf(output, job) !== undefined && !api.outputs.get(output.key)?.original)
      if (used.length === 0) return []
      const made = await makeResult(job, api, root, useOf, used).catch((error: unknown) => gone(error))
      if (!made) return []
      const { records, cached } = made
      const id = job.request.values.id?.[0]
      const { file, digest, size_bytes, header } = job.source
      const source = {
        path: relative(root, file).split(sep).join('/'),
        sha256: digest,
        format: header.format,
        ...displayedSize(header),
        size_bytes,
      }
      const entry: ManifestEntry = {
        source,
        job_id: job.plan.job_id,
        ...(id !== undefined && { image_identifier: id }),
        cached,
        results: records,
      }
      return [{ name: job.name, entry }]
    }),
  )
  const sorted = entries.flat().sort((a, b) => (a.name < b.name ? -1 : 1))
  return Object.fromEntries(sorted.map(({ name, entry }) => [name, entry]))
}

/** How a build uses an output: as a file with a name, or as bytes in the code. */
export function usesOf({ files, inlined }: Used): UseOf {
  return (output, job) => {
    const path = files.get(fileId(output, job.source))
    const isInlined = inlined.has(output.key)
    return path !== undefined || isInlined ? { path: path ?? fileName(job, output), inlined: isInlined } : undefined
  }
}

/** On the dev server an image may have been deleted or changed since it was loaded; then its entry is no longer true. */
function gone(error: unknown): undefined {
  if (asImagemillError(error).code !== 'SOURCE_CHANGED') throw error
}
