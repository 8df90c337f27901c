import { joinEdits, type Edit } from './edits.ts'

/** A `url()` of a style sheet, or a string in an `image-set()`. */
export interface CssUrl {
  url: string
  /** The whole function or string. */
  start: number
  end: number
  /** The declaration that it is in, up to its `;` or `}`. */
  declaration: { start: number; end: number }
  /** Whether it is in an `image-set()`, which can hold no other. */
  inImageSet: boolean
}

/** What can be in the way of a plain search, then what is looked for. */
const TOKENS =
  /\/\*[\s\S]*?(?:\*\/|$)|(url\(\s*(?:"((?:[^"\\\n]|\\[\s\S])*)"|'((?:[^'\\\n]|\\[\s\S])*)'|((?:[^\s"'()\\]|\\[\s\S])*))\s*\))|"((?:[^"\\\n]|\\[\s\S])*)"|'((?:[^'\\\n]|\\[\s\S])*)'|([\w-]*\()|[(){};]/gi

/** Comments of the languages that compile to CSS; an address has its `//` within `url()`. */
const LINE_COMMENT = /\/\/[^\n]*/.source

/** Every address of an image in a style sheet. A sheet with a mistake is read as far as it can be. */
export function findUrls(css: string, { lineComments = false }: { lineComments?: boolean } = {}): CssUrl[] {
  const found: CssUrl[] = []
  const open: string[] = []
  let begin = 0
  let pending: CssUrl[] = []
  const close = (end: number): void => {
    for (const each of pending) each.declaration = { start: begin, end }
    pending = []
    begin = end + 1
  }
  for (const token of css.matchAll(lineComments ? new RegExp(`${TOKENS.source}|${LINE_COMMENT}`, 'gi') : TOKENS)) {
    const [text, isUrl, double, single, bare, string, otherString, opened] = token
    const written = isUrl ? (double ?? single ?? bare) : open.at(-1)?.endsWith('image-set(') ? (string ?? otherString) : undefined
    if (written !== undefined) {
      const inImageSet = open.some((name) => name.endsWith('image-set('))
      const url = {
        url: unescape(written),
        start: token.index,
        end: token.index + text.length,
        declaration: { start: begin, end: 0 },
        inImageSet,
      }
      found.push(url)
      pending.push(url)
    } else if (opened !== undefined || text === '(') open.push((opened ?? text).toLowerCase())
    else if (text === ')') open.pop()
    else if (open.length === 0 && (text === ';' || text === '{' || text === '}')) close(token.index)
  }
  close(css.length)
  return found
}

/** https://www.w3.org/TR/css-syntax-3/#consume-escaped-code-point */
function unescape(text: string): string {
  return text.replace(
    /\\(?:([0-9a-f]{1,6})\s?|(\n)|([\s\S]))/gi,
    (_, hex: string | undefined, line: string | undefined, other: string | undefined) =>
      hex !== undefined ? String.fromCodePoint(Number.parseInt(hex, 16)) : line !== undefined ? '' : (other ?? ''),
  )
}

/** An image as a declaration needs it. */
export interface CssImage {
  /** By format in the order asked for; the last one is the fallback. */
  groups: { type: string; candidates: { address: string; descriptor: string }[] }[]
  /** Other pictures for other screens, for which a style sheet has its own means. */
  art?: readonly object[]
}

/** Puts images into a style sheet. With several formats or densities a declaration is written twice, for browsers that know no `image-set()`. */
export function cssEdits(css: string, urls: readonly CssUrl[], imageOf: ImageOf, refuse: Refuse): Edit[] {
  const declarations = new Map<number, CssUrl[]>()
  for (const url of urls) declarations.set(url.declaration.start, [...(declarations.get(url.declaration.start) ?? []), url])
  return [...declarations.values()].flatMap((list) => {
    const { start, end } = list[0]?.declaration ?? { start: 0, end: 0 }
    const text = css.slice(start, end)
    const moved = list.map((url) => ({ ...url, start: url.start - start, end: url.end - start }))
    const written = cssTexts(text, moved, imageOf, refuse)
    return written[0] === text ? [] : [{ start, end, text: written.join(';') }]
  })
}

export type ImageOf = (url: string) => CssImage | undefined
type Refuse = (url: CssUrl, why: string) => never

/** One declaration or value with its images; two, of which the first is the fallback, when there is a choice. */
export function cssTexts(text: string, urls: readonly CssUrl[], imageOf: ImageOf, refuse: Refuse): string[] {
  const ours = urls.flatMap((url) => {
    const image = imageOf(url.url)
    return image ? [{ ...url, image: checked(url, image, refuse) }] : []
  })
  const write = (textOf: (image: CssImage) => string): string =>
    joinEdits(
      text,
      ours.map(({ start, end, image }) => ({ start, end, text: textOf(image) })),
    )
  const plain = write((image) => cssUrl(fallbackOf(image)))
  return ours.every(({ image }) => isOne(image))
    ? [plain]
    : [plain, write((image) => (isOne(image) ? cssUrl(fallbackOf(image)) : imageSet(image)))]
}

function checked(url: CssUrl, image: CssImage, refuse: Refuse): CssImage {
  if (image.art && image.art.length > 0) refuse(url, 'a style sheet has media queries of its own: write one `url()` in each')
  if (namesPlaceholder(url.url)) refuse(url, 'a style sheet cannot show a placeholder: it needs the `src` of an `<img>`')
  if (url.inImageSet && !isOne(image)) refuse(url, 'within image-set() it has to be one file: one width and one format')
  if (image.groups.some(({ candidates }) => candidates.length > 1 && candidates.some(({ descriptor }) => !descriptor.endsWith('x'))))
    refuse(url, 'a style sheet cannot choose by width: write one `w`, with `densities=1;2` for sharper screens')
  return image
}

/** Whether an address asks for a placeholder itself; defaults that do are for those who can show one. */
export function namesPlaceholder(url: string): boolean {
  return /[?&]placeholder=/.test(url)
}

function isOne({ groups }: CssImage): boolean {
  return groups.length === 1 && groups[0]?.candidates.length === 1
}

/** The plain file of the last format. */
function fallbackOf({ groups }: CssImage): string {
  return groups.at(-1)?.candidates[0]?.address ?? ''
}

function cssUrl(address: string): string {
  return `url("${address.replaceAll('"', '%22')}")`
}

function imageSet({ groups }: CssImage): string {
  const options = groups.flatMap(({ type, candidates }) =>
    candidates.map(({ address, descriptor }) => `${cssUrl(address)} ${descriptor.endsWith('x') ? `${descriptor} ` : ''}type("${type}")`),
  )
  return `image-set(${options.join(', ')})`
}
