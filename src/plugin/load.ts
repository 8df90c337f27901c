import { existsSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { asImagemillError, type ImagemillError } from '../errors.ts'
import { moduleCode, namedExports, shapedCode } from '../module/code.ts'
import { factTypes, resultType, typeText, withFacts } from '../module/dts.ts'
import { exportedValue } from '../module/image.ts'
import type { Request } from '../query/request.ts'
import { changesImage, isImageFile, isOurs, isPlain, splitId, type QueryInput } from '../query/text.ts'
import { isRemote } from '../query/remote.ts'
import type { Output, Source } from '../types.ts'
import { addressOf, dataUri, fileId } from './address.ts'
import type { Api, Job } from './api.ts'
import { below } from './error.ts'
import { outputName } from './file-names.ts'
import type { Place } from './place.ts'
import { factExports, registerFacts } from './facts.ts'
import { readRequest } from './option-queries.ts'
import { remoteOfId } from './remote-id.ts'
import { recordsOf, resultCode } from './result.ts'
import { customValue, dataType } from './shapes.ts'
import { tokenOf } from './tokens.ts'
import { knownTransforms } from './transforms.ts'
import { unmadeJob } from './unmade.ts'
import { pathBelow } from './path-below.ts'

/** What an id asks of us: a file, and the parts of its query; undefined when it is not ours. */
export interface Asked {
  file: string
  /** Path below the root with `/`, as users see it. */
  path: string
  query: string
  defaults: QueryInput | undefined
}

export function ask(
  id: string,
  { api, root, publicDir, devBase }: Pick<Place, 'api' | 'root' | 'publicDir' | 'devBase'>,
): Asked | undefined {
  const remote = remoteOfId(id)
  if (remote !== undefined) return askRemote(remote, api)
  const { file: written, query } = splitId(id)
  if (written.startsWith('\0') || !isImageFile(written)) return undefined
  const file = locate(written, root, publicDir)
  // No file has such a name, and whatever is asked for one throws.
  if (file.includes('\0')) return undefined
  // The dev server takes a `\` for a `/`, and would judge another file than the one that is read here.
  if (devBase !== undefined && sep === '/' && file.includes('\\')) return undefined
  const path = pathBelow(root, file)
  if (!api.options.matches(path)) return undefined
  const defaults = api.options.defaults(path, query)
  const byDefault = defaults !== undefined && changesImage(defaults) && isPlain(query) && !/\.svg$/i.test(file)
  return isOurs(query, Object.keys(api.options.presets)) || byDefault ? { file, path, query, defaults } : undefined
}

/** The same of an address on another server. An import of what is an image by its name is ours even where it may not be asked for: nothing else can load it. */
function askRemote(address: string, api: Api): Asked | undefined {
  const { file, query } = splitId(address)
  if (!URL.canParse(file)) return undefined
  const url = new URL(file)
  const isImage = isImageFile(url.pathname)
  const defaults = api.options.defaults(file, query)
  const byDefault = isImage && defaults !== undefined && changesImage(defaults) && isPlain(query)
  if (!(isOurs(query) || byDefault) || !(isImage || api.options.remote?.allows(url))) return undefined
  return { file, path: file, query, defaults }
}

/** What an address on another server asks of us in a page, a style sheet or `new URL()`, where it means something without us. */
export function askAllowed(address: string, api: Api): Asked | undefined {
  const asked = askRemote(address, api)
  return asked && api.options.remote?.allows(new URL(asked.file)) ? asked : undefined
}

/**
 * An id names a file by its path, encoded or not; or, when it comes from a browser, by its address on the site.
 * The answer has no `..` left, which would make it look as if it were in a folder that the dev server may show.
 */
function locate(written: string, root: string, publicDir: string | undefined): string {
  const decoded = normalize(decode(written))
  // Nearly always the first one is there.
  if (existsSync(decoded)) return decoded
  const onSite = join(root, decoded)
  const found = [normalize(written), ...(publicDir ? [join(publicDir, decoded)] : []), onSite].find(existsSync)
  if (found !== undefined) return found
  if (written.startsWith(root)) return decoded
  return [onSite, decoded].find((path) => existsSync(dirname(path))) ?? onSite
}

/** A `%` that encodes nothing is part of the name. */
export function decode(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded)
    } catch {
      return encoded
    }
  })
}

/** The code of the module of an image import. No pixel is made, except where the import asks for bytes in place of addresses. */
export async function loadImage(asked: Asked, place: Place): Promise<string> {
  try {
    const job = await planImage(asked, place)
    place.api.types(place.root)?.loaded(imageOf(asked), asked.path, await typeOf(job, place))
    return await codeOf(job, place)
  } catch (error) {
    return codeOf(await originalJob(asked, place, error), place)
  }
}

