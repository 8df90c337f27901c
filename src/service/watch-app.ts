import { getRequestListener } from '@hono/node-server'
import { createApp, type AppOptions } from './app.ts'
import { openLimit, openPlaces } from './limits.ts'
import { openMetrics } from './metrics.ts'

/** One person and their tools ask. */
const POLLS = 50
const HELD = 100

export type WatchAppOptions = Pick<AppOptions, 'view' | 'gauges' | 'version' | 'origin' | 'closing'>

/** The routes by which jobs are looked at, for a server of someone else, who has looked at the name that it was asked by. */
export function watchListener(options: WatchAppOptions): ReturnType<typeof getRequestListener> {
  const app = createApp({
    ...options,
    metrics: openMetrics(),
    polls: openLimit(POLLS),
    places: openPlaces(HELD),
    doors: { hosts: undefined, origins: [] },
    keys: [],
    log: () => undefined,
  })
  return getRequestListener(app.fetch, { overrideGlobalObjects: false })
}
