import type { InspectedOutput, InspectedRequest, InspectedSearch } from '../contract/inspection.ts'
import type { ImagemillError } from '../errors.ts'
import type { Encoding, Output, StoredOutput } from '../types.ts'
import type { Api, Job } from './api.ts'
import { jobIdOf } from './build-jobs.ts'
import type { Inspected } from './inspected.ts'
import { DEV_PATH } from './place.ts'

/** The outputs of a request, view by view: in a build those that are used, else all. */
export async function inspectOutputs(job: Job, api: Api, inspected: Inspected): Promise<InspectedOutput[]> {
  const outputs = new Map<string, InspectedOutput>()
  for (const { media, outputs: candidates } of job.plan.views) {
    for (const output of candidates) {
      const place = placeOf(output, job, inspected)
      if (!place || outputs.has(output.key)) continue
      const state = await stateOf(output, api)
      outputs.set(output.key, { ...factsOf(output), ...place, ...(media !== undefined && { media }), ...state })
    }
  }
  return [...outputs.values()]
}

/** Where an output is; undefined when a build does not use it. */
function placeOf(output: Output, job: Job, { uses }: Inspected): Pick<InspectedOutput, 'path' | 'inlined'> | undefined {
  const name = `${output.key}.${output.encoding.format}`
  if (!uses) return { path: DEV_PATH + name }
  const use = uses.useOf(output, job)
  return use && (use.inlined ? { inlined: true } : { path: use.path })
}

function factsOf({ key, picture, encoding, descriptor }: Output): Omit<InspectedOutput, 'status'> {
  const { format, quality, lossless, effort } = encoding
  return {
    key,
    format,
    width: picture.width,
    height: picture.height,
    descriptor,
    ...(quality !== undefined && { quality }),
    ...(lossless && { lossless }),
    ...(effort !== undefined && { effort }),
    ...(picture.frames > 1 && { frames: picture.frames }),
  }
}

async function stateOf(output: Output, api: Api): Promise<Pick<InspectedOutput, 'status'> & Partial<InspectedOutput>> {
  const job = api.jobLog.find(jobIdOf(output))
  const original = api.outputs.get(output.key)?.original
  if (job?.record && !job.record.success) {
    const { error, code = 'INTERNAL', hint } = job.record
    // The page says of which file: the name that the job has is one of ours.
    const message = error.endsWith(`: ${job.name}`) ? error.slice(0, -job.name.length - 2) : error
    return { status: 'failed', error: { message, code, ...(hint !== undefined && { hint }) }, ...(original && { original }) }
  }
  if (original) return { status: 'failed', original }
  if (job?.status === 'processing') return { status: 'processing' }
  const stored = await api.openedPipeline()?.known(output.key)
  if (!stored) return { status: 'waiting' }
  const { size_bytes, elapsed_ms, search, kept } = stored
  return {
    status: 'completed',
    size_bytes,
    elapsed_ms,
    // What came from the cache says so; a run that ended has forgotten what it made.
    cached: job?.cached ?? stored.cached,
    ...(kept && { kept }),
    ...(search && { quality: search.quality, search: searchOf(output.encoding, stored, search) }),
  }
}

function searchOf(
  { target, auto }: Encoding,
  { size_bytes }: StoredOutput,
  { quality, converged, score, tries }: NonNullable<StoredOutput['search']>,
): InspectedSearch {
  return {
    ...(target && { target_size: target.size, tolerance_percent: target.tolerance }),
    ...(auto && { target_score: auto.score }),
    tries: tries.map(([tried, bytes, look]) => ({ quality: tried, size_bytes: bytes, ...(look !== undefined && { score: look }) })),
    final_quality: quality,
    final_size: size_bytes,
    ...(score !== undefined && { final_score: score }),
    converged,
  }
}

export function errorOf({ code, reason, hint }: ImagemillError): NonNullable<InspectedRequest['error']> {
  return { code, message: reason.charAt(0).toUpperCase() + reason.slice(1), ...(hint !== undefined && { hint }) }
}
