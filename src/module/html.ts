import { cssEdits, findUrls, namesPlaceholder } from './css.ts'
import { joinEdits, type Edit } from './edits.ts'

/** An element of a page or a component, whichever language it is written in. */
export interface Element {
  tagName: string
  attributes: Attribute[]
  /** Where it is, from `<` to behind `>` of its first tag. */
  start: number
  end: number
  isInPicture: boolean
}

export interface Attribute {
  /** Empty for what is no attribute of HTML, such as `{...rest}` or `v-if`. */
  name: string
  /** What it says; undefined where that is only known when the page runs. */
  value: string | undefined
  /** As it is written, its name included. */
  text: string
  start: number
  end: number
  /** Whether it belongs to the outermost element, should this one be wrapped. */
  isOuter?: boolean
}

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
  /** What shows until the image is there, as a value of the CSS property. */
  background?: string
}

/** An address in an attribute, and where that begins. */
export interface HtmlUrl {
  url: string
  at: number
}

export interface HtmlPage {
  /** Every address that may be an image of ours. */
  urls: HtmlUrl[]
  /** Changes of the page, when the images are known. What an address stands for may be nothing: then it stays. */
  edits(imageOf: (url: string) => HtmlImage | undefined, refuse: Refuse): Edit[]
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
  a: ['href'],
  object: ['data'],
  embed: ['src'],
}
const SETS: Readonly<Record<string, readonly string[]>> = { img: ['srcset'], source: ['srcset'], link: ['imagesrcset'] }
const META = /^(?:og:image(?::url|:secure_url)?|twitter:image(?::src)?|msapplication-tileimage)$/i

/** Reads the elements of a page; what none of them can mean as an image is not looked at. */
export function readElements(elements: readonly Element[]): HtmlPage {
  const places = elements.flatMap(placesOf)
  return {
    urls: places.flatMap(({ candidates, attribute }) => candidates.map(({ url }) => ({ url, at: attribute.start }))),
    edits: (imageOf, refuse) => places.flatMap((place) => editsOf(place, imageOf, refuse)).sort((a, b) => a.start - b.start),
  }
}

interface Candidate {
  url: string
  descriptor: string
}

interface Place {
  element: Element
  attribute: Attribute
  kind: 'url' | 'srcset' | 'style'
  candidates: Candidate[]
}

function placesOf(element: Element): Place[] {
  if (element.tagName === 'meta' && !META.test(valueOf(element, 'property') ?? valueOf(element, 'name') ?? '')) return []
  // An address of the site may be one of a server, which a link leads to.
  if (element.tagName === 'a' && valueOf(element, 'href')?.trimStart().startsWith('/')) return []
  const place = (name: string, kind: Place['kind']): Place[] => {
    const attribute = attributeOf(element, name)
    const value = attribute?.value
    if (!attribute || value === undefined) return []
    const candidates =
      kind === 'srcset'
        ? splitSrcset(value)
        : (kind === 'style' ? findUrls(value) : [{ url: value.trim() }]).map(({ url }) => ({ url, descriptor: '' }))
    return [{ element, attribute, kind, candidates }]
  }
  return [
    ...(SINGLE[element.tagName] ?? []).flatMap((attribute) => place(attribute, 'url')),
    ...(SETS[element.tagName] ?? []).flatMap((attribute) => place(attribute, 'srcset')),
    ...place('style', 'style'),
  ]
}

function attributeOf({ attributes }: Element, name: string): Attribute | undefined {
  return attributes.find((attribute) => attribute.name === name)
}

