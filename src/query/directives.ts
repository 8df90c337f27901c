import {
  aspect,
  bytes,
  colour,
  crop,
  flag,
  focus,
  integer,
  integrity,
  number,
  numberOrFlag,
  oneOf,
  own,
  transform,
  type Read,
} from './values.ts'

/** Formats in the order of their names; also the valid values of `format`. */
export const FORMATS = ['avif', 'gif', 'jpeg', 'png', 'webp'] as const
export const FITS = ['cover', 'contain', 'fill', 'inside', 'outside'] as const
export const POSITIONS = [
  'center',
  'top',
  'right top',
  'right',
  'right bottom',
  'bottom',
  'left bottom',
  'left',
  'left top',
  'entropy',
  'attention',
] as const
/** What an import can export; without `as` it is the whole image object. */
export const SHAPES = ['url', 'srcset', 'img', 'picture', 'metadata', 'result'] as const
export const PLACEHOLDERS = ['lqip', 'dominant_color', 'css_gradient', 'blurhash', 'thumbhash'] as const
/** Width of an `lqip` in px when nothing is said. */
const LQIP_WIDTH = 20
export const METADATA = ['strip', 'copyright', 'keep'] as const

/** What `quality` can say besides a number: how near to the source the smallest file must look. */
export const LEVELS = ['auto:low', 'auto', 'auto:high'] as const

/** Largest size that any output format can hold, in px. */
const MAX_SIZE = 65_535

interface Row<T, List extends boolean = boolean> {
  read: Read<T>
  /** Completes "expected …" in the error message and the documentation. */
  expected: string
  /** Whether `a;b` asks for one output per value. */
  list: List
}

function row<T>(expected: string, read: Read<T>): Row<T, true> {
  return { read, expected, list: true }
}

/** A directive that says something about the request as a whole. */
function single<T>(expected: string, read: Read<T>): Row<T, false> {
  return { read, expected, list: false }
}

const yes = 'nothing, `true` or `false`'
const words = (values: readonly string[]): string => `one of ${values.join(', ')}`
const text: Read<string> = (value) => (value === '' ? undefined : value)

/** Every directive of a query, in one table: to add one, add its row here and use its value in `plan.ts`. */
export const DIRECTIVES = {
  w: row(`a width in px from 1 to ${MAX_SIZE}`, integer(1, MAX_SIZE)),
  h: row(`a height in px from 1 to ${MAX_SIZE}`, integer(1, MAX_SIZE)),
  aspect: row('a ratio such as 16:9 or 1.5', aspect),
  fit: row(words(FITS), oneOf(FITS)),
  position: row(
    words(POSITIONS),
    oneOf(POSITIONS, {
      centre: 'center',
      north: 'top',
      northeast: 'right top',
      east: 'right',
      southeast: 'right bottom',
      south: 'bottom',
      southwest: 'left bottom',
      west: 'left',
      northwest: 'left top',
      'top right': 'right top',
      'bottom right': 'right bottom',
      'bottom left': 'left bottom',
      'top left': 'left top',
    }),
  ),
  focus: row('a point x,y from 0,0 (top left) to 1,1 (bottom right)', focus),
  kernel: row(
    words(['nearest', 'cubic', 'mitchell', 'lanczos2', 'lanczos3']),
    oneOf(['nearest', 'cubic', 'mitchell', 'lanczos2', 'lanczos3']),
  ),
  linear: row(yes, flag),
  background: row('a colour such as fff, 336699cc or white', colour),
  allowUpscale: single(yes, flag),
  crop: row('x,y,w,h, each in px or %', crop),
  trim: single('nothing, or a tolerance from 0 to 255', numberOrFlag(0, 255)),
  rotate: row('degrees clockwise from -360 to 360', number(-360, 360)),
  flip: row(yes, flag),
  flop: row(yes, flag),
  noAutoOrient: single(yes, flag),
  format: row(`${words(FORMATS)}, auto`, oneOf([...FORMATS, 'auto'], { jpg: 'jpeg' })),
  quality: row('a number from 1 to 100, auto, auto:low or auto:high', (value) => oneOf(LEVELS)(value) ?? integer(1, 100)(value)),
  target_size: single('a size above 0 such as 50000, 50kb or 1.2mb', bytes),
  tolerance_percent: single('a number from 0 to 100', number(0, 100)),
  max_iterations: single('a number from 1 to 100', integer(1, 100)),
  min_quality: single('a number from 1 to 100', integer(1, 100)),
  max_quality: single('a number from 1 to 100', integer(1, 100)),
  effort: row('a number from 0 to 10, min or max', (value) => oneOf(['min', 'max'])(value) ?? integer(0, 10)(value)),
  lossless: row(yes, flag),
  progressive: row(yes, flag),
  blur: row('nothing, or a sigma from 0.3 to 1000', numberOrFlag(0.3, 1000)),
  sharpen: row('nothing, or a sigma from 0.000001 to 10', numberOrFlag(0.000001, 10)),
  median: row('a mask size from 1 to 100 px', integer(1, 100)),
  grayscale: row(yes, flag),
  invert: row(yes, flag),
  normalize: row(yes, flag),
  flatten: row(yes, flag),
  tint: row('a colour such as ffaa22', colour),
  hue: row('whole degrees from -360 to 360', integer(-360, 360)),
  saturation: row('a factor from 0 to 100', number(0, 100)),
  brightness: row('a factor from 0 to 100', number(0, 100)),
  transform: row('names of transforms of the plugin options, with a value after a colon: watermark:left,grain', transform),
  colors: single('srgb or keep', oneOf(['srgb', 'keep'])),
  densities: { ...row('pixel densities such as 1;2', number(0.1, 10)), list: true },
  basePixels: single('the width in px of density 1', integer(1, MAX_SIZE)),
  placeholder: single(`${words(PLACEHOLDERS)}, or lqip:32 for another width than 20 px`, (value) => readPlaceholder(value)),
  exif: single(yes, flag),
  metadata: single(words(METADATA), oneOf(METADATA)),
  as: single(`${words(SHAPES)}, or metadata:width;height with any of src, width, height, format`, (value) => readShape(value)),
  inline: single('nothing, `true`, `false` or `auto`', (value) => (value === 'auto' ? value : flag(value))),
  animated: single(yes, flag),
  prune: single(yes, flag),
  integrity: single('the sha256 of the file, such as sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=', integrity),
  preset: single('the name of a preset of the plugin options', text),
  id: single('any text', text),
  imagemill: single('nothing', flag),
} as const

