import type { IncomingMessage, ServerResponse } from 'node:http'
import { ImagemillError } from '../errors.ts'
import { livePage } from '../inspector/page.ts'
import type { Api } from './api.ts'
import { inspectorEvents } from './inspector-events.ts'
import { openPictures } from './inspector-pictures.ts'
import type { InspectorListener } from './inspector.ts'
import { requestId } from './asked-for.ts'
import { inspect, inspectRequests } from './inspection.ts'
import { below } from './error.ts'
import { sendJson, type DevServer } from './serve.ts'
import { trySettings } from './try-settings.ts'

/** Answers what the page of the inspector asks for. */
export function openInspector(api: Api, server: DevServer): InspectorListener {
  const { root } = server.config
  const inspected = { root, command: 'serve' } as const
  const { html, policy } = livePage()
  const pictures = openPictures(api, root)
  const events = inspectorEvents(api, inspected)

  const answer = async (path: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, , name = '', id = '', key = ''] = path.split('/')
    switch (name) {
      case '':
        return send(response, html, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy })
      case 'inspection':
        return sendJson(response, 200, await inspect(api, inspected))
      case 'events':
        return events(response)
      case 'details': {
        const [found] = await inspectRequests(api, { ...inspected, whole: true }, new Set([id]))
        return found ? sendJson(response, 200, found) : unknown(response)
      }
      case 'try':
        return sendJson(response, 200, await trySettings(api, server, request, leaving(response)))
      default: {
        const job = [...api.jobs.values()].find((known) => requestId(known.name) === id)
        const picture = job && (await pictures(name, job, key, leaving(response)))
        if (!picture) return unknown(response)
        if (picture.bytes.length === 0) return void response.writeHead(204, { 'Cache-Control': 'no-store' }).end()
        if (request.headers['if-none-match'] === picture.tag) return void response.writeHead(304, { ETag: picture.tag }).end()
        return send(response, picture.bytes, { 'Content-Type': picture.type, ETag: picture.tag, 'Content-Security-Policy': QUIET })
      }
    }
  }

  return async (path, request, response) => {
    // With its `/` at the end the page finds everything beside it, whatever a proxy calls it.
    if (path === '') return void response.writeHead(301, { Location: '__imagemill/', 'Cache-Control': 'no-store' }).end()
    const wanted = path === '/api/try' ? 'POST' : 'GET'
    if (request.method !== wanted && !(wanted === 'GET' && request.method === 'HEAD'))
      return sendJson(response, 405, { error: `Expected ${wanted}`, code: 'METHOD_NOT_ALLOWED' }, { Allow: wanted })
    if (wanted === 'POST' && !isOwnPage(request))
      return sendJson(response, 403, { error: 'Only the page of the inspector may try settings', code: 'ORIGIN_DENIED' })
    try {
      await answer(path, request, response)
    } catch (error) {
      if (response.destroyed) return
      if (!(error instanceof ImagemillError) || response.headersSent) throw error
      const { code, reason, hint } = below(root, error)
      sendJson(response, 422, { error: reason.charAt(0).toUpperCase() + reason.slice(1), code, ...(hint !== undefined && { hint }) })
    }
  }
}

/** A picture is looked at, and runs nothing. */
const QUIET = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

function send(response: ServerResponse, body: string | Buffer, headers: Record<string, string>): void {
  response.writeHead(200, {
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-cache',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
    ...headers,
  })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

function unknown(response: ServerResponse): void {
  sendJson(response, 404, { error: 'The inspector has nothing of this name; the import may have changed', code: 'UNKNOWN_REQUEST' })
}

/** Aborted when the browser does not wait for the answer any longer. */
function leaving(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => response.writableFinished || controller.abort())
  return controller.signal
}

/** What browsers say of who asks cannot be made up by a page; those that say nothing at least name the origin. */
function isOwnPage({ headers }: IncomingMessage): boolean {
  if (!/^application\/json\b/.test(headers['content-type'] ?? '')) return false
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  return headers.origin !== undefined && URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host
}
