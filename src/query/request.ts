import { ImagemillError } from '../errors.ts'
import type { Format } from '../types.ts'
import { inheritedTexts, splitBreakpoints, type Breakpoints } from './breakpoints.ts'
import { DIRECTIVES, FORMATS, PER_FORMAT, isDirective, type DirectiveName, type Shape, type ValueOf } from './directives.ts'
import { shapeText, takeCustomShape, type CustomShape } from './shapes.ts'
import { nearest } from './spelling.ts'
import { findTransforms, type KnownTransforms, type Transforms } from './transforms.ts'
import { readTexts, refuseUnknown, type QueryInput, type Texts } from './text.ts'

/** Typed values of every directive that was given; lists are sorted and without duplicates, `format` keeps its order. */
export type Values = { [K in DirectiveName]?: ValueOf<K>[] }
export type FormatSettings = Pick<Values, (typeof PER_FORMAT)[number]>

/** What one import asks for, apart from the source. */
export interface Request {
  /** The canonical query: equal requests have equal text, whatever their order and spelling. */
  query: string
  values: Values
  /** Settings of one format alone, as in `avif.quality=50`. */
  perFormat: Partial<Record<Format, FormatSettings>>
  /** What the module exports; the whole image object when absent. */
  shape: Shape | undefined
  /** In place of `shape`, one of the plugin's own, with what is written after its name: `as=card:a;b`. */
  custom?: CustomShape
  /** Whether the bundler's own `?url` asks for the address alone. */
  urlOnly: boolean
  /** The modules that `transform` names. */
  transforms?: Transforms
  /** The image as it is on other screens, in the order in which their conditions are tried; empty without art direction. */
  art: ArtDirected[]
}

/** What is asked for on the screens that match a media condition: a whole request, of the same source. */
export interface ArtDirected {
  name: string
  media: string
  request: Request
}

export interface RequestContext {
  defaults?: QueryInput | undefined
  presets?: Readonly<Record<string, QueryInput>>
  breakpoints?: Breakpoints
  /** Finds the modules of the transforms of the plugin options, by name. */
  transforms?: KnownTransforms
  /** Names of the shapes of the plugin options, for `as`. */
  shapes?: readonly string[]
}

/** Parses a query. What it says goes before its preset, which goes before the plugin's defaults. */
export function parseRequest(query: QueryInput, context: RequestContext = {}): Request {
  const { defaults = '', presets = {}, breakpoints = {}, shapes = [] } = context
  const written = readTexts(query)
  const usual = readTexts(defaults)
  const preset = readTexts(presetQuery(written.get('preset') ?? usual.get('preset'), presets))
  if (preset.has('preset'))
    throw conflict('a preset cannot name another preset', 'Write its directives out in `presets`, in the options of the plugin.')
  const { own, art } = splitBreakpoints(overlay(usual, preset, written), breakpoints)
  const custom = takeCustomShape(own, shapes)
  const settled = settle(own, written, context)
  const request = custom ? withShape(settled, custom) : settled
  if (art.length === 0) return request
  if (!isPicture(request)) {
    // Defaults are for all images, also for those that cannot follow them; what an import asks for itself is meant.
    if (splitBreakpoints(new Map([...preset, ...written]), breakpoints).art.length === 0) return request
    throw noPicture(request)
  }
  const asCustom: [string, string][] = custom ? [['as', `=${shapeText(custom)}`]] : []
  const parts = art.flatMap(({ name, texts }) => canonicalParts(readValues(texts, `${name}.`), `${name}.`))
  return {
    ...request,
    query: joined([...canonicalParts(request), ...asCustom, ...parts]),
    art: art.map(({ name, media, texts }) => ({ name, media, request: settle(inheritedTexts(own, texts), texts, context) })),
  }
}

