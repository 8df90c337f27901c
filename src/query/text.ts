import { ImagemillError } from '../errors.ts'
import { FITS, FORMATS, PER_FORMAT, POSITIONS, WEAK, isDirective, type DirectiveName } from './directives.ts'
import { isRemote } from './remote.ts'
import { nearest } from './spelling.ts'

/** A query as written: every key with its texts, `;` already split. */
export type Texts = Map<string, string[]>

/** What `defaults` and `presets` may be written as. */
export type QueryInput = string | Readonly<Record<string, string | number | boolean | readonly (string | number | boolean)[] | undefined>>

/** Keys that bundlers add to ids, or that say how a module is wanted; they never change a request. */
const BUNDLER_KEYS: ReadonlySet<string> = new Set(['import', 't', 'v', 'url', 'no-inline'])

const IMAGE = /\.(avif|gif|hei[cf]|jfif|jpe?g|png|svg|tiff?|webp)$/i

/**
 * File part and query part of a module id; a `#` may be part of a file name, a `?` may not. An address on another server
 * may have a query of its own, which goes to the server as it is written: there the last `?` begins our directives.
 */
export function splitId(id: string): { file: string; query: string } {
  const mark = isRemote(id) ? id.lastIndexOf('?') : id.indexOf('?')
  return mark < 0 ? { file: id, query: '' } : { file: id.slice(0, mark), query: id.slice(mark + 1) }
}

export function isImageFile(file: string): boolean {
  return IMAGE.test(file)
}

export function readTexts(query: QueryInput): Texts {
  const texts: Texts = new Map()
  for (const [key, value] of pairs(query)) {
    const [name, word] = canonicalPair(key, value)
    const words = WHOLE.has(name) ? [word.trim()] : listOf(word)
    const known = texts.get(name)
    if (known) for (const more of words) known.push(more)
    else texts.set(name, words)
  }
  return texts
}

/** Directives whose value may hold a `;` of its own. */
const WHOLE: ReadonlySet<string> = new Set(['as', 'id'])

/** A `;` too many is forgiven, but a list of nothing is a value that was forgotten. */
function listOf(word: string): string[] {
  const parts = word
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  return parts.length > 0 ? parts : ['']
}

function pairs(query: QueryInput): Iterable<[string, string]> {
  // A raw `#` in a query is a colour, not the start of a fragment.
  if (typeof query === 'string') return new URLSearchParams(query.replace(/^\?/, '').replaceAll('#', '%23'))
  return Object.entries(query).flatMap(([key, value]) =>
    value === undefined
      ? []
      : [[wellFormed(key), wellFormed(Array.isArray(value) ? value.join(';') : value === true ? '' : String(value))]],
  )
}

/** Half a letter is none, as in the query of a URL. */
function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\uFFFD')
}

/** Bare words of vite-imagetools, as in `?cover` or `?right top`, and the other spellings of a key. */
function canonicalPair(key: string, value: string): [string, string] {
  const owner = value === '' ? ownerOf(key) : undefined
  return owner ? [owner, key] : [canonicalKey(key), value]
}

/** The directive that a word is a value of. */
function ownerOf(word: string): DirectiveName | undefined {
  if (FITS.some((fit) => fit === word)) return 'fit'
  return POSITIONS.some((position) => position === word) ? 'position' : undefined
}

function canonicalKey(key: string): string {
  return key.replace(/(^|\.)jpg\./, '$1jpeg.')
}

/** Whether a query is meant for us: it holds one of our directives, or a word that can only be a misspelt one. */
export function isOurs(query: string, presets: readonly string[] = []): boolean {
  return [...new URLSearchParams(query.replaceAll('#', '%23'))].some(
    ([name, value]) =>
      (isKnown(name) && !WEAK.has(name)) ||
      isOfBreakpoint(name) ||
      misspelt(name, OTHERS_SHORT) !== undefined ||
      (value === '' && lonelyValue(name, presets) !== undefined),
  )
}

