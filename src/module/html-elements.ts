import { type DefaultTreeAdapterTypes, parse } from 'parse5'
import type { Element } from './html.ts'

type Node = DefaultTreeAdapterTypes.Node

/** Every element of a page that is in its text: the parser also makes some that are not. */
export function htmlElements(html: string): Element[] {
  return [...elementsOf(parse(html, { sourceCodeLocationInfo: true }), html, false)]
}

function* elementsOf(node: Node, html: string, isInPicture: boolean): Generator<Element> {
  if ('attrs' in node && node.sourceCodeLocation) {
    const { startTag, startOffset, endOffset, attrs } = node.sourceCodeLocation
    const attributes = node.attrs.flatMap(({ prefix, name: local, value }) => {
      const name = prefix ? `${prefix}:${local}` : local
      const place = attrs?.[name]
      if (!place) return []
      const [start, end] = [place.startOffset, place.endOffset]
      return [{ name, value, text: html.slice(start, end), start, end, isOuter: name === 'slot' }]
    })
    yield { tagName: node.tagName, attributes, start: startOffset, end: startTag?.endOffset ?? endOffset, isInPicture }
  }
  const isPicture = 'tagName' in node && node.tagName === 'picture'
  if ('content' in node) yield* elementsOf(node.content, html, false)
  if ('childNodes' in node) for (const child of node.childNodes) yield* elementsOf(child, html, isPicture)
}