function settle(texts: Texts, written: Texts, { transforms: known, presets }: RequestContext): Request {
  refuseUnknown(texts, Object.keys(presets ?? {}))
  const { values, perFormat } = readValues(texts)
  refuseIdle(written, values, perFormat)
  if (written.has('focus') && written.has('position'))
    throw conflict('`focus` and `position` both say what is kept', 'Leave out one of them.')
  const urlOnly = texts.has('url')
  if (urlOnly && values.as && values.as[0]?.name !== 'url')
    throw conflict('`url` and `as` both say what is exported', 'Leave out one of them.')
  if (values.trim && (values.crop?.length ?? 0) > 1)
    throw conflict('`trim` looks at one rectangle, and `crop` names several', 'Keep one `crop`, or leave out `trim`.')
  const transforms = values.transform && findTransforms(values.transform, known)
  const query = joined(canonicalParts({ values, perFormat }))
  return { query, values, perFormat, shape: values.as?.[0], urlOnly, art: [], ...(transforms && { transforms }) }
}

function withShape(request: Request, custom: CustomShape): Request {
  if (request.urlOnly) throw conflict('`url` and `as` both say what is exported', 'Leave out one of them.')
  const parts: [string, string][] = [...canonicalParts(request), ['as', `=${shapeText(custom)}`]]
  return { ...request, query: joined(parts), custom }
}

/** Only a `<picture>` can change with the screen. */
function isPicture({ shape, urlOnly }: Request): boolean {
  return !urlOnly && (shape === undefined || shape.name === 'picture' || shape.name === 'result')
}

function noPicture({ shape, urlOnly }: Request): ImagemillError {
  return conflict(
    `breakpoints need a \`<picture>\`, and \`${urlOnly ? 'url' : `as=${shape?.name}`}\` exports one image for all screens`,
    'Write `as=picture`, or leave out `as`.',
  )
}

/** Directives that answer one question: the nearer text settles it, by whichever of them. */
const RIVALS = [
  ['quality', 'target_size'],
  ['target_size', 'quality'],
  ['lossless', 'target_size'],
  ['target_size', 'lossless'],
  ['focus', 'position'],
  ['position', 'focus'],
] as const

/** What a nearer text says goes before what a farther one says. */
function overlay(...layers: readonly Texts[]): Texts {
  const texts: Texts = new Map()
  for (const layer of layers) {
    for (const [name, rival] of RIVALS) if (layer.has(name) && !layer.has(rival)) texts.delete(rival)
    for (const [key, words] of layer) texts.set(key, words)
  }
  return texts
}

/** Settings of a search where nothing is looked for; in the defaults they wait for the imports that look for something. */
function refuseIdle(written: Texts, values: Values, perFormat: Request['perFormat']): void {
  const settings = [values, ...Object.values(perFormat)]
  const sized = settings.some(({ target_size }) => target_size !== undefined)
  const searched = sized || settings.some(({ quality }) => quality?.some((value) => typeof value === 'string'))
  for (const name of SEARCH) {
    if (!written.has(name) || (name === 'tolerance_percent' ? sized : searched)) continue
    const wanted = name === 'tolerance_percent' ? '`target_size`' : '`target_size` or `quality=auto`'
    throw conflict(`\`${name}\` says how a quality is looked for, and none is`, `Add ${wanted}, or leave it out.`)
  }
}

const SEARCH = ['tolerance_percent', 'max_iterations', 'min_quality', 'max_quality'] as const

function presetQuery(names: readonly string[] | undefined, presets: Readonly<Record<string, QueryInput>>): QueryInput {
  const name = names?.[0]
  if (name === undefined) return ''
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined
  if (preset !== undefined) return preset
  const valid = Object.keys(presets)
  const near = nearest(name, valid, 3)
  const known = valid.length > 0 ? `one of ${valid.join(', ')}` : 'a preset, but the plugin has none'
  throw new ImagemillError({
    code: 'UNKNOWN_PRESET',
    message: `unknown preset \`${name}\`: expected ${known}`,
    hint: near ? `Did you mean \`${near}\`?` : 'Add it to `presets` in the options of the plugin.',
  })
}

/** `prefix` is what the keys have before them in the query, to be said in an error. */
function readValues(texts: Texts, prefix = ''): Pick<Request, 'values' | 'perFormat'> {
  const values: Values = {}
  const perFormat: Request['perFormat'] = {}
  for (const [key, words] of texts) {
    const [first = '', setting] = key.split('.')
    const format = FORMATS.find((known) => known === first)
    if (isDirective(key)) readInto(values, key, prefix + key, words)
    else if (format && setting !== undefined && isDirective(setting))
      readInto((perFormat[format] ??= {}), perFormatName(prefix + key, setting), prefix + key, words, true)
  }
  if (values.preset) delete values.preset
  return { values, perFormat }
}

