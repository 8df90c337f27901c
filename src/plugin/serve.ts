import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ImagemillError, asImagemillError, systemCode } from '../errors.ts'
import { FORMATS } from '../query/directives.ts'
import { sniff } from '../source/sniff.ts'
import type { Format, SourceFormat } from '../types.ts'
import type { Api, Deliverable } from './api.ts'
import type { PluginPart, Logger, ViteConfig } from './bundler.ts'
import { openDevWork, type DevWork } from './dev-work.ts'
import { below, toBundlerError } from './error.ts'
import { pathBelow } from './path-below.ts'
import { DEV_PATH } from './place.ts'
import { queryOf } from './render.ts'

/** What we use of Vite's dev server. */
export interface DevServer {
  config: ViteConfig & { logger: Logger }
  middlewares: { use(handler: Handler): void; stack: { handle: unknown }[] }
  ws: { send(payload: object): void }
  httpServer: { once(event: 'close', listener: () => void): unknown } | null
  resolvedUrls: { local: string[] } | null
  watcher: { add(file: string): unknown }
  printUrls(): void
}

export type Handler = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void

/** `<key>.<format>`: only names that we issued ourselves are looked up, never paths. */
const NAME = /^([0-9a-f]{64})\.([a-z]+)$/

/** The part that makes the images of the dev server, each when it is first asked for. */
export function servePart(api: Api): PluginPart {
  return {
    name: 'imagemill:serve',
    enforce: 'pre',
    configureServer(server: DevServer) {
      api.watcher = server.watcher
      api.tracksJobs = api.lasts = true
      const prefix = `${server.config.base}${DEV_PATH}`
      const work = openDevWork(() => sweep(api))
      const handler: Handler = (request, response, next) => {
        const path = (request.url ?? '').replace(/\?.*$/s, '')
        if (!path.startsWith(prefix)) return next()
        respond({ api, server, work }, path.slice(prefix.length), request, response).catch((error: unknown) =>
          fail(api, server, error, response),
        )
      }
      server.middlewares.use(handler)
      return () => moveBehindChecks(server, handler)
    },
  }
}

/** Vite 6 puts its checks of host and origin behind what plugins add, Vite 7 and later before it. */
export function moveBehindChecks({ middlewares: { stack } }: DevServer, handler: Handler): void {
  const nameOf = ({ handle }: { handle: unknown }): string => (typeof handle === 'function' ? handle.name : '')
  const from = stack.findIndex(({ handle }) => handle === handler)
  const to = stack.findLastIndex((layer) => ['corsMiddleware', 'viteHostCheckMiddleware'].includes(nameOf(layer)))
  if (from < 0 || to < from) return
  const moved = stack.splice(from, 1)
  // Behind those that were moved before: the first one that knows an address has it.
  let place = to
  for (let next = stack[place]; next && nameOf(next) === handler.name; next = stack[place]) place++
  stack.splice(place, 0, ...moved)
}

/** Where a request for an image is answered. */
interface Serving {
  api: Api
  server: DevServer
  work: DevWork
}

/** A dev server has no end at which the cache would be brought back to its size. */
async function sweep(api: Api): Promise<void> {
  const pipeline = api.openedPipeline()
  await pipeline?.tidy().catch((error: unknown) => api.report.warn(asImagemillError(error).message))
  // What was removed is made again.
  pipeline?.forget()
}

