import { createServer, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { ImagemillError, systemCode } from '../errors.ts'
import type { ServiceApp } from './context.ts'

export interface Listening {
  /** What the addresses of the server begin with. */
  url: string
  /** Takes no more connections, and ends those that are idle; all of them after so many ms. */
  close(grace_ms: number): Promise<void>
}

export interface ListenOptions {
  host: string
  port: number
  /** Most time for a whole request to come in, in ms. */
  requestTimeout: number
}

/** Most time for the head of a request, in ms. */
const HEAD_TIMEOUT = 10_000
const HEAD_BYTES = 16_384

/** Serves an app; whoever sends a request too slowly is cut off. */
export async function listen(app: ServiceApp, { host, port, requestTimeout }: ListenOptions): Promise<Listening> {
  const server = createServer(
    {
      requestTimeout,
      headersTimeout: Math.min(HEAD_TIMEOUT, requestTimeout),
      maxHeaderSize: HEAD_BYTES,
      connectionsCheckingInterval: Math.min(1000, requestTimeout),
      keepAliveTimeout: 5000,
    },
    getRequestListener(app.fetch, { overrideGlobalObjects: false }),
  )
  server.on('clientError', (error, socket) => refuse(error, socket))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(unlistenable(error, host, port)))
    server.listen(port, host, resolve)
  })
  return { url: urlOf(server), close: (grace_ms) => close(server, grace_ms) }
}

const CLIENT_ERRORS: Readonly<Record<string, [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The head of the request is too large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not come in within its time'],
}

/** What never became a request is answered as one. */
function refuse(error: Error, socket: Duplex): void {
  if (!socket.writable || systemCode(error) === 'ECONNRESET') return void socket.destroy()
  const [status, message] = CLIENT_ERRORS[systemCode(error) ?? ''] ?? ['400 Bad Request', 'The request is not HTTP']
  const body = JSON.stringify({ error: message, code: 'REQUEST_INVALID', retryable: false })
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

function unlistenable(cause: Error, host: string, port: number): Error {
  return new ImagemillError(
    {
      code: 'INVALID_OPTION',
      message: `the service cannot listen on ${host}:${port} (${systemCode(cause) ?? cause.message})`,
      hint: systemCode(cause) === 'EADDRINUSE' ? 'Another program listens there: use another --port.' : 'Check --host and --port.',
    },
    { cause },
  )
}

function urlOf(server: Server): string {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('the server has no address')
  const any = address.address === '0.0.0.0' || address.address === '::'
  return `http://${any ? 'localhost' : address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
}

async function close(server: Server, grace_ms: number): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), grace_ms)
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
  clearTimeout(cut)
}
