import { type DefaultTreeAdapterTypes, parse } from 'parse5'
import { cssEdits, findUrls } from './css.ts'
import { joinEdits, type Edit } from './edits.ts'

type Element = DefaultTreeAdapterTypes.Element
type Node = DefaultTreeAdapterTypes.Node

/** An image as an element needs it. */
export interface HtmlImage {
  /** By format in the order asked for; the last one is the fallback. */
  groups: { type: string; candidates: { address: string; descriptor: string }[] }[]
  /** Other pictures for other screens, first. */
  art: (HtmlImage['groups'][number] & { media: string; width: number; height: number })[]
  /** The largest output of the fallback. */
  src: string
  width: number
  height: number
}

/** An address in an attribute, and where it is: counted from 1. */
export interface HtmlUrl {
  url: string
  line: number
  column: number
}

export interface HtmlPage {
  /** Every address that may be an image of ours. */
  urls: HtmlUrl[]
  /** Changes of the page, when the images are known. What an address stands for may be nothing: then it stays. */
  edits(imageOf: (url: string) => HtmlImage | undefined, refuse: (url: HtmlUrl, why: string) => never): Edit[]
}

/** Elements with the attributes that hold one address, and those that hold a srcset. */
const SINGLE: Readonly<Record<string, readonly string[]>> = {
  img: ['src'],
  source: ['src'],
  video: ['poster'],
  input: ['src'],
  image: ['href', 'xlink:href'],
  link: ['href'],
  meta: ['content'],
}
const SETS: Readonly<Record<string, readonly string[]>> = { img: ['srcset'], source: ['srcset'], link: ['imagesrcset'] }
const META = /^(?:og:image(?::url|:secure_url)?|twitter:image(?::src)?|msapplication-tileimage)$/i

/** Reads a page; what no element of it can mean as an image is not looked at. */
export function readHtml(html: string): HtmlPage {
  const places = [...elementsOf(parse(html, { sourceCodeLocationInfo: true }))].flatMap((element) => placesOf(element))
  return {
    urls: places.flatMap(({ candidates, line, column }) => candidates.map(({ url }) => ({ url, line, column }))),
    edits: (imageOf, refuse) => places.flatMap((place) => editsOf(place, imageOf, refuse)).sort((a, b) => a.start - b.start),
  }
}

interface Candidate {
  url: string
  descriptor: string
}

interface Place {
  element: Element
  attribute: string
  kind: 'url' | 'srcset' | 'style'
  candidates: Candidate[]
  line: number
  column: number
}

function* elementsOf(node: Node): Generator<Element> {
  if ('attrs' in node) yield node
  if ('content' in node) yield* elementsOf(node.content)
  if ('childNodes' in node) for (const child of node.childNodes) yield* elementsOf(child)
}

function placesOf(element: Element): Place[] {
  if (element.tagName === 'meta' && !META.test(valueOf(element, 'property') ?? valueOf(element, 'name') ?? '')) return []
  const place = (attribute: string, kind: Place['kind']): Place[] => {
    const value = valueOf(element, attribute)
    const location = element.sourceCodeLocation?.attrs?.[attribute]
    if (value === undefined || !location) return []
    const candidates =
      kind === 'srcset'
        ? splitSrcset(value)
        : (kind === 'style' ? findUrls(value) : [{ url: value.trim() }]).map(({ url }) => ({ url, descriptor: '' }))
    return [{ element, attribute, kind, candidates, line: location.startLine, column: location.startCol }]
  }
  return [
    ...(SINGLE[element.tagName] ?? []).flatMap((attribute) => place(attribute, 'url')),
    ...(SETS[element.tagName] ?? []).flatMap((attribute) => place(attribute, 'srcset')),
    ...place('style', 'style'),
  ]
}

function valueOf(element: Element, name: string): string | undefined {
  return element.attrs.find((attribute) => (attribute.prefix ? `${attribute.prefix}:${attribute.name}` : attribute.name) === name)?.value
}

