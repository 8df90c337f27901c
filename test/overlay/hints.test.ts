import { describe, expect, test } from 'vitest'
import { hintsOf, neededWidth, wastedBytes, type Shown } from '../../src/overlay/app/hints.ts'
import type { OverlayFacts } from '../../src/overlay/facts.ts'

/** An image that is as it should be. */
const GOOD: Shown = {
  state: 'loaded',
  width: 400,
  height: 300,
  intrinsic: { width: 400, height: 300 },
  fit: 'fill',
  ratio: 1,
  viewport: 1000,
  descriptors: 'none',
  sizes: undefined,
  promised: 400,
  reserved: true,
  stated: 400,
  lazy: false,
  isLargest: false,
  size_bytes: 40_000,
}

const FACTS: OverlayFacts = {
  inspector: '/__imagemill/#/request/0',
  path: 'img/photo.jpg',
  query: 'w=1600&format=webp',
  source_width: 2000,
  format: 'webp',
  width: 1600,
  height: 1200,
  widths: [1600],
}

const LARGE = { ...GOOD, intrinsic: { width: 1600, height: 1200 } }
const codes = (shown: Shown, facts?: OverlayFacts): (string | undefined)[] => hintsOf(shown, facts).map(({ code }) => code)

test('nothing is said of an image that is as it should be, nor of one that is not loaded', () => {
  expect(hintsOf(GOOD, undefined)).toEqual([])
  expect(hintsOf({ ...GOOD, state: 'waiting', intrinsic: undefined, reserved: false }, undefined)).toEqual([])
})

test('of one that failed nothing is said but that', () => {
  const failed: Shown = { ...GOOD, state: 'failed', intrinsic: undefined, size_bytes: undefined, reserved: false }
  expect(hintsOf(failed, FACTS)).toEqual([{ text: expect.stringContaining('could not be loaded') }])
})

describe('wasted bytes', () => {
  test('are those of the pixels that the screen cannot show', () => {
    expect(wastedBytes(GOOD)).toBe(0)
    expect(wastedBytes(LARGE)).toBe(40_000 * (15 / 16))
    expect(wastedBytes({ ...LARGE, ratio: 2 })).toBe(40_000 * (3 / 4))
    expect(wastedBytes({ ...LARGE, ratio: 4 })).toBe(0)
    expect(wastedBytes({ ...LARGE, size_bytes: undefined })).toBe(0)
  })

  test('count what `object-fit` shows: all of the width of a cut picture may be needed', () => {
    const square = { ...LARGE, width: 400, height: 400 }
    expect(neededWidth({ ...square, fit: 'cover' })).toBe(534)
    expect(neededWidth({ ...square, fit: 'contain' })).toBe(400)
    expect(neededWidth({ ...square, fit: 'cover', ratio: 2 })).toBe(1067)
  })

  test('are not worth a word when they are few', () => {
    expect(wastedBytes({ ...LARGE, size_bytes: 4000 })).toBe(0)
    expect(wastedBytes({ ...LARGE, intrinsic: { width: 440, height: 330 }, size_bytes: 1e6 })).toBe(0)
  })
})

