import { ImagemillError } from '../errors.ts'
import { FORMATS, PER_BREAKPOINT, PER_FORMAT, isDirective, type DirectiveName } from './directives.ts'
import { nearest } from './spelling.ts'
import { isKnown, type Texts } from './text.ts'

/** Media conditions by name, in the order in which they are tried: `{ phone: '(max-width: 600px)' }`. */
export type Breakpoints = Readonly<Record<string, string>>

/** What a query says of the screens of one breakpoint alone, as in `phone.aspect=1:1`. */
export interface BreakpointTexts {
  name: string
  media: string
  texts: Texts
}

/** A query's own directives, and those of its breakpoints in the order of the plugin's. */
export function splitBreakpoints(texts: Texts, breakpoints: Breakpoints): { own: Texts; art: BreakpointTexts[] } {
  const own: Texts = new Map()
  const byName = new Map<string, Texts>()
  for (const [key, words] of texts) {
    const { name, setting } = dotted(key)
    const isBreakpoint = setting !== undefined && Object.hasOwn(breakpoints, name)
    // What is no directive even after the dot is told as the unknown key that it is.
    if (setting === undefined || (!isBreakpoint && !isKnown(setting))) own.set(key, words)
    else if (!isBreakpoint) refuseName(key, name, setting, breakpoints)
    else {
      refuseSetting(key, name, setting)
      byName.set(name, (byName.get(name) ?? new Map()).set(setting, words))
    }
  }
  const art = Object.entries(breakpoints).flatMap(([name, media]) => {
    const found = byName.get(name)
    return found ? [{ name, media, texts: found }] : []
  })
  return { own, art }
}

/** Directives that say one thing together: a breakpoint that says one of a group does not have the others from the image. */
const TOGETHER: readonly (readonly [said: readonly DirectiveName[], left: readonly DirectiveName[]])[] = [
  [
    ['w', 'h'],
    ['w', 'h', 'basePixels'],
  ],
  [
    ['focus', 'position'],
    ['focus', 'position'],
  ],
]

/** The whole query of a breakpoint: what it does not say, it has from the image. */
export function inheritedTexts(own: Texts, changes: Texts): Texts {
  const inherited = new Map(own)
  for (const [said, left] of TOGETHER) if (said.some((name) => changes.has(name))) left.forEach((name) => inherited.delete(name))
  // Width and height leave nothing for an aspect to say.
  if (changes.has('aspect') && inherited.has('w')) inherited.delete('h')
  return new Map([...inherited, ...changes])
}

/** A key such as `phone.aspect` in its two parts; the settings of a format (`avif.quality`) are none. */
function dotted(key: string): { name: string; setting?: string } {
  const dot = key.indexOf('.')
  if (dot <= 0 || FORMATS.some((format) => format === key.slice(0, dot))) return { name: key }
  const setting = key.slice(dot + 1)
  return { name: key.slice(0, dot), setting }
}

function refuseName(key: string, name: string, setting: string, breakpoints: Breakpoints): never {
  const valid = Object.keys(breakpoints)
  const near = nearest(name, [...valid, ...FORMATS], 3)
  const known = valid.length > 0 ? `a format or one of ${valid.join(', ')}` : 'a format, for the plugin has no breakpoints'
  throw new ImagemillError({
    code: 'UNKNOWN_BREAKPOINT',
    message: `unknown breakpoint \`${name}\` in \`${key}\`: expected ${known}`,
    hint: near ? `Did you mean \`${near}.${setting}\`?` : 'Add it to `breakpoints` in the options of the plugin.',
  })
}

function refuseSetting(key: string, name: string, setting: string): void {
  const isOfFormat = setting.includes('.') && isKnown(setting)
  if (isOfFormat || PER_BREAKPOINT.some((known) => known === setting)) return
  const near = nearest(setting, [...PER_BREAKPOINT, ...PER_FORMAT])
  const what = isDirective(setting) ? `\`${setting}\` is for the image as a whole` : `unknown directive \`${setting}\``
  throw new ImagemillError({
    code: 'UNKNOWN_DIRECTIVE',
    message: `\`${key}\`: ${what}: expected one of ${PER_BREAKPOINT.join(', ')}`,
    hint: isDirective(setting) ? `Write \`${setting}\` without \`${name}.\`.` : near && `Did you mean \`${name}.${near}\`?`,
  })
}
