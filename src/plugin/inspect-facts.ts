import type { InspectedFinding, InspectedRequest } from '../contract/inspection.ts'
import { ImagemillError } from '../errors.ts'
import type { Pipeline, PlannedOutput } from '../pipeline.ts'
import { parseRequest } from '../query/request.ts'
import { isRemote } from '../query/remote.ts'
import type { Source } from '../types.ts'
import type { Api, Job } from './api.ts'
import { factId } from './facts.ts'
import type { Inspected } from './inspected.ts'

type Facts = Pick<InspectedRequest, 'placeholder' | 'exif' | 'privacy' | 'thumbnail'>

/** Width of a thumbnail in px. */
const THUMBNAIL = 160

/** What is known of the source of a request besides its outputs; with `whole`, found out where it is not. */
export async function inspectFacts(job: Job, api: Api, { root, uses, whole = false }: Inspected): Promise<Facts> {
  if (!whole) return {}
  const pipeline = api.pipeline(root)
  const placeholder = await placeholderIn(job, pipeline, (id) => uses?.usesFact(id) ?? true)
  const read = await orNone(() => exifOf(job.source, pipeline))
  const thumbnail = uses && (await orNone(() => thumbnailOf(job.source, pipeline)))
  return {
    ...(placeholder && { placeholder }),
    ...(read && { exif: read, privacy: await privacyOf(job, read, api, pipeline) }),
    ...(thumbnail && { thumbnail: `data:image/webp;base64,${thumbnail.toString('base64')}` }),
  }
}

async function placeholderIn(job: Job, pipeline: Pipeline, isUsed: (id: string) => boolean): Promise<Record<string, unknown> | undefined> {
  const fact = job.plan.facts.find(({ question }) => question.operation === 'placeholder')
  if (!fact || !isUsed(factId(fact, job))) return undefined
  return (await orNone(() => pipeline.fact({ source: job.source, fact })))?.metadata
}

/** What the EXIF says, by the very question that an import asks: its answer is in the store for both. */
async function exifOf(source: Source, pipeline: Pipeline): Promise<Record<string, unknown> | undefined> {
  if (source.header.width === 0) return undefined
  const planned = await pipeline.plan(source.file, parseRequest('exif'))
  const fact = planned.plan.facts[0]
  return fact && (await pipeline.fact({ source: planned.source, fact })).metadata
}

/** A small picture of a source, from the store. */
async function thumbnailOf(source: Source, pipeline: Pipeline): Promise<Buffer | undefined> {
  const planned = await planThumbnail(source, pipeline)
  return planned && (await pipeline.read(planned)).bytes
}

export async function planThumbnail({ file, header }: Source, pipeline: Pipeline): Promise<PlannedOutput | undefined> {
  if (header.width === 0) return undefined
  const { source, plan } = await pipeline.plan(file, parseRequest(`w=${THUMBNAIL}&format=webp&quality=60&animated=false`))
  const output = plan.outputs[0]
  return output && { source, output }
}

/** What of a source is private, and whether the files made of it say so, too. */
async function privacyOf(
  { source, plan }: Job,
  exif: Record<string, unknown>,
  { outputs }: Api,
  pipeline: Pipeline,
): Promise<InspectedFinding[]> {
  const kept = new Set(plan.outputs.map(({ encoding }) => encoding.metadata))
  // A source that stands in for what failed is shipped as it is.
  const all = kept.has('keep') || plan.outputs.some(({ key }) => outputs.get(key)?.original)
  const says = (...names: string[]): boolean => names.some((name) => exif[name] !== undefined)
  const placed = says('gps') || (!isRemote(source.file) && (await pipeline.showsPosition(source.file)))
  const findings: (InspectedFinding | false)[] = [
    placed && finding('position', all, 'where it was taken'),
    says('datetime') && finding('date', all, 'when it was made'),
    says('make', 'model', 'lens', 'software') && finding('camera', all, 'by which camera or program it was made'),
    says('artist', 'copyright') && finding('copyright', all || kept.has('copyright'), 'who made it, and whose it is'),
  ]
  return findings.filter((found) => found !== false)
}

function finding(kind: InspectedFinding['kind'], ships: boolean, what: string): InspectedFinding {
  return { kind, ships, message: ships ? `The files say ${what}, as the source does.` : `The source says ${what}; the files do not.` }
}

/** What cannot be found out of a source that is gone, or is no image, is left out: its outputs say what is wrong. */
export async function orNone<T>(find: () => Promise<T>): Promise<T | undefined> {
  try {
    return await find()
  } catch (error) {
    if (error instanceof ImagemillError) return undefined
    throw error
  }
}
