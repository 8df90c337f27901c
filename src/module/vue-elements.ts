import { isRecord } from '../hash.ts'
import type { Attribute, Element } from './html.ts'

/** What decides whether, how often and where an element is there; and what names it among its like. */
const STRUCTURE: ReadonlySet<string> = new Set(['if', 'else-if', 'else', 'for', 'slot'])
const OUTER: ReadonlySet<string> = new Set(['key', 'slot'])

/** Every element of the template of a component, from the syntax tree of Vue's own parser. */
export function vueElements(tree: unknown, code: string): Element[] {
  return [...elementsOf(tree, code, false)]
}

function* elementsOf(node: unknown, code: string, isInPicture: boolean): Generator<Element> {
  if (!isRecord(node)) return
  const { tag, children, props } = node
  const place = placeOf(node)
  if (typeof tag === 'string' && Array.isArray(props) && place) {
    const attributes = props.flatMap((prop: unknown) => attributeOf(prop, code))
    yield { tagName: tag, attributes, start: place.start, end: endOfTag(node, attributes, code), isInPicture }
  }
  if (Array.isArray(children)) for (const child of children) yield* elementsOf(child, code, tag === 'picture')
}

function attributeOf(prop: unknown, code: string): Attribute[] {
  const place = placeOf(prop)
  if (!isRecord(prop) || !place || typeof prop['name'] !== 'string') return []
  const { type, name, value } = prop
  const base = { text: code.slice(place.start, place.end), ...place }
  if (type === ATTRIBUTE) {
    const text = isRecord(value) && typeof value['content'] === 'string' ? value['content'] : ''
    return [{ ...base, name, value: text, isOuter: OUTER.has(name) }]
  }
  const bound = name === 'bind' && isRecord(prop['arg']) && prop['arg']['isStatic'] === true ? String(prop['arg']['content']) : ''
  return [{ ...base, name: bound, value: undefined, isOuter: STRUCTURE.has(name) || OUTER.has(bound) }]
}

/** https://github.com/vuejs/core/blob/main/packages/compiler-core/src/ast.ts: the node type of an attribute; all else is a directive. */
const ATTRIBUTE = 6

function placeOf(node: unknown): { start: number; end: number } | undefined {
  const place = isRecord(node) && isRecord(node['loc']) ? node['loc'] : {}
  const { start, end } = place
  return isRecord(start) && isRecord(end) && typeof start['offset'] === 'number' && typeof end['offset'] === 'number'
    ? { start: start['offset'], end: end['offset'] }
    : undefined
}

/** An element without content ends with its tag; only of such a one the end is asked for. */
function endOfTag(node: Record<string, unknown>, attributes: readonly Attribute[], code: string): number {
  const from = attributes.at(-1)?.end ?? placeOf(node)?.start ?? 0
  return code.indexOf('>', from) + 1
}
