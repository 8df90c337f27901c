import type { OverlayFacts } from '../facts.ts'
import { sizeText } from '../../units.ts'
import { hintsOf, neededWidth, wastedBytes, type Shown } from './hints.ts'
import { measure } from './measure.ts'
import { nameIn } from './name.ts'
import { TAG, openView, type Item, type View } from './view.ts'

type State = 'open' | 'closed' | 'off'

/** Where the choice of the person is kept. */
const STORAGE = 'imagemill-overlay'
/** Changes of the page are looked at together, in ms. */
const PATIENCE = 200
/** An address of the dev server. */
const ADDRESS = /@imagemill\/([0-9a-f]{64})\.[a-z]+$/

/** Lists the images of the page. `address` is the one that knows more of them. */
export function start(address: string): void {
  // A page may both have it put in and import it.
  if (document.querySelector(TAG) || Reflect.has(window, STARTED)) return
  Reflect.set(window, STARTED, true)
  const facts = new Map<string, OverlayFacts | undefined>()
  let view: View | undefined
  let largest: Element | undefined
  let state = stored()
  let timer: ReturnType<typeof setTimeout> | undefined

  const scan = async (): Promise<void> => {
    const images = [...document.querySelectorAll('img')].filter(({ currentSrc }) => currentSrc !== '')
    await learn(
      images.map(({ currentSrc }) => currentSrc),
      address,
      facts,
    )
    const factsOf = (src: string): OverlayFacts | undefined => facts.get(keyOf(src))
    const items = await Promise.all(
      images.map(async (image) => {
        const shown = await measure(image, { largest, factsOf })
        return { shown, item: itemOf(image, shown, factsOf(image.currentSrc)) }
      }),
    )
    items.sort((a, b) => wastedBytes(b.shown) - wastedBytes(a.shown) || b.item.hints.length - a.item.hints.length)
    view?.show(
      items.map(({ item }) => item),
      summaryOf(items.map(({ shown }) => shown)),
    )
  }
  const later = (): void => {
    if (!view) return
    clearTimeout(timer)
    timer = setTimeout(() => void scan(), PATIENCE)
  }
  const set = (wanted: State): void => {
    state = wanted
    remember(state)
    if (state === 'off') {
      view?.remove()
      view = undefined
      return
    }
    view ??= openView({ toggle: () => set(state === 'open' ? 'closed' : 'open'), close: () => set('closed'), off: () => set('off') })
    view.open(state === 'open')
    later()
  }

  watchPage(later)
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if ('element' in entry && entry.element instanceof Element) largest = entry.element
    later()
  }).observe({ type: 'largest-contentful-paint', buffered: true })
  addEventListener('keydown', ({ altKey, shiftKey, code }) => {
    if (altKey && shiftKey && code === 'KeyI') set(state === 'off' ? 'open' : 'off')
  })
  set(state)
}

/** Keys that one address can hold. */
const MOST = 100

const STARTED = Symbol.for('imagemill-overlay')

function watchPage(changed: () => void): void {
  new MutationObserver((records) => {
    // What we show ourselves is no change of the page.
    if (records.some(({ target, addedNodes }) => target.nodeName.toLowerCase() !== TAG && ![...addedNodes].some(isOurs))) changed()
  }).observe(document.documentElement, {
    subtree: true,
    childList: true,
    attributeFilter: ['src', 'srcset', 'sizes', 'loading', 'width', 'height', 'style', 'class'],
  })
  addEventListener('resize', changed)
  // They do not bubble.
  for (const event of ['load', 'error']) document.addEventListener(event, changed, true)
}

function isOurs({ nodeName }: Node): boolean {
  return nodeName.toLowerCase() === TAG
}

function stored(): State {
  try {
    const kept = localStorage.getItem(STORAGE)
    return kept === 'open' || kept === 'off' ? kept : 'closed'
  } catch {
    // A page may have no storage.
    return 'closed'
  }
}

function remember(state: State): void {
  try {
    localStorage.setItem(STORAGE, state)
  } catch {
    // It is forgotten with the page.
  }
}

function keyOf(address: string): string {
  return ADDRESS.exec(address)?.[1] ?? ''
}

/** Asks the dev server for what is not known yet. */
async function learn(addresses: readonly string[], address: string, facts: Map<string, OverlayFacts | undefined>): Promise<void> {
  const keys = [...new Set(addresses.map(keyOf))].filter((key) => key !== '' && !facts.has(key))
  if (keys.length === 0) return
  for (let at = 0; at < keys.length; at += MOST) {
    const response = await fetch(`${address}?keys=${keys.slice(at, at + MOST).join(',')}`).catch(() => undefined)
    // Without an answer there is still what the browser itself knows.
    const answer: Record<string, OverlayFacts> = response?.ok ? await response.json() : {}
    for (const [key, value] of Object.entries(answer)) facts.set(key, value)
  }
}

/** What is said of an image without a size. */
const UNSEEN: Readonly<Record<Shown['state'], string>> = {
  waiting: 'not loaded yet',
  loaded: 'of no size of its own',
  failed: 'could not be loaded',
}

function itemOf(image: HTMLImageElement, shown: Shown, facts: OverlayFacts | undefined): Item {
  const { width, height, intrinsic, size_bytes, ratio } = shown
  const file = facts ? `${facts.path}?${facts.query}` : nameIn(image.currentSrc, location.origin)
  const parts = [
    intrinsic ? `${intrinsic.width} × ${intrinsic.height} px${facts ? ` ${facts.format}` : ''}` : UNSEEN[shown.state],
    ...(width > 0 && shown.state !== 'failed'
      ? [`shown ${Math.round(width)} × ${Math.round(height)}${ratio === 1 ? '' : ` at ${ratio}×`}, ${neededWidth(shown)} px needed`]
      : []),
    ...(size_bytes === undefined ? [] : [sizeText(size_bytes)]),
  ]
  const wasted = wastedBytes(shown)
  return {
    image,
    name: file,
    facts: parts.join(' · '),
    inspector: facts?.inspector,
    wasted: wasted > 0 ? `about ${sizeText(wasted)} wasted` : '',
    hints: hintsOf(shown, facts),
  }
}

function summaryOf(all: readonly Shown[]): string {
  const loaded = all.reduce((sum, { size_bytes = 0 }) => sum + size_bytes, 0)
  const wasted = all.reduce((sum, shown) => sum + wastedBytes(shown), 0)
  return `${sizeText(loaded)} loaded, ${wasted > 0 ? `about ${sizeText(wasted)} of it wasted` : 'none of it wasted'} on this screen.`
}
