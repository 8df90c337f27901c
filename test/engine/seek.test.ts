import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seek, type Seeking } from '../../src/engine/seek.ts'
import { usualSize } from '../../src/engine/usual.ts'

const QUALITIES = Array.from({ length: 66 }, (_, index) => 30 + index)

/** Growing values for every quality, in steps as uneven as real ones. */
const curves = fc
  .record({
    base: fc.double({ min: 3, max: 16, noNaN: true }),
    steps: fc.array(fc.double({ min: 0, max: 0.15, noNaN: true }), { minLength: 65, maxLength: 65 }),
  })
  .map(({ base, steps }) => {
    const values = [base]
    for (const step of steps) values.push((values.at(-1) ?? 0) + step)
    return values
  })

async function run(
  values: readonly number[],
  wanted: Partial<Seeking> & Pick<Seeking, 'least' | 'most'>,
): Promise<[quality: number, value: number][]> {
  const seeking = {
    qualities: QUALITIES,
    iterations: 100,
    aim: wanted.most,
    safe: 'low' as const,
    usual: (quality: number) => usualSize('webp', 1e6, quality),
  }
  const tries = await seek(async (quality) => values[quality - 30] ?? Number.NaN, { ...seeking, ...wanted })
  return tries.map(({ quality, value }) => [quality, value])
}

test('finds the last value at or under a limit, whatever the curve, and tries nothing twice', async () => {
  await fc.assert(
    fc.asyncProperty(curves, fc.double({ min: 2, max: 20, noNaN: true }), async (values, limit) => {
      const tries = await run(values, { least: limit, most: limit })
      expect(new Set(tries.map(([quality]) => quality)).size).toBe(tries.length)
      const fitting = values.filter((value) => value <= limit)
      const found = tries.map(([, value]) => value).filter((value) => value <= limit)
      if (fitting.length > 0) expect(Math.max(...found)).toBe(fitting.at(-1))
      else expect(tries).toContainEqual([30, values[0]])
    }),
  )
})

test('stops at the first value that is wanted', async () => {
  await fc.assert(
    fc.asyncProperty(curves, fc.integer({ min: 0, max: 65 }), async (values, index) => {
      const most = values[index] ?? 0
      const tries = await run(values, { least: most - 0.05, most, aim: most - 0.025 })
      const wanted = tries.filter(([, value]) => value <= most && value >= most - 0.05)
      expect(wanted).toEqual([tries.at(-1)])
      // However the curve misleads, every second try halves what is left.
      expect(tries.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(66)))
    }),
  )
})

test('the last try goes to the safe end while nothing else is sure', async () => {
  await fc.assert(
    fc.asyncProperty(curves, fc.integer({ min: 1, max: 5 }), async (values, iterations) => {
      const low = await run(values, { iterations, least: (values[0] ?? 0) - 1e-9, most: values[0] ?? 0 })
      expect(low.some(([, value]) => value <= (values[0] ?? 0))).toBe(true)
      expect(low.length).toBeLessThanOrEqual(iterations)
      const high = await run(values, { iterations, least: values[65] ?? 0, most: (values[65] ?? 0) + 1e-9, safe: 'high' })
      expect(high.some(([, value]) => value >= (values[65] ?? 0))).toBe(true)
    }),
  )
})

test('one quality is enough, and so is one try', async () => {
  expect(await run([5], { qualities: [30], least: 9, most: 9 })).toEqual([[30, 5]])
  expect(await run([5], { qualities: [30], least: 1, most: 1 })).toEqual([[30, 5]])
})