function perFormatName(key: string, setting: string): (typeof PER_FORMAT)[number] {
  const name = PER_FORMAT.find((known) => known === setting)
  if (name) return name
  throw new ImagemillError({
    code: 'UNKNOWN_DIRECTIVE',
    message: `\`${key}\`: \`${setting}\` cannot be set for one format alone, only ${PER_FORMAT.join(', ')} can`,
    hint: `Write \`${setting}\`.`,
  })
}

function readInto<K extends DirectiveName>(
  into: { [P in K]?: ValueOf<P>[] },
  name: K,
  key: string,
  words: readonly string[],
  single = !DIRECTIVES[name].list,
): void {
  const { expected } = DIRECTIVES[name]
  // The table is a union of rows; that a row's reader gives its own value type is what `ValueOf` says.
  const read = DIRECTIVES[name].read as (text: string) => ValueOf<K> | undefined
  const read1 = (word: string): ValueOf<K> => {
    const value = read(word)
    if (value !== undefined) return value
    throw new ImagemillError({
      code: 'INVALID_DIRECTIVE',
      message: `invalid value of \`${key}\`: expected ${expected}, received \`${word}\``,
      hint: hintFor(name, word),
    })
  }
  const found = unique(words.map(read1))
  if (single && found.length > 1) throw conflict(`\`${key}\` takes one value, received ${words.join(' and ')}`, 'Keep one of them.')
  into[name] = name === 'format' ? found : found.sort(ascending)
}

function hintFor(name: DirectiveName, word: string): string | undefined {
  if (name === 'format' && /^hei[cf]$/.test(word)) return 'Write `avif`.'
  if (name === 'format')
    return word === 'jxl' || word.startsWith('tif') ? 'Browsers do not show it; write `avif`, `webp` or `jpeg`.' : undefined
  return word.includes(',') && DIRECTIVES[name].list && !['crop', 'focus'].includes(name) ? 'A list is separated by `;`.' : undefined
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]
}

function ascending(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a) < String(b) ? -1 : 1
}

/** What is `false` by default says nothing when it is `false`. */
const FALSE_SAYS: ReadonlySet<string> = new Set(['animated', 'inline', 'progressive'])

/** Every directive as it is written in a canonical query, by its key. */
function canonicalParts({ values, perFormat }: Pick<Request, 'values' | 'perFormat'>, prefix = ''): [string, string][] {
  const dotted = Object.entries(perFormat).flatMap(([format, settings]) =>
    Object.entries(settings).map(([key, list]): [string, unknown[]] => [`${format}.${key}`, list]),
  )
  const named: [string, unknown[]][] = [...Object.entries(values), ...dotted]
  const says = (key: string, list: unknown[]): boolean => list.length > 1 || list[0] !== false || key.includes('.') || FALSE_SAYS.has(key)
  return named
    .filter(([key, list]) => key !== 'imagemill' && (prefix !== '' || says(key, list)))
    .map(([key, list]) => [
      prefix + key,
      list.length === 1 && list[0] === true ? '' : `=${list.map(key === 'aspect' ? ratioText : textOf).join(';')}`,
    ])
}

function joined(parts: [string, string][]): string {
  return parts
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, text]) => key + text)
    .join('&')
}

/** Most letters of a ratio that is best written as one number. */
const SHORT = 4

/** A ratio as people write it: what is found in a manifest is looked for in the sources. */
function ratioText(value: unknown): string {
  if (String(value).length <= SHORT) return textOf(value)
  for (let height = 1; height <= 100; height++) {
    const width = Math.round(Number(value) * height)
    if (width / height === value) return `${width}:${height}`
  }
  return textOf(value)
}

function textOf(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'name' in value) {
    const { name, keys } = value as Shape
    return keys ? `${name}:${keys.join(';')}` : name
  }
  // A per cent sign stays readable where it cannot be taken for an escape.
  return encodeURIComponent(String(value)).replace(/%(2C|3A|20|25(?![\dA-F]{2}))/gi, decodeURIComponent)
}

export function conflict(message: string, hint: string): ImagemillError {
  return new ImagemillError({ code: 'CONFLICTING_DIRECTIVES', message, hint })
}
