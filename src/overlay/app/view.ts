import type { Hint } from './hints.ts'
import { STYLE } from './style.ts'

/** One image as it is listed. */
export interface Item {
  image: HTMLImageElement
  name: string
  facts: string
  /** Where there is more about it. */
  inspector: string | undefined
  wasted: string
  hints: readonly Hint[]
}

export interface View {
  show(items: readonly Item[], summary: string): void
  /** Whether the list is open; its button is always there. */
  open(isOpen: boolean): void
  remove(): void
}

export interface Actions {
  toggle(): void
  close(): void
  off(): void
}

export const TAG = 'imagemill-overlay'

/** The list and its button, in a tree of their own: the page's styles and scripts do not see them. */
export function openView({ toggle, close, off }: Actions): View {
  const host = document.createElement(TAG)
  const root = host.attachShadow({ mode: 'open' })
  const button = element('button', { type: 'button', class: 'toggle', 'aria-expanded': 'false', 'aria-controls': 'panel' })
  const list = element('ol', {})
  const summary = element('p', { role: 'status' })
  const offButton = element('button', { type: 'button', title: 'Alt+Shift+I shows it again' }, 'Switch off')
  const panel = element(
    'div',
    { id: 'panel', class: 'panel', hidden: '' },
    element('header', {}, element('h2', {}, 'Images of this page'), offButton),
    summary,
    list,
  )
  const section = element('section', { 'aria-label': 'imagemill: images of this page' }, panel, button)
  root.append(element('style', {}, STYLE), section)
  button.addEventListener('click', toggle)
  offButton.addEventListener('click', off)
  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return
    close()
    button.focus()
  })
  const frame = openFrame(root)
  let shown = ''
  let current: readonly Item[] = []
  return {
    show(items, text) {
      if (!host.isConnected) document.body.append(host)
      const hints = items.reduce((sum, item) => sum + item.hints.length, 0)
      button.textContent = `Images: ${items.length}${hints > 0 ? `, ${hints} ${hints === 1 ? 'hint' : 'hints'}` : ''}`
      const state = JSON.stringify([text, items.map(({ image: _image, ...rest }) => rest)])
      // A framework may put a copy in the place of an image, of which everything is said already.
      current = items
      // What did not change keeps its focus.
      if (state === shown) return
      shown = state
      summary.textContent = text
      list.replaceChildren(...items.map((item, index) => itemElement(item, () => current[index]?.image ?? item.image, frame)))
    },
    open(isOpen) {
      panel.toggleAttribute('hidden', !isOpen)
      button.setAttribute('aria-expanded', String(isOpen))
      if (!isOpen) frame.hide()
    },
    remove: () => host.remove(),
  }
}

function itemElement(
  { name, facts, inspector, wasted, hints }: Item,
  imageNow: () => HTMLImageElement,
  frame: ReturnType<typeof openFrame>,
): HTMLElement {
  const button = element('button', { type: 'button', class: 'name', title: 'Show it on the page' }, name)
  button.addEventListener('click', () => {
    imageNow().scrollIntoView({ block: 'center' })
    frame.show(imageNow())
  })
  for (const event of ['mouseenter', 'focus']) button.addEventListener(event, () => frame.show(imageNow()))
  for (const event of ['mouseleave', 'blur']) button.addEventListener(event, frame.hide)
  const waste = wasted === '' ? [] : [' ', element('span', { class: 'wasted' }, wasted)]
  const more = inspector === undefined ? [] : [' ', element('a', { href: inspector, target: '_blank' }, 'Inspect')]
  return element(
    'li',
    {},
    button,
    element('div', { class: 'facts' }, facts, ...waste, ...more),
    element('ul', {}, ...hints.map(hintElement)),
  )
}

function hintElement({ text, code }: Hint): HTMLElement {
  if (code === undefined) return element('li', {}, ...words(text))
  const copy = element('button', { type: 'button', 'aria-label': `Copy ${code}` }, 'Copy')
  copy.addEventListener('click', () => {
    // Only pages of a secure origin have it; what is shown can be selected anyway.
    void navigator.clipboard?.writeText(code).then(() => (copy.textContent = 'Copied'))
  })
  return element('li', {}, ...words(text), element('div', { class: 'fix' }, element('code', {}, code), copy))
}

/** What stands between backticks is code. */
function words(text: string): (Node | string)[] {
  return text.split('`').map((part, index) => (index % 2 === 0 ? part : element('b', {}, part)))
}

/** A frame around an image of the page. */
function openFrame(root: ShadowRoot): { show(image: Element): void; hide(): void } {
  const frame = element('div', { class: 'frame', 'aria-hidden': 'true' })
  return {
    show(image) {
      const { left, top, width, height } = image.getBoundingClientRect()
      // It may be gone, or not shown.
      if (width === 0 || height === 0) return frame.remove()
      Object.assign(frame.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` })
      root.append(frame)
    },
    hide: () => frame.remove(),
  }
}

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>>,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}
