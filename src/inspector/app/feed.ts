import { useEffect, useState } from 'preact/hooks'
import { totalsOf } from '../../contract/inspection-totals.ts'
import { embedded, type InspectedRequest, type Inspection, type LiveState } from './data.ts'

export interface Feed {
  inspection: Inspection | undefined
  /** Whether the dev server does not answer. */
  away: boolean
}

interface Event {
  requests: InspectedRequest[]
  removed: string[]
  damaged: number
  live: LiveState
}

/** The inspection, kept true while the dev server tells of changes. */
export function useFeed(): Feed {
  const [feed, setFeed] = useState<Feed>({ inspection: embedded?.inspection, away: false })
  useEffect(() => (embedded ? undefined : listen(setFeed)), [])
  return feed
}

function listen(set: (change: (feed: Feed) => Feed) => void): () => void {
  const events = new EventSource('api/events')
  events.addEventListener('open', () => {
    // What changes meanwhile comes as an event.
    fetch('api/inspection')
      .then((answer): Promise<Inspection> => answer.json())
      .then((inspection) => set(() => ({ inspection, away: false })))
      .catch(() => set((feed) => ({ ...feed, away: true })))
  })
  events.addEventListener('error', () => set((feed) => ({ ...feed, away: true })))
  events.addEventListener('message', ({ data }: MessageEvent<string>) => {
    const event: Event = JSON.parse(data)
    set(({ inspection, away }) => ({ inspection: inspection && merged(inspection, event), away }))
  })
  return () => events.close()
}

function merged(inspection: Inspection, { requests: changed, removed, damaged, live }: Event): Inspection {
  if (changed.length + removed.length === 0) return { ...inspection, live, totals: { ...inspection.totals, damaged } }
  const all = new Map([...inspection.requests, ...changed].map((request) => [request.id, request]))
  for (const id of removed) all.delete(id)
  const requests = [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { ...inspection, requests, live, totals: totalsOf(requests, damaged) }
}

/** What the server finds out about one request alone: placeholder, EXIF and privacy. */
export function useDetails(request: InspectedRequest): InspectedRequest {
  const [details, setDetails] = useState<InspectedRequest>()
  const { id, source } = request
  useEffect(() => {
    if (embedded) return
    const stop = new AbortController()
    fetch(`api/details/${id}`, { signal: stop.signal })
      .then((answer): Promise<InspectedRequest> | undefined => (answer.ok ? answer.json() : undefined))
      .then((found) => found && setDetails(found))
      // It was left, or the server is away, which the page says elsewhere.
      .catch(() => undefined)
    return () => stop.abort()
  }, [id, source.sha256])
  if (details?.id !== id) return request
  const { placeholder, exif, privacy } = details
  return { ...request, ...(placeholder && { placeholder }), ...(exif && { exif }), ...(privacy && { privacy }) }
}
