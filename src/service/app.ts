import { Hono } from 'hono'
import { SCHEMAS, jsonSchemaOf } from '../contract/schemas.ts'
import type { Machines } from '../queue/queue.ts'
import type { Log, ServiceApp, ServiceContext, ServiceEnv } from './context.ts'
import { followRoutes, idOf, limit, type FollowOptions } from './follow-routes.ts'
import { HttpError, type HttpErrorFacts } from './http-error.ts'
import type { Intake } from './intake.ts'
import type { Metrics } from './metrics.ts'
import { answerError, answerErrors, keepDoors, observe, requireKey, type Doors } from './middleware.ts'
import { OPERATIONS, openApi } from './openapi.ts'
import type { Results } from './results.ts'

export interface AppOptions extends FollowOptions {
  /** Where jobs come in; undefined where they are only looked at. */
  intake?: Intake
  results?: Results
  /** The store that other machines share, with tokens of its own. */
  store?: Hono
  /** Where jobs of functions come in, and their document. */
  functions?: { post(c: ServiceContext): Promise<Response>; get(c: ServiceContext, id: string): Promise<Response> }
  metrics: Metrics
  /** What is measured when the metrics are asked for. */
  gauges(): Record<string, number>
  /** What is known of other machines that do the work, where there are any. */
  machines?(): Machines | undefined
  doors: Doors
  keys: readonly string[]
  version: string
  origin(): string
  log: Log
}

/** All routes, whoever does the jobs. */
export function createApp(options: AppOptions): ServiceApp {
  const { results, metrics, gauges, doors, keys, version, origin, closing, log } = options
  const app: ServiceApp = new Hono<ServiceEnv>()
  app.onError(answerErrors(log))
  app.notFound((c) => answerError(c, nothingThere(methodsAt(app, c.req.path))))
  app.use(observe(log, metrics))
  app.use(keepDoors(doors))

  // What follows is open to whoever reaches it: it tells nothing, or is signed.
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', (c) => sendReadiness(c, closing.aborted, options.machines?.()))
  app.get('/openapi.json', (c) =>
    c.json(openApi({ version, url: origin(), hasKey: keys.length > 0, isStore: options.store !== undefined })),
  )
  app.get('/webhooks/event-schema', (c) => sendSchema(c, 'webhook-event'))
  app.get('/schemas/:file', (c) => sendSchema(c, c.req.param('file').replace(/\.json$/, '')))
  if (results) app.get('/results/:id/:name{.+}', (c) => sendResult(c, results))

  if (options.store) app.route('/', options.store)

  app.use(requireKey(keys))
  app.get('/metrics', (c) => c.text(metrics.text(gauges()), 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }))
  followRoutes(app, options)
  const { intake, functions } = options
  if (functions) {
    app.post('/job', (c) => functions.post(c))
    app.get('/job/:id', limit(options.polls), (c) => functions.get(c, idOf(c)))
  }
  if (intake) for (const operation of OPERATIONS) app.post(`/v1/${operation}`, (c) => intake.post(c, operation))
  return app
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const

/** The methods that a path knows; what stands before every route is none of them. */
function methodsAt(app: ServiceApp, path: string): string[] {
  return METHODS.filter((method) => app.router.match(method, path)[0].some(([[, route]]) => route.method === method))
}

function nothingThere(methods: readonly string[]): HttpErrorFacts {
  if (methods.length === 0) return { status: 404, code: 'NOT_FOUND', message: 'there is nothing at this address' }
  const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ')
  return { status: 405, code: 'METHOD_NOT_ALLOWED', message: `this address knows ${allow} only`, headers: { Allow: allow } }
}

/** Without workers the work is done here; without its queue a service should be left alone until it has found it again. */
function sendReadiness(c: ServiceContext, closing: boolean, machines: Machines | undefined): Response {
  if (closing) return c.json({ status: 'closing' }, 503)
  if (machines?.reached === false) return c.json({ status: 'unavailable', reason: 'the queue of other machines cannot be used' }, 503)
  return c.json({ status: 'ok', ...(machines && { workers: machines.workers }) })
}

function sendSchema(c: ServiceContext, name: string): Response {
  const known = Object.keys(SCHEMAS).find((key): key is keyof typeof SCHEMAS => key === name)
  if (!known) throw new HttpError({ status: 404, code: 'NOT_FOUND', message: 'there is no schema of this name' })
  return c.json(jsonSchemaOf(known), 200, { 'Content-Type': 'application/schema+json' })
}

function sendResult(c: ServiceContext, results: Results): Promise<Response> {
  const { raw } = c.req
  const id = c.req.param('id') ?? ''
  const name = c.req.param('name') ?? ''
  return results.serve({ id, name, query: new URL(raw.url).searchParams, method: raw.method, headers: raw.headers })
}
