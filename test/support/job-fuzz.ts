import fc from 'fast-check'
import { DIRECTIVES, FORMATS } from '../../src/query/directives.ts'
import { anyText, nearly, trap } from './fuzz.ts'

const OPERATIONS = ['resize', 'srcset', 'convert', 'quality', 'placeholder', 'exif'] as const
const FIELDS = [
  'operation',
  'input',
  'output',
  'output_dir',
  'widths',
  'scale_percent',
  'max_height',
  'filter',
  'linear_rgb',
  'inline',
  'formats',
  'generate_html',
  'kind',
  'width',
  'exif_op',
  'mode',
  'keep',
  'return_metadata',
  'jobs',
  'callback_url',
  'postback_url',
  'webhook_headers',
  ...Object.keys(DIRECTIVES),
  ...FORMATS.map((format) => `${format}.quality`),
] as const

const word = fc.constantFrom(
  'webp',
  'jpg',
  'png',
  'gif',
  'cover',
  'inside',
  'auto',
  '#fff',
  '16:9',
  '0.5,0.5',
  '0,0,50%,50%',
  'true',
  'lqip',
  'blurhash',
  'extract',
  'strip',
  'gps',
  'all',
  'lanczos3',
  '10kb',
  'http://127.0.0.1:1/x',
  'https://user@[::ffff:7f00:1]/',
)
// Small, or beyond what is allowed: that large images take their time is shown elsewhere.
const number = fc.oneof(
  fc.integer({ min: 1, max: 60 }),
  fc.constantFrom(0, -0, -1, 0.5, 65_535, 65_536, 1e9, 2 ** 53, 1e308, 5e-324),
  fc.integer(),
)
const scalar = fc.oneof(word, word, number, number, fc.boolean(), fc.constant(null), anyText, nearly(word))
const field = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.jsonValue() },
  { weight: 1, arbitrary: fc.dictionary(anyText, scalar, { maxKeys: 3 }) },
)
const name = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...FIELDS) },
  { weight: 1, arbitrary: nearly(fc.constantFrom(...FIELDS)) },
  { weight: 1, arbitrary: trap },
)

/** Jobs that would be done, of a source called `photo.jpg`. */
const VALID: readonly Record<string, unknown>[] = [
  { operation: 'resize', input: 'photo.jpg', output_dir: 'out', widths: [8, 16] },
  { operation: 'srcset', input: 'photo.jpg', output_dir: 'out', widths: [8], formats: ['webp', 'jpeg'], generate_html: true },
  { operation: 'convert', input: 'photo.jpg', output: 'out/a.webp', format: 'webp', w: 8 },
  { operation: 'quality', input: 'photo.jpg', output: 'out/b.jpg', target_size: 900, format: 'jpeg' },
  { operation: 'placeholder', input: 'photo.jpg', kind: 'thumbhash' },
  { operation: 'exif', input: 'photo.jpg', exif_op: 'extract' },
]

/** A job with some fields that say something else, are left out, or mean nothing. */
const changed = fc
  .tuple(fc.constantFrom(...VALID), fc.array(fc.tuple(name, fc.option(field, { nil: undefined, freq: 6 })), { maxLength: 4 }))
  .map(([job, fields]) => Object.fromEntries([...Object.entries(job), ...fields].filter(([, value]) => value !== undefined)))

/** Text as JSON, which may have a `__proto__` of its own. */
const text = fc.oneof(
  { weight: 12, arbitrary: changed.map((job) => JSON.stringify(job)) },
  { weight: 2, arbitrary: nearly(fc.constantFrom(...VALID.map((job) => JSON.stringify(job)))) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: anyText },
  {
    weight: 1,
    arbitrary: trap.map((key) => `{"operation":"convert","${JSON.stringify(key).slice(1, -1)}":{"a":1},"__proto__":{"input":"x"}}`),
  },
)

/** One job, on one line, right or wrong. */
export const jobText: fc.Arbitrary<string> = text.map((line) => line.replace(/[\r\n]/g, ' ').replace(/^\s*$/, '{}'))

export const operationName = fc.constantFrom(...OPERATIONS)
