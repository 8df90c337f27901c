import type { IncomingMessage } from 'node:http'
import { basename, dirname, extname, posix } from 'node:path'
import type { InspectedOutput } from '../contract/inspection.ts'
import { ImagemillError } from '../errors.ts'
import { isRecord } from '../hash.ts'
import { isRemote } from '../query/remote.ts'
import type { Api, Job } from './api.ts'
import { openImportLines } from './import-lines.ts'
import { inspectOutputs } from './inspect-outputs.ts'
import { requestId } from './asked-for.ts'
import { requestOf } from './load.ts'
import { pathBelow } from './path-below.ts'
import type { DevServer } from './serve.ts'

/** What came of other settings for a source. */
export interface Tried {
  /** The line of code that asks for it. */
  code: string
  warnings: string[]
  outputs: InspectedOutput[]
}

const MOST_BYTES = 10_000
/** Outputs that are made at a time for somebody who only looks. */
const MOST_OUTPUTS = 24

/** Makes what another query would give for the source of a request: the very files that a build with it has. */
export async function trySettings(
  api: Api,
  { config: { root } }: Pick<DevServer, 'config'>,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<Tried> {
  const { id, query } = await readBody(request)
  const job = [...api.jobs.values()].find(({ name }) => requestId(name) === id)
  if (!job) throw invalid('no request has this id', 'Reload the page.')
  const { file } = job.source
  const path = pathBelow(root, file)
  const settled = requestOf({ query, defaults: api.options.defaults(path, query) }, { api, root })
  const pipeline = api.pipeline(root)
  const { source, plan } = await pipeline.plan(file, settled)
  if (plan.outputs.length > MOST_OUTPUTS)
    throw invalid(`${plan.outputs.length} files: expected at most ${MOST_OUTPUTS}`, 'Try fewer widths or formats.')
  await Promise.all(plan.outputs.map((output) => pipeline.make({ source, output }, signal)))
  const tried: Job = { name: job.name, written: query, request: settled, source, plan }
  return {
    code: importLine(job, query, api, root),
    warnings: plan.warnings,
    outputs: await inspectOutputs(tried, api, { root, command: 'serve' }),
  }
}

async function readBody(request: IncomingMessage): Promise<{ id: string; query: string }> {
  let text = ''
  for await (const part of request.setEncoding('utf8')) {
    text += String(part)
    if (text.length > MOST_BYTES) throw invalid('the settings are too long', 'Try fewer of them.')
  }
  const body = parse(text)
  if (isRecord(body) && typeof body['id'] === 'string' && typeof body['query'] === 'string') return { id: body['id'], query: body['query'] }
  throw invalid('expected JSON with `id` and `query`', 'Reload the page.')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function invalid(message: string, hint: string): ImagemillError {
  return new ImagemillError({ code: 'INPUT_INVALID', message, hint })
}

/** An import of the image with a query, as the first file that imports it would write it. */
function importLine({ source, written }: Job, query: string, api: Api, root: string): string {
  const { file } = source
  const [importer] = api.imported.get(written === '' ? file : `${file}?${written}`) ?? []
  const specifier =
    (importer !== undefined && openImportLines().specifier(importer, { file, query: written })) || nearPath(importer, file, root)
  const text = `${specifier}${query === '' ? '' : `?${query}`}`
  return `import ${nameOf(file)} from '${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

/** The path of an image from the file that imports it; what is virtual is nowhere. */
function nearPath(importer: string | undefined, file: string, root: string): string {
  if (isRemote(file)) return file
  const from = importer === undefined || importer.startsWith('\0') ? '' : dirname(pathBelow(root, importer.replace(/\?.*$/s, '')))
  const near = posix.relative(from === '.' ? '' : from, pathBelow(root, file))
  return near.startsWith('.') ? near : `./${near}`
}

/** A variable after the file: `team-photo.jpg` is `teamPhoto`. */
function nameOf(file: string): string {
  const words = basename(file, extname(file))
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
  const name = words
    .map((word, index) => (index === 0 ? word.charAt(0).toLowerCase() : word.charAt(0).toUpperCase()) + word.slice(1))
    .join('')
  return /^\p{L}/u.test(name) ? name : 'image'
}
