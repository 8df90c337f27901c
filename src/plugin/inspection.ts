import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import pLimit from 'p-limit'
import type { InspectedRequest, Inspection, InspectedStatus, LiveState } from '../contract/inspection.ts'
import { totalsOf } from '../contract/inspection-totals.ts'
import { isRecord } from '../hash.ts'
import { displayedSize } from '../query/plan.ts'
import { isRemote } from '../query/remote.ts'
import type { Source } from '../types.ts'
import type { Api, Job } from './api.ts'
import { askedFor, isMissing, requestId, type Failed } from './asked-for.ts'
import { openImportLines, type ImportLines } from './import-lines.ts'
import { inspectFacts } from './inspect-facts.ts'
import type { Inspected } from './inspected.ts'
import { errorOf, inspectOutputs } from './inspect-outputs.ts'
import { pathBelow } from './path-below.ts'

/** Requests that are looked at together: of a report each may have to be decoded. */
const AT_ONCE = 16

/** All requests of a build or a dev server, with what is known of them so far. Nothing is made for it but what `whole` asks for. */
export async function inspect(api: Api, inspected: Inspected): Promise<Inspection> {
  const requests = await inspectRequests(api, inspected)
  const damaged = (await api.openedPipeline()?.damaged()) ?? 0
  return {
    version: ownVersion(),
    command: inspected.command,
    requests,
    totals: totalsOf(requests, damaged),
    ...(inspected.pictures && { left_out: inspected.pictures.leftOut() }),
    ...(inspected.entries && { entries: inspected.entries }),
    ...(inspected.command === 'serve' && { live: await liveState(api, inspected.root) }),
  }
}

/** The requests alone, of which `only` may name some by their ids. */
export async function inspectRequests(api: Api, inspected: Inspected, only?: ReadonlySet<string>): Promise<InspectedRequest[]> {
  const lines = openImportLines()
  const limit = pLimit(AT_ONCE)
  const wanted = [...askedFor(api, inspected)].filter(([id]) => !only || only.has(id))
  const requests = await Promise.all(
    wanted.map(([, asked]) =>
      limit(async () => (asked.job ? inspectJob(asked.job, api, inspected, lines) : failedRequest(asked, api, inspected, lines))),
    ),
  )
  return requests.sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function inspectJob(job: Job, api: Api, inspected: Inspected, lines: ImportLines): Promise<InspectedRequest> {
  const { source, plan, request, written } = job
  const { root } = inspected
  const outputs = await inspectOutputs(job, api, inspected)
  const missing = isMissing(source)
  const id = request.values.id?.[0]
  const path = pathBelow(root, source.file)
  return {
    id: requestId(job.name),
    name: job.name,
    job_id: plan.job_id,
    ...(id !== undefined && { image_identifier: id }),
    source: { ...sourceFacts(source), path, ...(missing && { missing }) },
    query: request.query,
    written,
    importers: importersOf({ file: source.file, query: written }, api, root, lines),
    operation: plan.operation,
    status: missing ? 'failed' : statusOf(outputs),
    ...(missing && { error: gone(path) }),
    ...(plan.warnings.length > 0 && { warnings: plan.warnings }),
    cached: outputs.length > 0 && outputs.every(({ cached }) => cached === true),
    ...(await inspected.pictures?.add(job, outputs)),
    outputs,
    ...(await inspectFacts(job, api, inspected)),
  }
}

function sourceFacts({ header, size_bytes, digest }: Source): Omit<InspectedRequest['source'], 'path'> {
  // Of a source that could not be read, there is a stand-in.
  if (header.width === 0) return {}
  const { format, frames } = header
  return { format, ...displayedSize(header), size_bytes, sha256: digest, ...(frames > 1 && { frames }) }
}

function gone(path: string): NonNullable<InspectedRequest['error']> {
  return {
    code: 'SOURCE_NOT_FOUND',
    message: `The file ${path} is gone`,
    hint: 'Put it back, or remove the import. What was made of it is shown from the cache.',
  }
}

function statusOf(outputs: readonly { status: InspectedStatus }[]): InspectedRequest['status'] {
  const has = (status: InspectedStatus): boolean => outputs.some((output) => output.status === status)
  if (has('failed')) return 'failed'
  if (has('processing')) return 'processing'
  if (!has('waiting')) return 'completed'
  return has('completed') ? 'partial' : 'waiting'
}

/** A request that could not be planned. */
function failedRequest({ name, failed }: Failed, api: Api, { root }: Inspected, lines: ImportLines): InspectedRequest {
  const { file, path, query, error } = failed
  const missing = !isRemote(file) && !existsSync(file)
  return {
    id: requestId(name),
    name,
    source: { path, ...(missing && { missing }) },
    query,
    written: query,
    importers: importersOf({ file, query }, api, root, lines),
    status: 'failed',
    error: errorOf(error),
    cached: false,
    outputs: [],
  }
}

function importersOf(image: { file: string; query: string }, api: Api, root: string, lines: ImportLines): InspectedRequest['importers'] {
  const { file, query } = image
  const importers = api.imported.get(query === '' ? file : `${file}?${query}`) ?? []
  const places = [...importers].map((importer) => {
    const line = lines.find(importer, image)
    const shown = importer.replace(/\?.*$/s, '')
    return { file: shown.startsWith('\0') ? shown.slice(1) : pathBelow(root, shown), ...(line !== undefined && { line }) }
  })
  return [...new Map(places.map((place) => [place.file, place])).values()].sort((a, b) => (a.file < b.file ? -1 : 1))
}

/** What goes on just now. */
export async function liveState(api: Api, root: string): Promise<LiveState> {
  const { busy, most, waiting, store } = await api.pipeline(root).load()
  const processing = api.jobLog.list().filter(({ status }) => status === 'processing').length
  return { workers: { busy, most }, queue: { waiting, processing: Math.max(0, processing - waiting) }, store }
}

function ownVersion(): string {
  const own: unknown = createRequire(import.meta.url)('imagemill/package.json')
  return isRecord(own) ? String(own['version']) : ''
}
