import { isRecord } from '../hash.ts'
import type { Attribute, Element } from './html.ts'

/** Every element of the markup of a component, from the syntax tree of Svelte's own parser. */
export function svelteElements(tree: unknown, code: string): Element[] {
  return [...elementsOf(tree, code, false)]
}

function* elementsOf(node: unknown, code: string, isInPicture: boolean): Generator<Element> {
  if (Array.isArray(node)) for (const item of node) yield* elementsOf(item, code, isInPicture)
  if (!isRecord(node)) return
  const { type, name, attributes, start } = node
  const isElement = type === 'RegularElement' && typeof name === 'string'
  if (isElement && Array.isArray(attributes) && typeof start === 'number') {
    const list = attributes.flatMap((attribute: unknown) => attributeOf(attribute, code))
    const end = code.indexOf('>', list.at(-1)?.end ?? start) + 1
    yield { tagName: name, attributes: list, start, end, isInPicture }
  }
  // Blocks have their content under many names.
  for (const inner of Object.values(node))
    if (typeof inner === 'object' && inner !== null) yield* elementsOf(inner, code, isElement ? name === 'picture' : isInPicture)
}

function attributeOf(node: unknown, code: string): Attribute[] {
  if (!isRecord(node)) return []
  const { type, name, value, start, end } = node
  if (typeof start !== 'number' || typeof end !== 'number') return []
  const base = { text: code.slice(start, end), start, end }
  if (type !== 'Attribute' || typeof name !== 'string')
    return [{ ...base, name: '', value: undefined, isOuter: type === 'AnimateDirective' }]
  return [{ ...base, name, value: textOf(value), isOuter: name === 'slot' }]
}

/** A text without expressions. */
function textOf(value: unknown): string | undefined {
  if (value === true) return ''
  const [only, more]: unknown[] = Array.isArray(value) ? value : []
  return more === undefined && isRecord(only) && only['type'] === 'Text' && typeof only['data'] === 'string' ? only['data'] : undefined
}

/** The markup alone: scripts and styles may be in languages that its parser does not know, so they are blanked out. */
export function svelteMarkup(code: string): string {
  return code.replace(
    /<!--[\s\S]*?-->|(<(script|style)\b(?:"[^"]*"|'[^']*'|[^>"'])*>)([\s\S]*?)(<\/\2\s*>)/g,
    (whole: string, open: string | undefined, _: string, content: string, close: string) =>
      open === undefined || open.endsWith('/>') ? whole : open + content.replace(/[^\n]/g, ' ') + close,
  )
}
