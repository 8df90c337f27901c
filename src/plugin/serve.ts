import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { relative, sep } from 'node:path'
import { ImagemillError, asImagemillError } from '../errors.ts'
import { FORMATS } from '../query/directives.ts'
import type { Api } from './api.ts'
import type { PluginPart, Logger, ViteConfig } from './bundler.ts'
import { below, toBundlerError } from './error.ts'
import { DEV_PATH } from './place.ts'
import { queryOf } from './render.ts'

/** What we use of Vite's dev server. */
export interface DevServer {
  config: ViteConfig & { logger: Logger }
  middlewares: { use(handler: (request: IncomingMessage, response: ServerResponse, next: () => void) => void): void }
  ws: { send(payload: object): void }
}

/** `<key>.<format>`: only names that we issued ourselves are looked up, never paths. */
const NAME = /^([0-9a-f]{64})\.([a-z]+)$/

/** The part that makes the images of the dev server, each when it is first asked for. */
export function servePart(api: Api): PluginPart {
  return {
    name: 'imagemill:serve',
    enforce: 'pre',
    configureServer(server: DevServer) {
      const prefix = `${server.config.base}${DEV_PATH}`
      server.middlewares.use((request, response, next) => {
        const path = (request.url ?? '').replace(/\?.*$/s, '')
        if (!path.startsWith(prefix)) return next()
        respond(api, server, path.slice(prefix.length), request, response).catch((error: unknown) => fail(api, server, error, response))
      })
    },
  }
}

async function respond(api: Api, server: DevServer, name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return sendJson(response, 405, { error: 'Expected GET or HEAD', code: 'METHOD_NOT_ALLOWED' })
  const [, key, extension] = NAME.exec(name) ?? []
  const format = FORMATS.find((known) => known === extension)
  // The name says everything that the bytes depend on, so it is their tag, and known before they are.
  const tag = `"${key}"`
  if (key !== undefined && format && request.headers['if-none-match'] === tag) return void response.writeHead(304, cacheHeaders(tag)).end()
  const bytes = key !== undefined && format ? await bytesOf(api, server, key) : undefined
  if (!bytes) return sendJson(response, 404, { error: 'No image has this address; it may be of an earlier version of the page', code: 'UNKNOWN_OUTPUT', hint: 'Reload the page.' })
  const isOriginal = key !== undefined && api.outputs.get(key)?.original === true
  response.writeHead(200, { 'Content-Type': `image/${format}`, 'Content-Length': bytes.length, 'X-Content-Type-Options': 'nosniff', ...(isOriginal ? { 'Cache-Control': 'no-store' } : cacheHeaders(tag)) })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

/** Bytes of an output of this run, or of an earlier one whose page is still open. */
async function bytesOf(api: Api, { config }: DevServer, key: string): Promise<Buffer | undefined> {
  const pipeline = api.pipeline(config.root)
  const planned = api.outputs.get(key)
  if (!planned) return pipeline.find(key)
  if (planned.original) return readFile(planned.source.file)
  try {
    await api.report.follow(planned, pipeline.make(planned))
    return await pipeline.read(planned)
  } catch (error) {
    const known = asImagemillError(error)
    // The page that asks is older than the image: it is told so, and reloads.
    if (known.code === 'SOURCE_CHANGED') return undefined
    const placed = known.at({ file: planned.source.file, query: queryOf(key, api) })
    if (api.options.onError === 'fail') throw placed
    api.report.warn(`${below(config.root, placed).message} The source is used as it is.`)
    planned.original = true
    return readFile(planned.source.file)
  }
}

function cacheHeaders(tag: string): Record<string, string> {
  return { ETag: tag, 'Cache-Control': 'public, max-age=31536000, immutable' }
}

/** Tells the browser in the answer and in the overlay, and the person at the terminal. No absolute path leaves the machine. */
function fail(api: Api, server: DevServer, error: unknown, response: ServerResponse): void {
  const known = asImagemillError(error)
  const { message } = toBundlerError(known, server.config.root, api.importers)
  api.report.error(message)
  server.ws.send({ type: 'error', err: { message, stack: '', plugin: 'imagemill', ...(known.file !== undefined && { id: relative(server.config.root, known.file).split(sep).join('/') }) } })
  if (response.headersSent) return void response.destroy()
  sendJson(response, 500, { error: message, code: known instanceof ImagemillError ? known.code : 'INTERNAL', ...(known.hint && { hint: known.hint }) })
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(JSON.stringify(body))
}