export type DirectiveName = keyof typeof DIRECTIVES
/** The typed value of one directive. */
export type ValueOf<K extends DirectiveName> = (typeof DIRECTIVES)[K] extends Row<infer T> ? T : never
/** Directives that can have several values. */
export type ListName = { [K in DirectiveName]: (typeof DIRECTIVES)[K]['list'] extends true ? K : never }[DirectiveName]

/** Directives that can also be set for one format alone, as in `avif.quality=50`. */
export const PER_FORMAT = ['quality', 'target_size', 'effort', 'lossless', 'progressive'] as const satisfies readonly DirectiveName[]

/** Directives whose lists multiply the outputs, besides `format`, `w` and `densities`. */
export const MULTIPLYING = [
  'h',
  'aspect',
  'fit',
  'position',
  'focus',
  'kernel',
  'linear',
  'background',
  'crop',
  'rotate',
  'flip',
  'flop',
  'blur',
  'sharpen',
  'median',
  'grayscale',
  'invert',
  'normalize',
  'flatten',
  'tint',
  'hue',
  'saturation',
  'brightness',
  'transform',
  'quality',
  'effort',
  'lossless',
  'progressive',
] as const satisfies readonly DirectiveName[]

/** Directives that can also be set for the screens of one breakpoint alone, as in `phone.aspect=1:1`: those of pixels and files. */
export const PER_BREAKPOINT = [
  ...MULTIPLYING,
  'w',
  'trim',
  'allowUpscale',
  'format',
  'target_size',
  'tolerance_percent',
  'max_iterations',
  'min_quality',
  'max_quality',
  'densities',
  'basePixels',
  'animated',
] as const satisfies readonly DirectiveName[]

/** Other names of a directive that vite-imagetools taught people. */
export const VALUE_ALIASES: Readonly<Record<string, string>> = { meta: 'metadata' }

/** Directives that do not make a request ours by themselves: other tools use the same words. */
export const WEAK: ReadonlySet<string> = new Set(['inline', 'id', ...FITS, ...POSITIONS])

/** What `as=metadata` knows of an output. */
const METADATA_KEYS = ['src', 'width', 'height', 'format'] as const

export interface Shape {
  name: (typeof SHAPES)[number]
  /** The keys that `as=metadata:width;height` picks. */
  keys?: string[]
}

function readShape(value: string): Shape | undefined {
  const [word = '', keys] = value.split(':')
  const name = oneOf(SHAPES)(own(VALUE_ALIASES, word) ?? word)
  if (!name || (keys !== undefined && name !== 'metadata')) return undefined
  if (keys === undefined) return { name }
  const picked = keys.split(/[;,]/).filter(Boolean)
  return picked.length > 0 && picked.every((key) => METADATA_KEYS.some((known) => known === key)) ? { name, keys: picked } : undefined
}

/** The kind, and of an `lqip` its width where it is not the usual one, as a text that `placeholderOf` reads back. */
function readPlaceholder(value: string): string | undefined {
  const [word = '', width, ...more] = value.split(':')
  const kind = oneOf(PLACEHOLDERS, { dominant: 'dominant_color' })(word)
  if (width === undefined || !kind) return kind
  const px = kind === 'lqip' && more.length === 0 ? integer(4, 64)(width) : undefined
  if (px === undefined) return undefined
  return px === LQIP_WIDTH ? kind : `${kind}:${px}`
}

export function placeholderOf(value: string): { kind: (typeof PLACEHOLDERS)[number]; width: number } {
  const [word, width] = value.split(':')
  return { kind: PLACEHOLDERS.find((kind) => kind === word) ?? 'lqip', width: width === undefined ? LQIP_WIDTH : Number(width) }
}

export function isDirective(name: string): name is DirectiveName {
  return Object.hasOwn(DIRECTIVES, name)
}
