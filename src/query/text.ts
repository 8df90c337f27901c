import { ImagemillError } from '../errors.ts'
import { FITS, FORMATS, POSITIONS, WEAK, isDirective } from './directives.ts'
import { nearest } from './spelling.ts'

/** A query as written: every key with its texts, `;` already split. */
export type Texts = Map<string, string[]>

/** What `defaults` and `presets` may be written as. */
export type QueryInput = string | Readonly<Record<string, string | number | boolean | readonly (string | number)[]>>

/** Keys that bundlers add to ids, or that say how a module is wanted; they never change a request. */
const BUNDLER_KEYS: ReadonlySet<string> = new Set(['import', 't', 'v', 'url', 'no-inline'])

const IMAGE = /\.(avif|gif|hei[cf]|jfif|jpe?g|png|svg|tiff?|webp)$/i

/** File part and query part of a module id; a `#` may be part of a file name, a `?` may not. */
export function splitId(id: string): { file: string; query: string } {
  const mark = id.indexOf('?')
  return mark < 0 ? { file: id, query: '' } : { file: id.slice(0, mark), query: id.slice(mark + 1) }
}

export function isImageFile(file: string): boolean {
  return IMAGE.test(file)
}

export function readTexts(query: QueryInput): Texts {
  const texts: Texts = new Map()
  for (const [key, value] of pairs(query)) {
    const [name, word] = canonicalPair(key, value)
    const parts = name === 'as' ? [word] : word.split(';').map((part) => part.trim())
    texts.set(name, [...(texts.get(name) ?? []), ...(parts.length > 1 ? parts.filter((part) => part !== '') : parts)])
  }
  return texts
}

function pairs(query: QueryInput): Iterable<[string, string]> {
  // A raw `#` in a query is a colour, not the start of a fragment.
  if (typeof query === 'string') return new URLSearchParams(query.replace(/^\?/, '').replaceAll('#', '%23'))
  return Object.entries(query).map(([key, value]) => [key, Array.isArray(value) ? value.join(';') : value === true ? '' : String(value)])
}

/** Bare words of vite-imagetools, as in `?cover` or `?right top`, and the other spellings of a key. */
function canonicalPair(key: string, value: string): [string, string] {
  if (value === '' && FITS.some((fit) => fit === key)) return ['fit', key]
  if (value === '' && POSITIONS.some((position) => position === key)) return ['position', key]
  return [key, value]
}

/** Whether a query is meant for us: it holds one of our directives, or a word that can only be a misspelt one. */
export function isOurs(query: string): boolean {
  const names = [...new URLSearchParams(query.replaceAll('#', '%23')).keys()]
  return names.some((name) => (isKnown(name) && !WEAK.has(name)) || misspelt(name) !== undefined)
}

/** Whether a query asks for nothing special, so that the plugin's `defaults` may make it ours. */
export function isPlain(query: string): boolean {
  return [...new URLSearchParams(query).keys()].every((name) => name === 't' || name === 'v' || name === 'import')
}

/** Every key must be a directive of ours; anything else is a mistake that would silently do nothing. */
export function refuseUnknown(texts: Texts): void {
  for (const key of texts.keys()) {
    if (isKnown(key) || BUNDLER_KEYS.has(key)) continue
    if (key === 'raw') {
      throw new ImagemillError({ code: 'CONFLICTING_DIRECTIVES', message: '`raw` asks for the text of a file, the other directives for an image', hint: 'Leave out one of them.' })
    }
    const meant = nearest(key, MEANT)
    const hint = meant ? `Did you mean \`${meant}\`?` : 'The README lists every directive.'
    throw new ImagemillError({ code: 'UNKNOWN_DIRECTIVE', message: `unknown directive \`${key}\`: expected a directive of imagemill, received \`${key}=${texts.get(key)?.join(';') ?? ''}\``, hint })
  }
}

function isKnown(name: string): boolean {
  const [format = '', setting, ...more] = name.split('.')
  if (setting === undefined) return isDirective(name) || WEAK.has(name)
  return more.length === 0 && FORMATS.some((known) => known === format) && isDirective(setting)
}

/** The directive that an unknown key can only have been meant to be. Short words belong to others too often to guess: `asset`, `file` and `init` are no slips of ours. */
function misspelt(name: string): string | undefined {
  if (BUNDLER_KEYS.has(name) || isKnown(name)) return undefined
  return nearest(name, MEANT, name.length <= 5 ? 1 : 2)
}

const MEANT = ['w', 'h', 'aspect', 'fit', 'position', 'focus', 'kernel', 'background', 'allowUpscale', 'crop', 'rotate', 'noAutoOrient', 'format', 'quality', 'effort', 'lossless', 'progressive', 'sharpen', 'median', 'grayscale', 'normalize', 'flatten', 'saturation', 'brightness', 'densities', 'basePixels', 'animated', 'preset']
