import { describe, expect, test } from 'vitest'
import type { Encoding } from '../../src/types.ts'
import { failureOf, planOf, type Situation } from '../support/plans.ts'

const RANGE = { min: 30, max: 95, iterations: 10 }

/** The encodings of a query, without what does not concern a search. */
function searches(query: string, situation?: Situation): Partial<Encoding>[] {
  return planOf(query, situation).outputs.map(({ encoding }) => {
    const { effort: _, progressive: __, ...rest } = encoding
    return rest
  })
}

describe('a size that is asked for', () => {
  test('takes the place of a quality, with the settings of the contract', () => {
    expect(searches('format=webp&target_size=50kb')).toEqual([{ format: 'webp', target: { size: 50_000, tolerance: 5, ...RANGE } }])
    expect(searches('format=jpeg&target_size=1.5kb&tolerance_percent=2.5&max_iterations=4&min_quality=10&max_quality=20')).toEqual([
      { format: 'jpeg', target: { size: 1500, tolerance: 2.5, min: 10, max: 20, iterations: 4 } },
    ])
  })

  test('moves the other end of the range along', () => {
    expect(searches('format=webp&target_size=9&max_quality=20')).toMatchObject([{ target: { min: 20, max: 20 } }])
    expect(searches('format=webp&target_size=9&min_quality=98')).toMatchObject([{ target: { min: 98, max: 98 } }])
  })

  test('can be said for one format', () => {
    expect(searches('format=avif;webp;jpeg&target_size=50kb&avif.target_size=30kb&jpeg.quality=70')).toMatchObject([
      { format: 'avif', target: { size: 30_000 } },
      { format: 'webp', target: { size: 50_000 } },
      { format: 'jpeg', quality: 70 },
    ])
  })

  test('is another job than its quality, and every setting of it counts', () => {
    const queries = [
      '',
      '&quality=70',
      '&target_size=50kb',
      '&target_size=50001',
      '&target_size=50kb&tolerance_percent=4',
      '&quality=auto',
      '&quality=auto:low',
    ]
    const keys = queries.flatMap((query) => planOf(`format=webp${query}`).outputs.map(({ key }) => key))
    expect(new Set(keys).size).toBe(queries.length)
  })

  test('gives way to what is said nearer to the import, and takes its place', () => {
    expect(searches('quality=70', { defaults: 'format=webp&target_size=50kb' })).toEqual([{ format: 'webp', quality: 70 }])
    expect(searches('target_size=50kb', { defaults: 'format=webp&quality=70' })).toMatchObject([{ target: { size: 50_000 } }])
    expect(searches('lossless', { defaults: 'format=webp&target_size=50kb&max_quality=80' })).toEqual([{ format: 'webp', lossless: true }])
  })
})

test.each(['avif', 'webp', 'jpeg'])('quality=auto asks for a score, by level, in a range of %s', (format) => {
  const [low, plain, high] = ['auto:low', 'auto', 'auto:high'].map((level) => searches(`format=${format}&quality=${level}`)[0])
  expect(plain).not.toHaveProperty('quality')
  for (const key of ['score', 'min', 'max'] as const) {
    expect(low?.auto?.[key]).toBeLessThan(plain?.auto?.[key] ?? 0)
    expect(plain?.auto?.[key]).toBeLessThan(high?.auto?.[key] ?? 0)
  }
  expect(searches(`format=${format}&quality=auto&min_quality=20&max_quality=25&max_iterations=3`)[0]?.auto).toEqual({
    score: plain?.auto?.score,
    min: 20,
    max: 25,
    iterations: 3,
  })
})

test('what format=auto falls back to may be without quality, but not without the size', () => {
  const alpha = { header: { alpha: true } }
  expect(searches('format=auto&quality=auto', alpha)).toMatchObject([
    { auto: { iterations: 10 } },
    { auto: { iterations: 10 } },
    { format: 'png' },
  ])
  expect(failureOf(() => planOf('format=auto&target_size=50kb', alpha))).toMatchObject({
    code: 'CONFLICTING_DIRECTIVES',
    hint: 'Write out the formats, such as `format=avif;webp`.',
  })
})

test.each([
  ['format=png&target_size=50kb', 'PNG has none'],
  ['format=webp;gif&target_size=50kb', 'GIF has none'],
  ['format=png&quality=auto', 'PNG has none'],
  ['format=gif&quality=auto:low', 'GIF has none'],
  ['format=webp&target_size=50kb&lossless', 'a lossless image has none'],
  ['format=avif&avif.lossless&quality=auto', 'a lossless image has none'],
  ['format=webp&target_size=50kb&quality=80', '`target_size` and `quality` both'],
  ['format=webp&target_size=50kb&quality=auto', '`target_size` and `quality` both'],
  ['format=webp&webp.target_size=50kb&webp.quality=80', '`target_size` and `quality` both'],
  ['format=webp&target_size=50kb&min_quality=80&max_quality=70', '`min_quality=80` is above `max_quality=70`'],
])('%s contradicts itself', (query, reason) => {
  const failure = failureOf(() => planOf(query))
  expect(failure.code).toBe('CONFLICTING_DIRECTIVES')
  expect(failure.reason).toContain(reason)
  expect(failure.hint).toBeDefined()
})

test('a source without quality needs another format', () => {
  expect(failureOf(() => planOf('target_size=50kb', { header: { format: 'png' } })).hint).toBe('Write `format=webp`, `avif` or `jpeg`.')
})

test('the job is called quality', () => {
  expect(planOf('format=webp&target_size=50kb').operation).toBe('quality')
  expect(planOf('format=webp;jpeg&w=20&jpeg.quality=auto').operation).toBe('quality')
  expect(planOf('format=webp&w=20;30').operation).toBe('srcset')
})
