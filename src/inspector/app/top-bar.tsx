import type { JSX } from 'preact'
import { isLive, type Inspection } from './data.ts'
import { Icon } from './icons.tsx'
import { linkTo } from './route.ts'
import { sizeText } from './text.ts'
import { useTheme, type Theme } from './theme.ts'

const THEMES = { auto: ['screen', 'As the system'], light: ['sun', 'Light'], dark: ['moon', 'Dark'] } as const
const ORDER: readonly Theme[] = ['auto', 'light', 'dark']

export function TopBar({ icon, inspection }: { icon: string; inspection: Inspection | undefined }): JSX.Element {
  const [theme, setTheme] = useTheme()
  return (
    <header class="top">
      <a class="brand" href={linkTo(undefined)}>
        <img src={icon} width="26" height="26" alt="" />
        <span>
          imagemill <span class="brand__what">{isLive ? 'inspector' : 'report'}</span>
        </span>
      </a>
      {inspection && <Gauges inspection={inspection} />}
      <fieldset class="themes">
        <legend class="hidden">Colours of this page</legend>
        {ORDER.map((each) => (
          <label key={each} title={THEMES[each][1]}>
            <input type="radio" name="theme" checked={theme === each} onChange={() => setTheme(each)} />
            <Icon name={THEMES[each][0]} />
            <span class="hidden">{THEMES[each][1]}</span>
          </label>
        ))}
      </fieldset>
    </header>
  )
}

export function Gauges({ inspection: { live, totals }, inPage = false }: { inspection: Inspection; inPage?: boolean }): JSX.Element {
  const all = totals.hits + totals.misses
  return (
    <dl class={inPage ? 'gauges gauges--page' : 'gauges'}>
      {live && (
        <>
          <div class={live.workers.busy > 0 ? 'is-busy' : ''}>
            <dt>Workers</dt>
            <dd>
              {live.workers.busy} of {live.workers.most}
            </dd>
          </div>
          <div>
            <dt>Queue</dt>
            <dd>
              {live.queue.processing + live.queue.waiting}
              <span class="hidden"> outputs</span>
            </dd>
          </div>
          <div title={`At most ${sizeText(live.store.most_bytes)} are kept`}>
            <dt>Store</dt>
            <dd>{sizeText(live.store.size_bytes)}</dd>
          </div>
        </>
      )}
      <div>
        <dt>Hits</dt>
        <dd>
          {totals.hits}
          <span class="dim"> of {all}</span>
        </dd>
      </div>
      <div>
        <dt>Misses</dt>
        <dd>{totals.misses}</dd>
      </div>
      {totals.damaged > 0 && (
        <div>
          <dt>Healed</dt>
          <dd>{totals.damaged}</dd>
        </div>
      )}
    </dl>
  )
}