/** Settles what an image is asked for, and remembers it under the names that tokens and addresses have for it. */
export async function planImage(asked: Asked, place: Place): Promise<Job> {
  const { file, path, query } = asked
  const { unplanned, changes } = place.api
  try {
    const job = await settleImage(asked, place)
    unplanned.delete(imageOf(asked))
    return job
  } catch (error) {
    unplanned.set(imageOf(asked), { file, path, query, error: asImagemillError(error) })
    changes.tell(query === '' ? path : `${path}?${query}`)
    throw error
  }
}

/** What a query of a project is read with. */
export function requestOf({ query, defaults }: Pick<Asked, 'query' | 'defaults'>, { api, root }: Pick<Place, 'api' | 'root'>): Request {
  const { presets, breakpoints, shapes, transforms } = api.options
  return readRequest(query, { defaults, presets, breakpoints, shapes: Object.keys(shapes), transforms: knownTransforms(root, transforms) })
}

async function settleImage({ file, path, query, defaults }: Asked, place: Place): Promise<Job> {
  const { api, root } = place
  const request = requestOf({ query, defaults }, place)
  const { source, plan } = await api.pipeline(root).plan(file, request)
  for (const warning of plan.warnings) api.report.warn(`${path}?${query}: ${warning}`)
  return register({ name: nameOf(path, request), written: query, request, source, plan }, place)
}

/** What takes the place of an image that cannot be made: its source, where the user wants to go on. */
export async function originalJob({ file, path, query }: Asked, place: Place, error: unknown): Promise<Job> {
  const { api, root } = place
  const known = asImagemillError(error).at({ file, query })
  if (api.options.onError === 'fail') throw known
  api.report.warn(`${below(root, known).message} The source is used as it is.`)
  return register(await unmadeJob({ file, path, query }, api.pipeline(root), Object.keys(api.options.shapes)), place, known)
}

/** What an id stands for, however it was written. */
export function imageOf({ file, query }: Pick<Asked, 'file' | 'query'>): string {
  return query === '' ? file : `${file}?${query}`
}

/** The type of what the module of a job exports. */
export async function typeOf(job: Job, { api, root }: Pick<Place, 'api' | 'root'>): Promise<string> {
  const { request, plan, source } = job
  const facts = plan.facts.map(({ question }) => question.operation)
  const { custom } = request
  if (custom) {
    const context = { shapes: api.options.shapes, path: pathBelow(root, source.file), urlOf: () => '' }
    return withFacts(dataType(await customValue(custom, job, context)), facts)
  }
  const type =
    request.shape?.name === 'result'
      ? resultType(recordsOf(plan.operation, plan.outputs))
      : typeText(exportedValue(request, plan, factTypes(facts), api.options.attributes))
  return withFacts(type, facts)
}

/** Whether the file that an output was to be made from has another name by now, or none. */
function isGone({ local, file }: Source): boolean {
  return !isRemote(file) && !existsSync(local ?? file)
}

function nameOf(path: string, request: Request): string {
  return request.query === '' ? path : `${path}?${request.query}`
}

/** With an error the source itself is what is delivered. */
function register(job: Job, { api }: Place, error?: ImagemillError): Job {
  for (const output of job.plan.outputs) {
    const known = api.outputs.get(output.key)
    const name = outputName(job.source.file, output)
    if (!known || known.original || isGone(known.source))
      api.outputs.set(output.key, { source: job.source, output, name, ...(error && { original: true, error }) })
    api.files.set(fileId(output, job.source), { key: output.key, name })
  }
  registerFacts(job, api)
  api.jobs.set(job.name, job)
  api.changes.tell(job.name)
  return job
}

async function codeOf(job: Job, place: Place): Promise<string> {
  const facts = await factExports(job, place)
  if (job.request.shape?.name === 'result') return (await resultCode(job, place)) + namedExports(facts)
  const urls = await inlineUrls(job, place)
  const urlOf = (output: Output): string => urls.get(output.key) ?? addressOf(output, job.source, place)
  const { custom } = job.request
  if (custom) {
    const context = { shapes: place.api.options.shapes, path: pathBelow(place.root, job.source.file), urlOf }
    return shapedCode(await customValue(custom, job, context), facts)
  }
  return moduleCode(exportedValue(job.request, job.plan, facts, place.api.options.attributes), facts, urlOf)
}

/** Data URIs of the outputs that `inline` asks for. In a build the bytes are put in when the chunk is rendered. */
async function inlineUrls({ request, plan, source }: Job, { api, root, devBase, inlineLimit }: Place): Promise<Map<string, string>> {
  const inline = request.values.inline?.[0] ?? false
  const urls = new Map<string, string>()
  if (inline === false) return urls
  for (const output of plan.outputs) {
    const now = inline === 'auto' || devBase !== undefined
    const planned = { source, output, name: outputName(source.file, output) }
    if (now) await api.report.follow(planned, api.pipeline(root).make(planned))
    const bytes = now ? (await api.pipeline(root).read(planned)).bytes : undefined
    if (inline === 'auto' && bytes && !inlineLimit(source.file, bytes)) continue
    urls.set(output.key, bytes && devBase !== undefined ? dataUri(output, bytes) : tokenOf('DATA', output.key))
  }
  return urls
}
