import fc from 'fast-check'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { FITS, POSITIONS } from '../../src/query/directives.ts'
import { ImagemillError } from '../../src/errors.ts'
import { workshop } from '../support/engine.ts'
import { KINDS, oriented, type Kind } from '../support/sources.ts'

const RUNS = Number(process.env['IMAGEMILL_TEST_RUNS'] ?? 250)
const REFUSALS = ['SIZE_LIMIT', 'PIXEL_LIMIT', 'CONFLICTING_DIRECTIVES']

const side = fc.oneof({ weight: 1, arbitrary: fc.constant(1) }, { weight: 4, arbitrary: fc.integer({ min: 1, max: 61 }) })
const kinds = Object.keys(KINDS).filter((name): name is Kind => name in KINDS)
const source = fc.record({ kind: fc.oneof(fc.constantFrom(...kinds), fc.integer({ min: 1, max: 8 })), width: side, height: side })

const percent = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 40 }))
const crop = fc.tuple(percent, percent).map(([[x, w], [y, h]]) => `${x}%,${y}%,${w}%,${h}%`)
const values = {
  w: fc.oneof(side, fc.integer({ min: 1, max: 200 })),
  h: fc.oneof(side, fc.integer({ min: 1, max: 200 })),
  aspect: fc.constantFrom('16:9', '1:1', '0.2', '7', '1.3333'),
  fit: fc.constantFrom(...FITS),
  position: fc.constantFrom(...POSITIONS),
  focus: fc.tuple(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 10 })).map(([x, y]) => `${x / 10},${y / 10}`),
  crop,
  trim: fc.constantFrom('', '10'),
  rotate: fc.oneof(
    fc.constantFrom(90, 180, 270, -90, 360),
    fc.double({ min: -360, max: 360, noNaN: true }).map((angle) => angle.toFixed(3)),
  ),
  background: fc.constantFrom('fff', '33669980', 'transparent'),
  colors: fc.constantFrom('keep', 'srgb'),
  densities: fc.constantFrom('1;2', '0.5;1.5;3'),
  basePixels: fc.integer({ min: 1, max: 90 }),
  flip: fc.constant(''),
  flop: fc.constant(''),
  allowUpscale: fc.constant(''),
  noAutoOrient: fc.constant(''),
  animated: fc.constantFrom('true', 'false'),
  kernel: fc.constantFrom('nearest', 'cubic', 'mitchell', 'lanczos2', 'lanczos3'),
  linear: fc.constant(''),
  blur: fc.constantFrom('', '0.5', '9'),
  sharpen: fc.constantFrom('', '2'),
  median: fc.integer({ min: 1, max: 12 }),
  grayscale: fc.constant(''),
  invert: fc.constant(''),
  normalize: fc.constant(''),
  flatten: fc.constant(''),
  tint: fc.constant('ffaa22'),
  hue: fc.integer({ min: -360, max: 360 }),
  saturation: fc.constantFrom('0', '1', '3.5'),
  brightness: fc.constantFrom('0', '0.5', '2'),
  lossless: fc.constantFrom('true', 'false'),
  quality: fc.integer({ min: 1, max: 100 }),
  progressive: fc.constantFrom('true', 'false'),
  effort: fc.constantFrom('min', '0', '2'),
}
const format = fc.constantFrom('png', 'png', 'jpeg', 'webp', 'gif', 'avif')
const some = fc.record({ ...values, format }, { requiredKeys: ['format'] })
// Few directives at a time, or nearly every query holds a pair that is refused.
const query = fc.tuple(some, fc.subarray(Object.keys(values), { minLength: 0, maxLength: 7 })).map(([all, kept]) => {
  const pairs = Object.entries(all).filter(([key]) => key === 'format' || kept.includes(key))
  return pairs.map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`).join('&')
})

test('any valid query makes pictures of the sizes that were planned, or says which limit it met', { timeout: 600_000 }, async () => {
  const { make } = workshop()
  const codes = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(source, query, async ({ kind, width, height }, text) => {
      const bytes = await (typeof kind === 'number' ? oriented(kind, width, height) : KINDS[kind](width, height))
      try {
        for (const { bytes: made, picture } of await make(bytes, text)) {
          const found = await sharp(made).metadata()
          expect([found.width, found.pageHeight ?? found.height]).toEqual([picture.width, picture.height])
        }
      } catch (error) {
        if (!(error instanceof ImagemillError) || !REFUSALS.includes(error.code)) throw error
        codes.set(error.code, (codes.get(error.code) ?? 0) + 1)
      }
    }),
    { numRuns: RUNS, seed: 20_260_101 },
  )
  // A test that mostly sees refusals would show nothing.
  expect([...codes.values()].reduce((sum, count) => sum + count, 0)).toBeLessThan(RUNS / 4)
})
