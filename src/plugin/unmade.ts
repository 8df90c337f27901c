import { extname } from 'node:path'
import { ImagemillError } from '../errors.ts'
import { sha256 } from '../hash.ts'
import type { Pipeline } from '../pipeline.ts'
import { FORMATS, SHAPES, VALUE_ALIASES } from '../query/directives.ts'
import { displayedSize, type Plan } from '../query/plan.ts'
import { parseRequest } from '../query/request.ts'
import { own } from '../query/values.ts'
import type { Output, Source } from '../types.ts'
import type { Job } from './api.ts'

/** A job that stands for an image that cannot be made, where `onError: 'warn'` lets it pass: one output, which is the source. */
export async function unmadeJob(
  { file, path, query }: { file: string; path: string; query: string },
  pipeline: Pipeline,
  shapes: readonly string[],
): Promise<Job> {
  const source = (await readableSource(file, pipeline)) ?? unreadableSource(file)
  const { header } = source
  const key = sha256(`unmade ${path}`)
  const format = FORMATS.find((known) => known === header.format) ?? 'jpeg'
  const output: Output = {
    key,
    picture: { ...displayedSize(header), orient: true, frames: 1, scale: 1 },
    encoding: { format },
    descriptor: '1x',
  }
  const plan: Plan = {
    operation: 'convert',
    job_id: sha256(`${key} ${query}`),
    outputs: [output],
    views: [{ outputs: [output] }],
    facts: [],
    warnings: [],
  }
  return {
    name: `${path}?${query}`,
    written: query,
    request: parseRequest(exportsOnly(query, shapes), { shapes }),
    source: source.digest === '' ? { ...source, digest: key } : source,
    plan,
  }
}

/** When only the query is wrong, the size of the source is known and keeps its place in the page. */
async function readableSource(file: string, pipeline: Pipeline): Promise<Source | undefined> {
  try {
    return (await pipeline.plan(file, parseRequest(''))).source
  } catch (error) {
    if (error instanceof ImagemillError) return undefined
    throw error
  }
}

function unreadableSource(file: string): Source {
  const extension = extname(file).slice(1).toLowerCase()
  const format = FORMATS.find((known) => known === extension) ?? 'jpeg'
  return { file, digest: '', size_bytes: 0, header: { format, width: 0, height: 0, orientation: 1, frames: 1, alpha: false } }
}

/** Of a query that may be wrong, only the part that says what the module exports. */
function exportsOnly(query: string, shapes: readonly string[]): string {
  const written = new URLSearchParams(query)
  const word = written.get('as')?.split(':')[0] ?? ''
  const shape = own(VALUE_ALIASES, word) ?? word
  return [
    ...([...SHAPES, ...shapes].some((known) => known === shape) ? [`as=${shape}`] : []),
    ...(written.has('placeholder') ? ['placeholder=lqip'] : []),
    ...(written.has('exif') ? ['exif'] : []),
  ].join('&')
}
