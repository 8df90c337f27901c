import { request as requestHttp, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { ImagemillError, systemCode } from '../errors.ts'
import { guardedLookup, refusePrivateHost } from './public-address.ts'

export interface GuardedRequest {
  url: URL
  method?: 'GET' | 'POST'
  headers?: Readonly<Record<string, string>>
  body?: string | Uint8Array
  /** Whether addresses of this machine and of private networks may be asked. */
  allowPrivate: boolean
  /** Most time for everything, the body of the answer included, in ms. */
  timeout: number
  /** Ends the request when it is aborted. */
  signal?: AbortSignal | undefined
}

export interface GuardedResponse {
  status: number
  headers: IncomingHttpHeaders
  /** The whole body as it was sent; more than `limit` bytes, or fewer than were announced, are an error. */
  read(limit: number): Promise<Buffer>
  /** Ends the exchange without reading the body. */
  discard(): void
}

/** Most bytes of the headers of an answer. */
const MAX_HEADERS = 16_384

/**
 * Sends one request, to public addresses alone unless told otherwise, and follows no redirect. What the network or the
 * server does wrong is an error with the code REMOTE_UNREACHABLE, a refused address one with REMOTE_DENIED.
 */
export function guardedRequest({
  url,
  method = 'GET',
  headers,
  body,
  allowPrivate,
  timeout,
  signal,
}: GuardedRequest): Promise<GuardedResponse> {
  return new Promise((resolve, reject) => {
    if (!allowPrivate) refusePrivateHost(url)
    signal?.throwIfAborted()
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const outgoing = send(url, {
      method,
      // A connection is never used again: who is at its other end was checked for this request.
      agent: false,
      maxHeaderSize: MAX_HEADERS,
      headers: { ...headers, ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }) },
      ...(!allowPrivate && { lookup: guardedLookup }),
    })
    let late: ImagemillError | undefined
    const expire = (): void => {
      late = unreachable(url, `no whole answer within ${Math.round(timeout)} ms`)
      outgoing.destroy(late)
    }
    const abort = (): void => void outgoing.destroy(asError(signal?.reason))
    const timer = setTimeout(expire, timeout)
    signal?.addEventListener('abort', abort)
    outgoing.once('close', () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    })
    const failure = (error: unknown): unknown => {
      if (late) return late
      if (signal?.aborted) return signal.reason
      return error instanceof ImagemillError ? error : unreachable(url, reasonOf(error), error)
    }
    outgoing.on('error', (error) => reject(failure(error)))
    outgoing.once('response', (incoming) => {
      // An error of a body that nobody reads must not end the process.
      incoming.on('error', () => undefined)
      resolve({
        status: incoming.statusCode ?? 0,
        headers: incoming.headers,
        read: (limit) =>
          readBody(incoming, limit).catch((error: unknown) => {
            outgoing.destroy()
            throw failure(error)
          }),
        discard: () => void outgoing.destroy(),
      })
    })
    outgoing.end(body)
  })
}

async function readBody(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(incoming.headers['content-length'] ?? 0) > limit) throw tooLarge(limit)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) throw tooLarge(limit)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function tooLarge(limit: number): ImagemillError {
  return new ImagemillError({ code: 'REMOTE_TOO_LARGE', message: `the answer is larger than the limit of ${limit} bytes` })
}

/** Without path and query, which may hold a secret. */
function unreachable({ origin }: URL, reason: string, cause?: unknown): ImagemillError {
  return new ImagemillError({ code: 'REMOTE_UNREACHABLE', message: `${origin} did not answer: ${reason}` }, { cause })
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNRESET: 'the connection was closed before the answer was whole (ECONNRESET)',
  ENOTFOUND: 'no such host (ENOTFOUND)',
  HPE_HEADER_OVERFLOW: `more than ${MAX_HEADERS} bytes of headers`,
}

function reasonOf(error: unknown): string {
  const code = systemCode(error)
  return (code !== undefined && REASONS[code]) || code || (error instanceof Error ? error.message : String(error))
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
