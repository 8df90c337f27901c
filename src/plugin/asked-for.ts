import { existsSync } from 'node:fs'
import { sha256 } from '../hash.ts'
import { isRemote } from '../query/remote.ts'
import type { Source } from '../types.ts'
import type { Api, Job, Unplanned } from './api.ts'
import { jobIdOf } from './build-jobs.ts'
import { factId } from './facts.ts'
import type { Inspected } from './inspected.ts'
import { imageOf } from './load.ts'

/** A request that could not be planned, by the name that it has when it can. */
export interface Failed {
  name: string
  failed: Unplanned
  job?: undefined
}

type AskedFor = { job: Job } | Failed

/** What is asked for at the moment, by the id that the inspector has for it: each request once, whether it was planned or failed. */
export function askedFor(api: Api, inspected: Pick<Inspected, 'uses'>): Map<string, AskedFor> {
  const found = new Map<string, AskedFor>()
  const planned = new Map<string, Job[]>()
  for (const job of api.jobs.values()) {
    const image = imageOfJob(job)
    planned.set(image, [...(planned.get(image) ?? []), job])
    if (isUsed(job, inspected) && !isEditedAway(image, api)) found.set(requestId(job.name), { job })
  }
  for (const [image, failed] of api.unplanned) {
    const jobs = planned.get(image) ?? []
    for (const job of jobs) found.delete(requestId(job.name))
    if (isEditedAway(image, api)) continue
    const job = jobs.find((known) => !standsIn(known, api))
    const name = job?.name ?? nameOf(failed)
    // What was made of a file that is gone can still be shown; one that is back is planned when it is asked for again.
    const isShown = job && (isMissing(job.source) || failed.error.code === 'SOURCE_NOT_FOUND')
    found.set(requestId(name), isShown ? { job } : { name, failed })
  }
  return found
}

/** Ids of the requests that a change concerns: it names a request, an import, a source, or the making of an output. */
export function concernedBy(changed: ReadonlySet<string>, api: Api): Set<string> {
  const ids = new Set<string>()
  if (changed.size === 0) return ids
  for (const job of api.jobs.values()) {
    const image = imageOfJob(job)
    const failed = api.unplanned.get(image)
    const names = [job.name, image, job.source.file, ...(failed ? [nameOf(failed)] : []), ...job.plan.outputs.map(jobIdOf)]
    if (names.some((name) => changed.has(name))) ids.add(requestId(job.name))
  }
  for (const [image, failed] of api.unplanned)
    if ([image, failed.file, nameOf(failed)].some((name) => changed.has(name))) ids.add(requestId(nameOf(failed)))
  return ids
}

/** Short and stable, for links. */
export function requestId(name: string): string {
  return sha256(name).slice(0, 12)
}

export function isMissing({ local, file }: Source): boolean {
  return !isRemote(file) && !existsSync(local ?? file)
}

function imageOfJob({ source, written }: Job): string {
  return imageOf({ file: source.file, query: written })
}

function nameOf({ path, query }: Unplanned): string {
  return query === '' ? path : `${path}?${query}`
}

/** Whether a job is the source in the place of what failed. */
function standsIn({ plan }: Job, { outputs }: Api): boolean {
  return plan.outputs.some(({ key }) => outputs.get(key)?.original === true)
}

/** What tree shaking has taken out of a build is no part of it. */
function isUsed(job: Job, { uses }: Pick<Inspected, 'uses'>): boolean {
  if (!uses) return true
  const { outputs, facts } = job.plan
  return outputs.some((output) => uses.useOf(output, job) !== undefined) || facts.some((fact) => uses.usesFact(factId(fact, job)))
}

/** Whether all that asked for an image have been edited, and ask no more. */
function isEditedAway(image: string, { imported }: Api): boolean {
  return imported.get(image)?.size === 0
}