/** https://html.spec.whatwg.org/multipage/images.html#parsing-a-srcset-attribute: an address ends at a space, and commas in it are its own. */
export function splitSrcset(value: string): Candidate[] {
  const candidates: Candidate[] = []
  for (let rest = value.replace(/^[\s,]+/, ''); rest !== ''; rest = rest.replace(/^[\s,]+/, '')) {
    const [word = ''] = /^\S+/.exec(rest) ?? []
    rest = rest.slice(word.length)
    const alone = word.endsWith(',')
    const [descriptor = ''] = alone ? [''] : (/^[^,]*/.exec(rest) ?? [])
    rest = rest.slice(descriptor.length)
    candidates.push({ url: word.replace(/,+$/, ''), descriptor: descriptor.trim() })
  }
  return candidates
}

function editsOf(place: Place, imageOf: (url: string) => HtmlImage | undefined, refuse: (url: HtmlUrl, why: string) => never): Edit[] {
  const { element, attribute, kind, candidates, line, column } = place
  const isSet = kind === 'srcset'
  const images = candidates.map(({ url }) => imageOf(url))
  const [image] = images
  if (images.every((each) => each === undefined)) return []
  const [{ url } = { url: '' }] = candidates
  if (kind === 'style')
    return [
      write(
        place,
        styleText(valueOf(element, 'style') ?? '', imageOf, (at, why) => refuse({ url: at, line, column }, why)),
      ),
    ]
  const artful = images.findIndex((each) => each && each.art.length > 0)
  if (artful >= 0 && (element.tagName !== 'img' || attribute !== 'src'))
    refuse({ url: candidates[artful]?.url ?? '', line, column }, 'pictures for other screens need the `src` of an `<img>`')
  if (isSet && (candidates.length > 1 || candidates[0]?.descriptor !== '')) {
    const several = images.findIndex((each) => each && (each.groups.length > 1 || (each.groups[0]?.candidates.length ?? 0) > 1))
    if (several >= 0)
      refuse(
        { url: candidates[several]?.url ?? '', line, column },
        'beside other candidates it has to be one file: one width and one format',
      )
    return [write(place, candidates.map((each, index) => [images[index]?.src ?? each.url, each.descriptor].join(' ').trim()).join(', '))]
  }
  if (!image) return []
  if (element.tagName === 'img' && attribute === 'src') return imgEdits(place, image)
  if (isSet && element.tagName === 'source') return sourceEdits(place, image)
  if (!isSet) refuseChoice(place, image, refuse)
  else if (image.groups.length > 1) refuse({ url, line, column }, 'a list of candidates has one format; several belong into a <picture>')
  return [write(place, isSet ? srcsetOf(image.groups.at(-1)) : image.src), ...preload(place, image)]
}

/** Where one file is named, none is left out in silence; only a preload has a place for more. */
function refuseChoice(
  { element, candidates: [first], line, column }: Place,
  { groups }: HtmlImage,
  refuse: (url: HtmlUrl, why: string) => never,
): void {
  const isPreload = element.tagName === 'link' && /\bpreload\b/i.test(valueOf(element, 'rel') ?? '')
  if (groups.length === 1 && (isPreload || groups[0]?.candidates.length === 1)) return
  const expected = isPreload ? 'one format: a browser would load each that it knows' : 'one file: one width and one format'
  refuse({ url: first?.url ?? '', line, column }, `<${element.tagName}> takes ${expected}`)
}

function styleText(css: string, imageOf: (url: string) => HtmlImage | undefined, refuse: (url: string, why: string) => never): string {
  return joinEdits(
    css,
    cssEdits(css, findUrls(css), imageOf, ({ url }, why) => refuse(url, why)),
  )
}

