import { describe, expect, test } from 'vitest'
import { progressText } from '../../src/progress/line.ts'
import { openTally } from '../../src/progress/tally.ts'
import { workOf } from '../../src/progress/work.ts'
import type { Format } from '../../src/types.ts'

const output = (width: number, format: Format): Parameters<typeof workOf>[0] => ({
  picture: { width, height: width, orient: true, frames: 1, scale: 1 },
  encoding: { format },
})

/** Seconds that are told to be left each time something ends, and those that were really left. */
function run(
  items: readonly { work: number; ms: number }[],
  expected?: Parameters<typeof openTally>[1],
): { told: number[]; real: number[] } {
  let clock = 0
  const tally = openTally(() => clock, expected)
  const endings = items.map(({ work }, index) => tally.begin(`image ${index}`, work))
  const whole = items.reduce((sum, { ms }) => sum + ms, 0)
  const [told, real]: [number[], number[]] = [[], []]
  for (const [index, { ms }] of items.entries()) {
    clock += ms
    endings[index]?.('made')
    const { left_ms } = tally.snapshot()
    if (left_ms === undefined) continue
    told.push(left_ms / 1000)
    real.push((whole - clock) / 1000)
  }
  return { told, real }
}

describe('the time that is left', () => {
  test('goes by pixels and formats: small files first do not make the large ones a surprise', () => {
    const sizes = [...Array.from({ length: 40 }, () => output(320, 'jpeg')), ...Array.from({ length: 40 }, () => output(1280, 'avif'))]
    const { told, real } = run(sizes.map((size) => ({ work: workOf(size), ms: workOf(size) / 2000 })))
    for (const [index, seconds] of told.entries())
      expect(Math.abs(seconds - (real[index] ?? 0))).toBeLessThan(1 + (real[index] ?? 0) * 0.02)
    const byNumber = run(sizes.map((size) => ({ work: 1, ms: workOf(size) / 2000 })))
    expect((byNumber.told[0] ?? 0) / (byNumber.real[0] ?? 1)).toBeLessThan(0.3)
  })

  test('does not jump when one image takes ten times as long as the others', () => {
    const items = Array.from({ length: 100 }, (_, index) => ({ work: 1, ms: index === 50 ? 5000 : 500 }))
    const { told, real } = run(items)
    for (const [index, seconds] of told.entries()) {
      const before = told[index - 1] ?? seconds
      // It falls with the clock; a rise is what people do not trust.
      expect(seconds - before).toBeLessThan(6)
      expect(Math.abs(seconds - (real[index] ?? 0))).toBeLessThan(0.2 * 55)
    }
  })

  test('follows a machine that becomes slower', () => {
    const { told, real } = run(Array.from({ length: 200 }, (_, index) => ({ work: 1, ms: index < 100 ? 200 : 1000 })))
    expect(Math.abs((told[170] ?? 0) - (real[170] ?? 0)) / (real[170] ?? 1)).toBeLessThan(0.15)
  })

  test('takes what was not begun for as much as what was', () => {
    const items = Array.from({ length: 10 }, () => ({ work: 7, ms: 1000 }))
    expect(run(items, { total: 100 }).told.at(-1)).toBeCloseTo(90, 0)
    expect(run(items, { total: 100, work: 140 }).told.at(-1)).toBeCloseTo(10, 0)
  })
})

test('what was in the cache says nothing of the speed', () => {
  let clock = 0
  const tally = openTally(() => clock, { total: 200 })
  const all = Array.from({ length: 200 }, () => tally.begin('image', 1))
  for (const ended of all.slice(0, 100)) ended('cached')
  expect(tally.snapshot()).toMatchObject({ done: 100, failed: 0, total: 200, left_ms: undefined })
  for (const ended of all.slice(100, 110)) {
    clock += 1000
    ended('made')
  }
  expect(tally.snapshot().left_ms).toBeCloseTo(90_000, -2)
})

test('nothing is left when all is done, whatever was estimated before', () => {
  let clock = 0
  const tally = openTally(() => clock, { total: 5 })
  const all = Array.from({ length: 5 }, () => tally.begin('image', 1))
  for (const [index, ended] of all.entries()) {
    clock += 10 * (index + 1)
    ended('made')
    if (index === 3) expect(tally.snapshot().left_ms).toBeGreaterThan(0)
  }
  expect(tally.snapshot().left_ms).toBe(0)
})

test('what has been worked on for the longest time is named, and an end counts once', () => {
  const tally = openTally(() => 0)
  const first = tally.begin('first', 1)
  const second = tally.begin('second', 1)
  expect(tally.snapshot().current).toBe('first')
  first('failed')
  first('made')
  expect(tally.snapshot()).toMatchObject({ current: 'second', done: 1, failed: 1 })
  second('made')
  expect(tally.snapshot()).toMatchObject({ current: undefined, done: 2, failed: 1 })
})

test('is told in one line, and roughly', () => {
  const snapshot = { done: 12, failed: 0, total: 40, current: 'hero-1280.avif', elapsed_ms: 1, left_ms: 21_300 }
  expect(progressText(snapshot, 'images')).toBe('imagemill  12/40 images, about 25 s left, hero-1280.avif')
  const unknown = { ...snapshot, failed: 2, total: undefined, current: undefined, left_ms: undefined }
  expect(progressText(unknown, 'jobs')).toBe('imagemill  12 jobs, 2 failed')
  expect(progressText({ ...snapshot, current_ms: 12_900 }, 'images')).toBe(
    'imagemill  12/40 images, about 25 s left, hero-1280.avif for 12 s',
  )
  const left = (left_ms: number): string => progressText({ ...snapshot, left_ms }, 'images').split(', ')[1] ?? ''
  expect([4000, 30_000, 89_000, 91_000, 7_200_000].map(left)).toEqual([
    'a few seconds left',
    'about 30 s left',
    'about 90 s left',
    'about 2 min left',
    'about 2.0 h left',
  ])
})

test('what waited its turn is not said to be worked on all that time', () => {
  let time = 0
  const tally = openTally(() => time)
  const [first, second] = [tally.begin('first', 1), tally.begin('second', 1)]
  time = 5000
  expect(tally.snapshot()).toMatchObject({ current: 'first', current_ms: 5000 })
  first('made')
  time = 6000
  expect(tally.snapshot()).toMatchObject({ current: 'second', current_ms: 1000 })
  second('made')
})