function valueOf(element: Element, name: string): string | undefined {
  return attributeOf(element, name)?.value
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

function editsOf(place: Place, imageOf: (url: string) => HtmlImage | undefined, refuse: Refuse): Edit[] {
  const { element, attribute, kind, candidates } = place
  const isSrc = element.tagName === 'img' && attribute.name === 'src'
  const images = candidates.map(({ url }) => imageOf(url))
  const fail = (url: string, why: string): never => refuse({ url, at: attribute.start }, why)
  if (kind === 'style') return styleEdits(place, imageOf, fail)
  if (images.every((each) => each === undefined)) return []
  const hidden = isSrc ? undefined : candidates.find(({ url }) => namesPlaceholder(url))
  if (hidden) fail(hidden.url, 'a placeholder needs the `src` of an `<img>`')
  const artful = images.findIndex((each) => each && each.art.length > 0)
  if (artful >= 0 && !isSrc) fail(candidates[artful]?.url ?? '', 'pictures for other screens need the `src` of an `<img>`')
  const isSet = kind === 'srcset'
  if (isSet && (candidates.length > 1 || candidates[0]?.descriptor !== '')) {
    const several = images.findIndex((each) => each && (each.groups.length > 1 || (each.groups[0]?.candidates.length ?? 0) > 1))
    if (several >= 0) fail(candidates[several]?.url ?? '', 'beside other candidates it has to be one file: one width and one format')
    return [
      write(attribute, candidates.map((each, index) => [images[index]?.src ?? each.url, each.descriptor].join(' ').trim()).join(', ')),
    ]
  }
  const [image] = images
  if (!image) return []
  if (isSrc) return imgEdits(place, image, fail)
  if (isSet && element.tagName === 'source') return sourceEdits(place, image)
  if (!isSet) refuseChoice(place, image, fail)
  else if (image.groups.length > 1) fail(candidates[0]?.url ?? '', 'a list of candidates has one format; several belong into a <picture>')
  return [write(attribute, isSet ? srcsetOf(image.groups.at(-1)) : image.src), ...preload(place, image)]
}

type Refuse = (url: HtmlUrl, why: string) => never
type Fail = (url: string, why: string) => never

/** Images in a style, and behind the image of the element its placeholder. */
function styleEdits({ element, attribute, candidates }: Place, imageOf: (url: string) => HtmlImage | undefined, fail: Fail): Edit[] {
  const behind = element.tagName === 'img' ? imageOf(valueOf(element, 'src')?.trim() ?? '')?.background : undefined
  if (behind === undefined && candidates.every(({ url }) => imageOf(url) === undefined)) return []
  const css = attribute.value ?? ''
  const style = joinEdits(
    css,
    cssEdits(css, findUrls(css), imageOf, ({ url }, why) => fail(url, why)),
  )
  return [write(attribute, behind === undefined ? style : withBackground(behind, style))]
}

/** First, so that what the page says of the background itself goes before it. */
function withBackground(background: string, style: string): string {
  return [`background: ${background}`, style.trim()].filter(Boolean).join('; ')
}

/** Where one file is named, none is left out in silence; only a preload has a place for more. */
function refuseChoice({ element, candidates: [first] }: Place, { groups }: HtmlImage, fail: Fail): void {
  const isPreload = element.tagName === 'link' && /\bpreload\b/i.test(valueOf(element, 'rel') ?? '')
  if (groups.length === 1 && (isPreload || groups[0]?.candidates.length === 1)) return
  const expected = isPreload ? 'one format: a browser would load each that it knows' : 'one file: one width and one format'
  fail(first?.url ?? '', `<${element.tagName}> takes ${expected}`)
}

/** A preload says which candidates there are, so that the browser takes the one that it will show. */
function preload({ element, attribute }: Place, image: HtmlImage): Edit[] {
  const isPreload = element.tagName === 'link' && attribute.name === 'href' && /\bpreload\b/i.test(valueOf(element, 'rel') ?? '')
  const fallback = image.groups.at(-1)
  return isPreload && (fallback?.candidates.length ?? 0) > 1 && !attributeOf(element, 'imagesrcset')
    ? [add(element, ` imagesrcset="${escape(srcsetOf(fallback))}"`)]
    : []
}

/** An `<img>` gets its candidates and its size; several formats put it into a `<picture>`. */
function imgEdits({ element, attribute }: Place, image: HtmlImage, fail: Fail): Edit[] {
  const fallback = image.groups.at(-1)
  const isSized = attributeOf(element, 'width') ?? attributeOf(element, 'height')
  const style = attributeOf(element, 'style')
  if (image.background !== undefined && style && style.value === undefined)
    fail(attribute.value ?? '', 'a placeholder is put into the `style`, which has to be plain text')
  const own = [
    ...((fallback?.candidates.length ?? 0) > 1 && !attributeOf(element, 'srcset') ? [` srcset="${escape(srcsetOf(fallback))}"`] : []),
    ...(image.background === undefined || style ? [] : [` style="${escape(withBackground(image.background, ''))}"`]),
    // Of one that is not there the size is unknown.
    ...(isSized || image.width === 0 ? [] : [` width="${image.width}" height="${image.height}"`]),
  ]
  const edits = [write(attribute, image.src), ...(own.length > 0 ? [add(element, own.join(''))] : [])]
  const others: (HtmlImage['groups'][number] & Partial<HtmlImage['art'][number]>)[] = [...image.art, ...image.groups.slice(0, -1)]
  if (others.length === 0) return edits
  const sizes = element.attributes.find(({ name }) => name === 'sizes')?.text
  const sources = others.map((group) => {
    const screen = group.media !== undefined ? `media="${escape(group.media)}" width="${group.width}" height="${group.height}" ` : ''
    return `<source ${screen}type="${group.type}" srcset="${escape(srcsetOf(group))}"${sizes === undefined ? '' : ` ${sizes}`}>`
  })
  const outer = element.isInPicture ? [] : element.attributes.filter(({ isOuter }) => isOuter)
  const [before, after] = element.isInPicture ? ['', ''] : [`<picture${outer.map(({ text }) => ` ${text}`).join('')}>`, '</picture>']
  return [
    { start: element.start, end: element.start, text: before + sources.join('') },
    ...edits,
    ...outer.map(({ start, end }) => ({ start, end, text: '' })),
    { start: element.end, end: element.end, text: after },
  ]
}

/** A `<source>` says what it is; several formats make several of it. */
function sourceEdits({ element, attribute }: Place, image: HtmlImage): Edit[] {
  const [only] = image.groups
  if (image.groups.length === 1)
    return [write(attribute, srcsetOf(only)), ...(!attributeOf(element, 'type') && only ? [add(element, ` type="${only.type}"`)] : [])]
  const rest = element.attributes.filter(({ name }) => name !== 'srcset' && name !== 'type').map(({ text }) => ` ${text}`)
  const text = image.groups.map((group) => `<source type="${group.type}" srcset="${escape(srcsetOf(group))}"${rest.join('')}>`).join('')
  return [{ start: element.start, end: element.end, text }]
}

function srcsetOf(group: HtmlImage['groups'][number] | undefined): string {
  const candidates = group?.candidates ?? []
  return candidates.length === 1
    ? (candidates[0]?.address ?? '')
    : candidates.map(({ address, descriptor }) => `${address} ${descriptor}`).join(', ')
}

/** An attribute with another value, in place of the old one. */
function write({ name, start, end }: Attribute, value: string): Edit {
  return { start, end, text: `${name}="${escape(value)}"` }
}

/** More attributes, behind the name of the element. */
function add({ start, tagName }: Element, text: string): Edit {
  const at = start + 1 + tagName.length
  return { start: at, end: at, text }
}

function escape(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
}