/** The whole directive where only its value was written, as in `?webp` for `format=webp`. */
function lonelyValue(word: string, presets: readonly string[]): string | undefined {
  if (FORMATS.some((format) => format === word.replace(/^jpg$/, 'jpeg'))) return `format=${word}`
  return presets.includes(word) ? `preset=${word}` : undefined
}

/** Whether a key says something of a breakpoint, whatever its name: a misspelt one is to be told, not left to the bundler. */
function isOfBreakpoint(name: string): boolean {
  const [breakpoint, ...setting] = canonicalKey(name).split('.')
  return breakpoint !== '' && setting.length > 0 && setting[0] !== '' && isKnown(setting.join('.')) && !WEAK.has(setting.join('.'))
}

/** Whether defaults change images, or only say how an image that is asked for is given: then plain imports stay plain. */
export function changesImage(defaults: QueryInput): boolean {
  const texts = readTexts(defaults)
  // A plain import keeps all that is in the file anyway.
  const isKept = texts.get('metadata')?.join() === 'keep'
  return [...texts.keys()].some((name) => isKnown(name) && !WEAK.has(name) && name !== 'as' && !(name === 'metadata' && isKept))
}

/** Whether a query asks for nothing special, so that the plugin's `defaults` may make it ours. */
export function isPlain(query: string): boolean {
  return [...new URLSearchParams(query).keys()].every((name) => name === 't' || name === 'v' || name === 'import')
}

/** Every key must be a directive of ours; anything else is a mistake that would silently do nothing. */
export function refuseUnknown(texts: Texts, presets: readonly string[] = []): void {
  for (const key of texts.keys()) {
    if (isKnown(key) || BUNDLER_KEYS.has(key)) continue
    if (key === 'raw') {
      throw new ImagemillError({
        code: 'CONFLICTING_DIRECTIVES',
        message: '`raw` asks for the text of a file, the other directives for an image',
        hint: 'Leave out one of them.',
      })
    }
    const owner = ownerOf(key)
    const whole = owner ? `${owner}=${key}` : lonelyValue(key, presets)
    const meant = misspelt(key)
    const hint = whole ? `Write \`${whole}\`.` : meant ? `Did you mean \`${meant}\`?` : 'The README lists every directive.'
    throw new ImagemillError({
      code: 'UNKNOWN_DIRECTIVE',
      message: `unknown directive \`${key}\`: expected a directive of imagemill, received \`${key}=${texts.get(key)?.join(';') ?? ''}\``,
      hint,
    })
  }
}

/** Whether a key is a directive, or one of a format alone. */
export function isKnown(name: string): boolean {
  const [format = '', setting, ...more] = canonicalKey(name).split('.')
  if (setting === undefined) return isDirective(name)
  return more.length === 0 && FORMATS.some((known) => known === format) && isDirective(setting)
}

/** Up to so many letters, an unknown key alone is taken for another tool's: `asset`, `file` and `init` are no slips of ours. */
const OTHERS_SHORT = 5

/** The directive that an unknown key was meant to be. */
function misspelt(name: string, short?: number): string | undefined {
  if (BUNDLER_KEYS.has(name) || isKnown(name) || WEAK.has(name)) return undefined
  const [format = '', setting] = canonicalKey(name).split('.')
  if (setting === undefined) return nearest(name, MEANT, short)
  const meant = FORMATS.some((known) => known === format) ? nearest(setting, PER_FORMAT, short) : undefined
  return meant && `${format}.${meant}`
}

const MEANT = [
  'w',
  'h',
  'aspect',
  'fit',
  'position',
  'focus',
  'kernel',
  'linear',
  'background',
  'allowUpscale',
  'crop',
  'rotate',
  'noAutoOrient',
  'format',
  'quality',
  'target_size',
  'tolerance_percent',
  'max_iterations',
  'min_quality',
  'max_quality',
  'effort',
  'lossless',
  'progressive',
  'sharpen',
  'median',
  'grayscale',
  'normalize',
  'flatten',
  'saturation',
  'brightness',
  'transform',
  'colors',
  'densities',
  'basePixels',
  'placeholder',
  'metadata',
  'animated',
  'prune',
  'preset',
]