describe('what to write instead', () => {
  test('of a file that is too large: the import with widths for this place, the rest of its query kept', () => {
    expect(codes(LARGE, FACTS)).toEqual(['photo.jpg?w=400;800&format=webp'])
    expect(codes({ ...LARGE, ratio: 2 }, FACTS)).toEqual(['photo.jpg?w=400;800&format=webp'])
    expect(codes(LARGE, { ...FACTS, query: 'format=webp&h=900&densities=1;2', source_width: 600 })).toEqual([
      'photo.jpg?w=400;600&format=webp',
    ])
    expect(codes(LARGE)).toEqual(['?w=400;800'])
  })

  test('of one whose import has a smaller file that the markup does not name', () => {
    expect(hintsOf(LARGE, { ...FACTS, widths: [200, 450, 1600] })).toEqual([
      {
        text: 'The file is 1600 px wide, 400 px are enough on this screen. The import has one of 450 px: write its `srcset`, too, and',
        code: 'sizes="(min-width: 400px) 400px, 100vw"',
      },
    ])
  })

  test('of one that is too small, as long as its source has more', () => {
    const small = { ...GOOD, intrinsic: { width: 200, height: 150 } }
    expect(codes(small, { ...FACTS, width: 200, height: 150, widths: [200] })).toEqual(['photo.jpg?w=400;800&format=webp'])
    expect(codes(small, { ...FACTS, width: 200, height: 150, source_width: 200, widths: [200] })).toEqual([])
    expect(codes(small)).toEqual([])
  })

  test('of `sizes` that is missing or wrong; with it the browser takes what is there', () => {
    const candidates = { ...FACTS, widths: [400, 800, 1600] }
    const set: Shown = { ...LARGE, descriptors: 'w', promised: 1000 }
    expect(hintsOf(set, candidates)).toEqual([
      {
        text: '`sizes` is missing: the browser takes it to be as wide as the window, it is shown 400 px wide.',
        code: 'sizes="(min-width: 400px) 400px, 100vw"',
      },
    ])
    expect(codes({ ...set, lazy: true, sizes: '100vw' }, candidates)).toEqual(['sizes="auto, (min-width: 400px) 400px, 100vw"'])
    expect(codes({ ...set, width: 990, height: 742 }, { ...FACTS, widths: [1000, 1600] })).toEqual(['sizes="100vw"'])
    expect(codes({ ...set, intrinsic: GOOD.intrinsic, sizes: '400px', promised: 400 }, candidates)).toEqual([])
    expect(codes({ ...set, sizes: '400px', promised: 400 }, FACTS)).toEqual(['photo.jpg?w=400;800&format=webp'])
  })

  test('of an image whose width goes by the window: what others need stays', () => {
    const fluid: Shown = {
      ...GOOD,
      width: 1184,
      height: 789,
      intrinsic: { width: 1600, height: 1066 },
      descriptors: 'w',
      sizes: '100vw',
      promised: 1184,
    }
    const facts = { ...FACTS, source_width: 4000, widths: [960, 1600], query: 'w=960;1600&format=webp' }
    expect(codes(fluid, facts)).toEqual(['photo.jpg?w=960;1190;1600;2370&format=webp'])
    expect(codes(fluid, { ...facts, widths: [960, 1600, 2400] })).toEqual(['photo.jpg?w=960;1190;1600;2400&format=webp'])
    expect(codes({ ...fluid, intrinsic: { width: 960, height: 640 } }, { ...facts, widths: [480, 960], source_width: 2000 })).toEqual([
      'photo.jpg?w=480;960;1190;2000&format=webp',
    ])
  })

  test('of a place that is not kept free: the size that it has, in the ratio of the file', () => {
    expect(codes({ ...GOOD, reserved: false })).toEqual(['width="400" height="300"'])
    const file = { ...GOOD, reserved: false, ratio: 2, intrinsic: { width: 640, height: 427 } }
    expect(codes({ ...file, width: 320, height: 213.5, stated: 320 })).toEqual(['width="320" height="214"'])
  })

  test('of the largest thing on the page that waits, which then has no `sizes=auto`', () => {
    expect(codes({ ...GOOD, lazy: true })).toEqual([])
    expect(codes({ ...GOOD, lazy: true, isLargest: true })).toEqual(['loading="eager" fetchpriority="high"'])
    expect(codes({ ...GOOD, lazy: true, isLargest: true, descriptors: 'w' })[1]).toBe('sizes="(min-width: 400px) 400px, 100vw"')
  })

  test('of what is loaded and not shown', () => expect(codes({ ...GOOD, width: 0, height: 0 })).toEqual(['loading="lazy"']))
})
