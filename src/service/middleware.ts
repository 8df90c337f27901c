import { randomUUID, timingSafeEqual } from 'node:crypto'
import type { ErrorHandler, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type * as z from 'zod'
import type { apiErrorSchema } from '../contract/api-error.ts'
import { systemCode } from '../errors.ts'
import { sha256 } from '../hash.ts'
import type { Log, ServiceContext, ServiceEnv } from './context.ts'
import { HttpError, InvalidRequest, type HttpErrorFacts } from './http-error.ts'
import type { Metrics } from './metrics.ts'

type Handler = MiddlewareHandler<ServiceEnv>

const REQUEST_ID = /^[\w.:-]{1,100}$/

/** Gives every request a name, and tells of it in the log and in the metrics when it was answered. */
export function observe(log: Log, metrics: Metrics): Handler {
  return async (c, next) => {
    const start = performance.now()
    const given = c.req.header('x-request-id') ?? ''
    c.set('requestId', REQUEST_ID.test(given) ? given : randomUUID())
    c.set('client', addressOf(c))
    await next()
    c.res.headers.set('X-Request-Id', c.get('requestId'))
    const ms = Math.round((performance.now() - start) * 10) / 10
    metrics.request(c.req.method, routeOf(c), c.res.status, ms)
    // Without its query, which may hold a signature.
    log({
      level: 'info',
      message: 'request',
      request_id: c.get('requestId'),
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms,
      client: c.get('client'),
    })
  }
}

/** The pattern that the address matched: of addresses there are too many to count them one by one. */
function routeOf(c: ServiceContext): string {
  return matchedRoutes(c).findLast(({ path }) => path !== '/*')?.path ?? 'none'
}

function addressOf({ env }: ServiceContext): string {
  return env?.incoming?.socket.remoteAddress ?? 'local'
}

/** Who may ask: whoever has a key, where there is one. */
export function requireKey(keys: readonly string[]): Handler {
  const digests = keys.map((key) => Buffer.from(sha256(key), 'hex'))
  return async (c, next) => {
    if (digests.length === 0) return next()
    const given = Buffer.from(sha256(c.req.header('x-api-key') ?? ''), 'hex')
    // All of them are compared, in a time that tells nothing.
    const known = digests.filter((digest) => timingSafeEqual(digest, given))
    if (known.length === 0) {
      const isMissing = c.req.header('x-api-key') === undefined
      throw new HttpError({
        status: 401,
        code: isMissing ? 'KEY_MISSING' : 'KEY_INVALID',
        message: isMissing ? 'the header X-API-Key is missing' : 'the key in the header X-API-Key is not known',
        headers: { 'WWW-Authenticate': 'ApiKey' },
      })
    }
    c.set('client', `key-${given.toString('hex').slice(0, 12)}`)
    return next()
  }
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

export interface Doors {
  /** Hosts that a request may name; undefined where the service is for any. */
  hosts: readonly string[] | undefined
  /** Origins of pages that may use the service. */
  origins: readonly string[]
}

/** Pages of other origins cannot use a service that is meant for programs, neither directly nor by a name that leads here. */
export function keepDoors({ hosts, origins }: Doors): Handler {
  return async (c, next) => {
    const host = hostOf(c.req.header('host'))
    if (hosts && !LOOPBACK.test(host) && !hosts.includes(host))
      throw new HttpError({ status: 403, code: 'HOST_DENIED', message: 'the service is not known by the name in the header Host' })
    const origin = c.req.header('origin')
    const allowed = origin !== undefined && (origins.includes(origin) || origins.includes('*'))
    if (origin !== undefined && !allowed && c.req.method !== 'GET' && c.req.method !== 'HEAD')
      throw new HttpError({ status: 403, code: 'ORIGIN_DENIED', message: 'pages of this origin may not use the service' })
    if (!allowed) return next()
    if (c.req.method === 'OPTIONS' && c.req.header('access-control-request-method') !== undefined) return preflight(origin)
    await next()
    c.res.headers.set('Access-Control-Allow-Origin', origin)
    c.res.headers.set('Access-Control-Expose-Headers', 'X-Request-Id, Retry-After, ETag, Idempotency-Replayed')
    c.res.headers.append('Vary', 'Origin')
  }
}

function preflight(origin: string): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Methods': 'GET, HEAD, POST, DELETE',
      'Access-Control-Allow-Headers': 'Content-Type, X-API-Key, Idempotency-Key, X-Request-Id, If-None-Match, Range',
      'Access-Control-Max-Age': '600',
      Vary: 'Origin',
    },
  })
}

function hostOf(header: string | undefined): string {
  return (header ?? '').replace(/:\d+$/, '').toLowerCase()
}

/** Every error as JSON, without a word of what is inside of this machine. */
export function answerErrors(log: Log): ErrorHandler<ServiceEnv> {
  return (error, c) => {
    if (error instanceof InvalidRequest) return c.json({ detail: error.detail }, 422)
    const facts = error instanceof HttpError ? error.facts : storageFacts(error)
    if (facts) return answerError(c, facts)
    log({ level: 'error', message: error.message, stack: error.stack, request_id: c.get('requestId') })
    return answerError(c, { status: 500, code: 'INTERNAL_ERROR', message: 'the service failed; its log says more' })
  }
}

/** A disk that is full is nobody's fault, and may not last. */
function storageFacts(error: Error): HttpErrorFacts | undefined {
  if (!['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'].includes(systemCode(error) ?? '')) return undefined
  return { status: 503, code: 'STORAGE_ERROR', message: 'the service cannot write to its disk', retryAfter: 30 }
}

export function answerError(c: ServiceContext, { status, code, message, retryAfter, headers }: HttpErrorFacts): Response {
  const body: z.input<typeof apiErrorSchema> = {
    error: message.charAt(0).toUpperCase() + message.slice(1),
    code,
    retryable: retryAfter !== undefined,
    request_id: c.get('requestId'),
  }
  return c.json(body, status, {
    ...headers,
    'Cache-Control': 'no-store',
    ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
  })
}