/** A preload says which candidates there are, so that the browser takes the one that it will show. */
function preload({ element, attribute }: Place, image: HtmlImage): Edit[] {
  const isPreload = element.tagName === 'link' && attribute === 'href' && /\bpreload\b/i.test(valueOf(element, 'rel') ?? '')
  const fallback = image.groups.at(-1)
  return isPreload && (fallback?.candidates.length ?? 0) > 1 && valueOf(element, 'imagesrcset') === undefined
    ? [add(element, ` imagesrcset="${escape(srcsetOf(fallback))}"`)]
    : []
}

/** An `<img>` gets its candidates and its size; several formats put it into a `<picture>`. */
function imgEdits(place: Place, image: HtmlImage): Edit[] {
  const { element } = place
  const fallback = image.groups.at(-1)
  const sized = valueOf(element, 'width') !== undefined || valueOf(element, 'height') !== undefined
  const own = [
    ...((fallback?.candidates.length ?? 0) > 1 && valueOf(element, 'srcset') === undefined
      ? [` srcset="${escape(srcsetOf(fallback))}"`]
      : []),
    // Of one that is not there the size is unknown.
    ...(sized || image.width === 0 ? [] : [` width="${image.width}" height="${image.height}"`]),
  ]
  const edits = [write(place, image.src), ...(own.length > 0 ? [add(element, own.join(''))] : [])]
  const others: (HtmlImage['groups'][number] & Partial<HtmlImage['art'][number]>)[] = [...image.art, ...image.groups.slice(0, -1)]
  const location = element.sourceCodeLocation
  if (others.length === 0 || !location) return edits
  const sizes = valueOf(element, 'sizes')
  const sources = others.map((group) => {
    const screen = group.media !== undefined ? `media="${escape(group.media)}" width="${group.width}" height="${group.height}" ` : ''
    return `<source ${screen}type="${group.type}" srcset="${escape(srcsetOf(group))}"${sizes === undefined ? '' : ` sizes="${escape(sizes)}"`}>`
  })
  const isInPicture = element.parentNode && 'tagName' in element.parentNode && element.parentNode.tagName === 'picture'
  const [before, after] = isInPicture ? ['', ''] : ['<picture>', '</picture>']
  return [
    { start: location.startOffset, end: location.startOffset, text: before + sources.join('') },
    ...edits,
    { start: location.endOffset, end: location.endOffset, text: after },
  ]
}

/** A `<source>` says what it is; several formats make several of it. */
function sourceEdits(place: Place, image: HtmlImage): Edit[] {
  const { element } = place
  const location = element.sourceCodeLocation
  const [only] = image.groups
  if (image.groups.length === 1 || !location)
    return [write(place, srcsetOf(only)), ...(valueOf(element, 'type') === undefined && only ? [add(element, ` type="${only.type}"`)] : [])]
  const rest = element.attrs
    .filter(({ name }) => name !== 'srcset' && name !== 'type')
    .map(({ name, value }) => ` ${name}="${escape(value)}"`)
  const text = image.groups.map((group) => `<source type="${group.type}" srcset="${escape(srcsetOf(group))}"${rest.join('')}>`).join('')
  return [{ start: location.startOffset, end: location.endOffset, text }]
}

function srcsetOf(group: HtmlImage['groups'][number] | undefined): string {
  const candidates = group?.candidates ?? []
  return candidates.length === 1
    ? (candidates[0]?.address ?? '')
    : candidates.map(({ address, descriptor }) => `${address} ${descriptor}`).join(', ')
}

/** An attribute with another value, in place of the old one. */
function write({ element, attribute }: Place, value: string): Edit {
  const location = element.sourceCodeLocation?.attrs?.[attribute]
  return { start: location?.startOffset ?? 0, end: location?.endOffset ?? 0, text: `${attribute}="${escape(value)}"` }
}

/** More attributes, behind the name of the element. */
function add(element: Element, text: string): Edit {
  const at = (element.sourceCodeLocation?.startOffset ?? 0) + 1 + element.tagName.length
  return { start: at, end: at, text }
}

function escape(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
}
