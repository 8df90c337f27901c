import colorNames from 'color-name'

/** Turns the text of a value into a typed one, or undefined when it is not valid. */
export type Read<T> = (text: string) => T | undefined

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)$/

export function number(min: number, max: number): Read<number> {
  return (text) => {
    const value = NUMBER.test(text) ? Number(text) : Number.NaN
    return value >= min && value <= max ? value : undefined
  }
}

export function integer(min: number, max: number): Read<number> {
  const read = number(min, max)
  return (text) => {
    const value = read(text)
    return Number.isInteger(value) ? value : undefined
  }
}

/** `?flip`, `flip=true` and `flip=1` say yes; `flip=false` and `flip=0` say no. */
export const flag: Read<boolean> = (text) => {
  if (text === '' || text === 'true' || text === '1') return true
  return text === 'false' || text === '0' ? false : undefined
}

/** A number, or the bare directive for the operation's own gentle default. */
export function numberOrFlag(min: number, max: number): Read<number | boolean> {
  const read = number(min, max)
  return (text) => (text === '1' ? read(text) : (flag(text) ?? read(text)))
}

/** What a table says of a word; every object has a `constructor`, of which no table says anything. */
export function own<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined
}

export function oneOf<const T extends string>(words: readonly T[], aliases: Readonly<Record<string, T>> = {}): Read<T> {
  return (text) => words.find((word) => word === text) ?? own(aliases, text)
}

const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1e3, mb: 1e6 }

/** `50000`, `50kb` or `1.2mb`, in bytes. */
export const bytes: Read<number> = (text) => {
  const [, amount = '', unit = ''] = /^([\d.]+)\s*([a-z]*)$/i.exec(text) ?? []
  const value = Math.round((number(0, 1e9)(amount) ?? 0) * (own(UNITS, unit.toLowerCase()) ?? 0))
  return value > 0 ? value : undefined
}

/** `sha256-` and the digest in base64, as in a page, or in hex; answers the latter. In a query a `+` stands for a space. */
export const integrity: Read<string> = (text) => {
  const [, word = ''] = /^sha256-(.*)$/.exec(text.replaceAll(' ', '+')) ?? []
  if (/^[0-9a-f]{64}$/i.test(word)) return `sha256-${word.toLowerCase()}`
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(word) ? `sha256-${Buffer.from(word, 'base64').toString('hex')}` : undefined
}

/** `16:9` or a number such as 1.777. */
export const aspect: Read<number> = (text) => {
  const parts = text.split(':').map(number(0.0001, 10_000))
  const [width, height = 1] = parts
  return parts.length > 2 || parts.includes(undefined) || width === undefined ? undefined : width / height
}

/** A CSS colour: a name, `rgb()`, or 3, 4, 6 or 8 hex digits with or without `#`; answers `#rrggbb` or `#rrggbbaa`. */
export const colour: Read<string> = (text) => {
  const word = text.trim().toLowerCase()
  if (word === 'transparent') return '#00000000'
  const named = Object.entries(colorNames).find(([name]) => name === word)?.[1]
  if (named) return `#${named.map(hexByte).join('')}`
  const hex = /^#?([\da-f]{3,4}|[\da-f]{6}|[\da-f]{8})$/.exec(word)?.[1]
  if (hex === undefined) return rgbColour(word)
  const long = hex.length < 6 ? hex.replace(/./g, '$&$&') : hex
  return `#${long.endsWith('ff') && long.length === 8 ? long.slice(0, 6) : long}`
}

function rgbColour(word: string): string | undefined {
  const parts = /^rgba?\(([^)]*)\)$/
    .exec(word)?.[1]
    ?.split(/[\s,/]+/)
    .filter(Boolean)
  if (!parts || parts.length < 3 || parts.length > 4) return undefined
  const [red, green, blue] = parts.slice(0, 3).map(integer(0, 255))
  const alpha = parts[3] === undefined ? 1 : number(0, 1)(parts[3])
  if (red === undefined || green === undefined || blue === undefined || alpha === undefined) return undefined
  return `#${[red, green, blue].map(hexByte).join('')}${alpha === 1 ? '' : hexByte(Math.round(alpha * 255))}`
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0')
}

/** A length of a crop: px, or a share of the source. */
export interface Length {
  value: number
  percent: boolean
}

/** `x,y,w,h`, each in px or per cent, as a plain text that `lengths` reads back. */
export const crop: Read<string> = (text) => {
  const parsed = lengths(text)
  const [, , width, height] = parsed ?? []
  if (!parsed || !width?.value || !height?.value) return undefined
  return parsed.map(({ value, percent }) => `${value}${percent ? '%' : ''}`).join(',')
}

export function lengths(text: string): Length[] | undefined {
  const parsed = text.split(',').map((part) => {
    const percent = part.trim().endsWith('%')
    const value = number(0, percent ? 100 : 1_000_000)(part.trim().replace(/(%|px)$/, ''))
    return value === undefined ? undefined : { value, percent }
  })
  const complete = parsed.filter((length) => length !== undefined)
  return parsed.length === 4 && complete.length === 4 ? complete : undefined
}

/** `x,y` from 0,0 (top left) to 1,1 (bottom right), normalised to a text that `point` reads back. */
export const focus: Read<string> = (text) => {
  const parsed = point(text)
  return parsed ? `${parsed.x},${parsed.y}` : undefined
}

export function point(text: string): { x: number; y: number } | undefined {
  const [x, y, ...more] = text.split(',').map((part) => number(0, 1)(part.trim()))
  return x === undefined || y === undefined || more.length > 0 ? undefined : { x, y }
}

/** `watermark`, `watermark:left` or several with `,` between, as a plain text that `transformSteps` reads back. */
export const transform: Read<string> = (text) => (/^[a-z][\w-]*(:[^,]*)?(,[a-z][\w-]*(:[^,]*)?)*$/i.test(text) ? text : undefined)

export function transformSteps(text: string): { name: string; value: string }[] {
  return text.split(',').map((step) => {
    const [name = '', ...value] = step.split(':')
    return { name, value: value.join(':') }
  })
}
