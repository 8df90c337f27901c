import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { isLive } from './data.ts'
import { Details } from './details.tsx'
import { useFeed } from './feed.ts'
import { useKeys } from './keys.ts'
import { listed } from './list.ts'
import { ListPane } from './list-pane.tsx'
import { Overview } from './overview.tsx'
import { linkTo, useRoute } from './route.ts'
import { TopBar } from './top-bar.tsx'

export function App({ icon }: { icon: string }): JSX.Element {
  const { inspection, away } = useFeed()
  const { id, isOverview, wanted, setWanted } = useRoute()
  const pane = useRef<HTMLElement | null>(null)
  const search = useRef<HTMLInputElement | null>(null)
  const requests = useMemo(() => listed(inspection?.requests ?? [], wanted), [inspection, wanted])
  const request = inspection?.requests.find((each) => each.id === id)
  useKeys({ ids: requests.map((each) => each.id), id, search })
  useLayoutEffect(() => {
    if (pane.current) pane.current.scrollTop = 0
  }, [id, isOverview])
  useEffect(() => {
    document.title = `${request ? `${request.source.path} · ` : ''}imagemill ${isLive ? 'inspector' : 'report'}`
  }, [request])

  return (
    <div class={`app ${id === undefined && !isOverview ? '' : 'app--details'}`}>
      <TopBar icon={icon} inspection={inspection} />
      {away && (
        <p class="banner" role="status">
          The dev server does not answer. This page goes on when it is back.
        </p>
      )}
      {inspection && (
        <div class="panes">
          <ListPane all={inspection.requests} requests={requests} wanted={wanted} onWanted={setWanted} selected={id} search={search} />
          <main class="pane" id="details" ref={pane} tabindex={-1}>
            {request ? (
              <Details key={request.id} request={request} />
            ) : id === undefined ? (
              <Overview inspection={inspection} />
            ) : (
              <div class="empty">
                <h1>Nothing has this address</h1>
                <p>The import was changed or removed{isLive ? ', or no page has asked for it since the dev server was started' : ''}.</p>
                <p>
                  <a href={linkTo(undefined)}>See all images</a>
                </p>
              </div>
            )}
          </main>
        </div>
      )}
    </div>
  )
}
