import { readFile } from 'node:fs/promises'
import { systemCode } from '../errors.ts'
import { sha256 } from '../hash.ts'
import type { PlannedOutput } from '../pipeline.ts'
import type { Output } from '../types.ts'
import type { Api, Job } from './api.ts'
import { orNone, planThumbnail } from './inspect-facts.ts'
import { referenceOf } from './reference.ts'

export interface InspectorPicture {
  bytes: Buffer
  type: string
  tag: string
}

/** In place of a picture that cannot be made: the list shows a drawing then, and an error of each row would only fill the console. */
const NONE: InspectorPicture = { bytes: Buffer.alloc(0), type: '', tag: '' }

/** Most bytes of references that are kept in memory: in the store they would take the place of outputs. */
const MOST_BYTES = 64e6

/** Widths in px of outputs that do for a thumbnail. */
const SMALL = [96, 480] as const

/** Pictures of a request that only the inspector shows: `thumbnail`, `source`, and the `reference` of an output. */
export function openPictures(
  api: Api,
  root: string,
): (kind: string, job: Job, key: string, signal: AbortSignal) => Promise<InspectorPicture | undefined> {
  const pipeline = api.pipeline(root)

  const references = new Map<string, Buffer>()
  const reference = async (planned: PlannedOutput, signal: AbortSignal): Promise<Buffer> => {
    const { key } = planned.output
    const bytes = references.get(key) ?? (await pipeline.glimpse(planned, signal))
    // What was looked at last is forgotten last.
    references.delete(key)
    references.set(key, bytes)
    let total = [...references.values()].reduce((sum, { length }) => sum + length, 0)
    for (const [oldest, { length }] of references) {
      if (total <= MOST_BYTES || oldest === key) break
      references.delete(oldest)
      total -= length
    }
    return bytes
  }

  const thumbnail = async (job: Job, signal: AbortSignal): Promise<InspectorPicture | undefined> => {
    const planned = (await smallOutput(job, api)) ?? (await orNone(() => planThumbnail(job.source, pipeline)))
    const bytes = planned && (await orNone(async () => (await pipeline.read(planned, signal)).bytes))
    if (!bytes) return NONE
    const { key, encoding } = planned.output
    return { bytes, type: `image/${encoding.format}`, tag: `"${key}"` }
  }

  const original = async ({ source }: Job): Promise<InspectorPicture | undefined> => {
    const { format } = source.header
    const bytes = await readFile(source.local ?? source.file).catch(ignoreGone)
    return bytes && { bytes, type: format === 'svg' ? 'image/svg+xml' : `image/${format}`, tag: `"${sha256(bytes)}"` }
  }

  return async (kind, job, key, signal) => {
    if (kind === 'thumbnail') return thumbnail(job, signal)
    if (kind === 'source') return original(job)
    const output = job.plan.outputs.find((known) => known.key === key)
    if (!output) return undefined
    const planned = { source: job.source, output: referenceOf(output, 'png') }
    return { bytes: await reference(planned, signal), type: 'image/png', tag: `"${planned.output.key}"` }
  }
}

/** An output that is there already and small enough: then nothing has to be made. */
async function smallOutput({ source, plan }: Job, api: Api): Promise<{ source: Job['source']; output: Output } | undefined> {
  const [least, most] = SMALL
  for (const output of plan.outputs.toSorted((a, b) => a.picture.width - b.picture.width)) {
    const { width } = output.picture
    if (width >= least && width <= most && (await api.openedPipeline()?.known(output.key))) return { source, output }
  }
  return undefined
}

function ignoreGone(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error
}