async function respond({ api, server, work }: Serving, name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return sendJson(response, 405, { error: 'Expected GET or HEAD', code: 'METHOD_NOT_ALLOWED' }, { Allow: 'GET, HEAD' })
  const [, key, extension] = NAME.exec(name) ?? []
  const format = FORMATS.find((known) => known === extension)
  const condition = request.headers['if-none-match']
  const asked = key !== undefined && format && work.take(() => answerOf(api, server, key, format, condition))
  if (key !== undefined && format && !asked)
    return sendJson(
      response,
      429,
      { error: 'Too many images are waited for', code: 'RATE_LIMIT_EXCEEDED', hint: 'Ask again in a while.' },
      { 'Retry-After': '1' },
    )
  const answer = await asked
  if (!answer)
    return sendJson(response, 404, {
      error: 'No image has this address; it may be of an earlier version of the page',
      code: 'UNKNOWN_OUTPUT',
      hint: 'Reload the page.',
    })
  const { bytes, type, tag } = answer
  // An original stands in for an image that failed; the next request may be luckier.
  const caching =
    tag === undefined ? { 'Cache-Control': 'no-store' } : { ETag: tag, 'Cache-Control': 'public, max-age=31536000, immutable' }
  if (!bytes) return void response.writeHead(304, caching).end()
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': bytes.length, 'X-Content-Type-Options': 'nosniff', ...caching })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

/** Bytes to send, or none when the browser has them. */
interface Answer {
  bytes?: Buffer
  type: string
  /** Absent when the bytes may change under their address. */
  tag?: string
}

/** An output of this run, or of an earlier one whose page is still open; undefined when there is none of that name. */
async function answerOf(
  api: Api,
  server: DevServer,
  key: string,
  format: Format,
  condition: string | undefined,
): Promise<Answer | undefined> {
  const planned = api.outputs.get(key)
  if (planned && planned.output.encoding.format !== format) return undefined
  // The name says everything that the bytes depend on, so it is their tag, and known before they are.
  const answer = { type: mimeType(format), tag: `"${key}"` }
  const isKnown = condition !== undefined && matches(condition, answer.tag)
  if (planned && !planned.original && isKnown) return answer
  const bytes = planned ? await bytesOf(api, server, planned) : await api.pipeline(server.config.root).find(key)
  if (!bytes) return undefined
  if (planned?.original) return { bytes, type: mimeType(formatOf(bytes) ?? format) }
  if (!planned && formatOf(bytes) !== format) return undefined
  return isKnown ? answer : { ...answer, bytes }
}

async function bytesOf(api: Api, { config }: DevServer, planned: Deliverable): Promise<Buffer | undefined> {
  const { source, output } = planned
  if (planned.original) return readOriginal(source.local ?? source.file)
  try {
    const pipeline = api.pipeline(config.root)
    await api.report.follow(planned, pipeline.make(planned))
    return (await pipeline.read(planned)).bytes
  } catch (error) {
    const known = asImagemillError(error)
    // The page that asks is older than the image: it is told so, and reloads.
    if (known.code === 'SOURCE_CHANGED') return undefined
    const placed = known.at({ file: source.file, query: queryOf(output.key, api) })
    if (api.options.onError === 'fail') throw placed
    api.report.warn(`${below(config.root, placed).message} The source is used as it is.`)
    planned.original = true
    return readOriginal(source.local ?? source.file)
  }
}

async function readOriginal(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** What the bytes are, whatever they are called; undefined for what is no image. */
function formatOf(bytes: Buffer): SourceFormat | undefined {
  try {
    return sniff(bytes)
  } catch (error) {
    if (error instanceof ImagemillError) return undefined
    throw error
  }
}

function mimeType(format: SourceFormat): string {
  return format === 'svg' ? 'image/svg+xml' : `image/${format}`
}

/** Whether `If-None-Match` names a tag; proxies weaken tags, and may ask for several. */
function matches(condition: string, tag: string): boolean {
  return condition.split(',').some((item) => item.trim().replace(/^W\//, '') === tag || item.trim() === '*')
}

/** Tells the browser in the answer and in the overlay, and the person at the terminal. No absolute path leaves the machine. */
function fail(api: Api, server: DevServer, error: unknown, response: ServerResponse): void {
  // The page was left, or the server is closing: there is nobody to tell.
  if (response.destroyed || response.socket?.destroyed) return
  const known = asImagemillError(error)
  const { message } = toBundlerError(known, server.config.root, api.importers)
  api.report.error(message)
  server.ws.send({
    type: 'error',
    err: {
      message,
      stack: '',
      plugin: 'imagemill',
      ...(known.file !== undefined && { id: pathBelow(server.config.root, known.file) }),
    },
  })
  if (response.headersSent) return void response.destroy()
  sendJson(response, 500, {
    error: message,
    code: known instanceof ImagemillError ? known.code : 'INTERNAL',
    ...(known.hint && { hint: known.hint }),
  })
}

export function sendJson(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers })
  response.end(JSON.stringify(body))
}
