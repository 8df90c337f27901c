import type { ServerResponse } from 'node:http'
import type { InspectedRequest, LiveState } from '../contract/inspection.ts'
import type { Api } from './api.ts'
import { askedFor, concernedBy } from './asked-for.ts'
import type { Inspected } from './inspected.ts'
import { inspectRequests, liveState } from './inspection.ts'

/** What an event of the inspector says: the requests that have changed, and what goes on. */
export interface InspectorEvent {
  requests: InspectedRequest[]
  /** Ids of those that nothing asks for any longer. */
  removed: string[]
  damaged: number
  live: LiveState
}

/** Changes are told together, at most this often, and that the server lives at least this often, in ms. */
const PAUSE = 200
const BEAT = 5000

/** Tells a page of every change, for as long as it listens. */
export function inspectorEvents(api: Api, inspected: Inspected): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      // A proxy that gathers answers would gather for ever.
      'X-Accel-Buffering': 'no',
    })
    response.flushHeaders()
    const changed = new Set<string>()
    let told: ReadonlySet<string> = new Set()
    let timer: NodeJS.Timeout | undefined
    const tell = async (): Promise<void> => {
      const ids = concernedBy(changed, api)
      changed.clear()
      const now = new Set(askedFor(api, inspected).keys())
      // The page may have asked for all of them after it was last told.
      const removed = [...new Set([...told, ...ids])].filter((id) => !now.has(id))
      told = now
      const event: InspectorEvent = {
        requests: ids.size > 0 ? await inspectRequests(api, inspected, ids) : [],
        removed,
        damaged: (await api.openedPipeline()?.damaged()) ?? 0,
        live: await liveState(api, inspected.root),
      }
      response.write(`data: ${JSON.stringify(event)}\n\n`)
    }
    const soon = (ms: number): void => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        timer = undefined
        tell()
          .then(() => !response.destroyed && !timer && soon(changed.size > 0 ? PAUSE : BEAT))
          .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
      }, ms).unref()
    }
    let isSoon = false
    const stop = api.changes.watch((what) => {
      changed.add(what)
      if (isSoon) return
      isSoon = true
      setTimeout(() => {
        isSoon = false
        if (!response.destroyed) soon(0)
      }, PAUSE).unref()
    })
    response.once('close', () => {
      stop()
      clearTimeout(timer)
    })
    soon(0)
  }
}
