import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { createApp, type AppOptions } from './app.ts'
import type { ServiceApp, ServiceEnv } from './context.ts'
import { openLimit, openPlaces } from './limits.ts'
import { openMetrics } from './metrics.ts'
import { answerErrors, keepDoors } from './middleware.ts'
import { listen, type Listening } from './server.ts'

/** One person and their tools ask. */
const POLLS = 50
const HELD = 100

export type WatchAppOptions = Pick<AppOptions, 'view' | 'gauges' | 'version' | 'origin' | 'closing'>

/** Asked by a name of this machine only. */
const LOCAL = { hosts: [], origins: [] }

/** The routes by which jobs are looked at, for a server of someone else, who has looked at the name that it was asked by. */
export function watchListener(options: WatchAppOptions): ReturnType<typeof getRequestListener> {
  return getRequestListener(watchApp(options).fetch, { overrideGlobalObjects: false })
}

export interface WatchServerOptions {
  /** Port of 127.0.0.1; 0 for a free one. */
  port: number
  /** Where the routes are, without slashes at the ends; and where the files that were made are. */
  path: string
  files: string
  /** Bytes and type of a file by its name; undefined when there is none. */
  fileOf(name: string): Promise<{ bytes: Buffer; type: string } | undefined>
}

/** A server of their own, where there is no other. */
export async function watchServer(options: WatchAppOptions, { port, path, files, fileOf }: WatchServerOptions): Promise<Listening> {
  const app: ServiceApp = new Hono<ServiceEnv>()
  app.onError(answerErrors(() => undefined))
  app.use(keepDoors(LOCAL))
  app.route(`/${path}`, watchApp(options))
  app.get(`/${files}:name`, async (c) => {
    const file = await fileOf(c.req.param('name') ?? '')
    if (!file) return c.json({ error: 'No image has this address', code: 'UNKNOWN_OUTPUT' }, 404)
    return c.body(new Uint8Array(file.bytes), 200, { 'Content-Type': file.type, 'X-Content-Type-Options': 'nosniff' })
  })
  return listen(app, { host: '127.0.0.1', port, requestTimeout: 10_000 })
}

function watchApp(options: WatchAppOptions): ServiceApp {
  return createApp({
    ...options,
    metrics: openMetrics(),
    polls: openLimit(POLLS),
    places: openPlaces(HELD),
    doors: { hosts: undefined, origins: [] },
    keys: [],
    log: () => undefined,
  })
}
