import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRequest } from '../../src/query/request.ts'
import { failureOf, planOf } from '../support/plans.ts'

const query = (text: string, context?: Parameters<typeof parseRequest>[1]): string => parseRequest(text, context).query
const keys = (text: string): string[] => planOf(text).outputs.map(({ key }) => key)

/** Each directive in every spelling of one meaning. */
const SPELLINGS = [
  ['w=320;640', 'w=640;320', 'w=320&w=640', 'w=640&w=320;640', 'w=%20320;%20640%20', 'w=320.0;640', 'w=;320;;640;', 'w=320%3B640'],
  ['format=webp;jpeg', 'format=webp;jpg', 'format=webp&format=jpg', 'format=webp;jpeg;jpg', 'format=webp;jpg;webp'],
  ['fit=cover', 'cover', 'cover='],
  ['position=right%20top', 'right%20top', 'right+top', 'position=northeast', 'position=top%20right', 'position=right top'],
  ['aspect=16:9', 'aspect=16%3A9', 'aspect=32:18', 'aspect=160:90'],
  [
    'background=ff0000',
    'background=%23ff0000',
    'background=#f00',
    'background=red',
    'background=F00',
    'background=rgb(255,0,0)',
    'background=ff0000ff',
  ],
  ['flip', 'flip=', 'flip=true', 'flip=1', 'flip=true;true', 'flip&flip'],
  ['crop=10%25,20%25,50%25,50%25', 'crop=10%,20%,50%,50%', 'crop=10%25%2C20%25%2C50%25%2C50%25', 'crop=10.0%, 20%, 50%, 50%'],
  ['jpeg.quality=60', 'jpg.quality=60', 'jpeg.quality=60&jpg.quality=60'],
  ['flop=false', 'flop=0', 'allowUpscale=false', 'imagemill'],
] as const

const spelling = fc.tuple(...SPELLINGS.map((row) => fc.constantFrom<string>(...row)))
const shuffled = spelling.chain((parts) => fc.shuffledSubarray(parts, { minLength: parts.length }))

describe('one request', () => {
  const plain = SPELLINGS.map(([first]) => first).join('&')

  test('is one query and one set of keys, however it is spelt and in whatever order', () => {
    fc.assert(
      fc.property(shuffled, (parts) => {
        expect(query(parts.join('&'))).toBe(query(plain))
        expect(keys(parts.join('&'))).toEqual(keys(plain))
      }),
      { seed: 5, numRuns: 500 },
    )
  })

  test('is written as a query that reads the same again', () => {
    expect(query(query(plain))).toBe(query(plain))
    expect(query(plain)).toBe(
      `aspect=16:9&background=%23ff0000&crop=10%,20%,50%,50%&fit=cover&flip&format=webp;jpeg&jpeg.quality=60&position=right top&w=320;640`,
    )
  })

  test.each([
    ['rotate=-90', 'rotate=270'],
    ['rotate=360', 'rotate=0'],
    ['rotate=0', ''],
    ['hue=-90', 'hue=270'],
    ['hue=360', ''],
    ['saturation=1', ''],
    ['brightness=1', ''],
    ['median=1', ''],
    ['position=top', ''],
    ['w=300&position=top', 'w=300'],
    ['w=300&background=red', 'w=300'],
    ['fit=contain&w=300', 'w=300'],
    ['w=300&h=200', 'w=300'],
    ['w=300', 'h=200'],
    ['w=300&aspect=3:2', 'w=300'],
    ['id=7', ''],
    ['as=url', ''],
    ['inline', ''],
    ['crop=0,0,100%,100%', ''],
    ['trim=false', ''],
    ['effort=5&format=webp', 'format=webp'],
    ['effort=max&format=webp', 'effort=6&format=webp'],
    ['quality=76&format=webp', 'webp.quality=76&format=webp'],
    ['effort=9', 'effort=2'],
    ['effort=max', ''],
    ['webp.quality=3', ''],
    ['focus=0.5,0.5', ''],
    ['w=300;1200', 'w=300;9000'],
  ])('?%s makes the very files of ?%s', (one, other) => {
    expect(keys(one)).toEqual(keys(other))
  })

  test.each([
    ['w=300', 'w=301'],
    ['flip', 'flop'],
    ['flip=true;false', 'flip'],
    ['flip=true;false', 'flip=false'],
    ['lossless&webp.lossless=false&format=webp', 'lossless&format=webp'],
    ['crop=0,0,5,5', 'crop=0,0,5,6'],
    ['w=9&h=9&position=top', 'w=9&h=9'],
    ['w=9&h=9&focus=0,0', 'w=9&h=9'],
    ['w=9&h=9&fit=contain&background=red', 'w=9&h=9&fit=contain'],
    ['rotate=10&background=red', 'rotate=10'],
    ['flatten&background=red', 'flatten'],
    ['blur', 'blur=1'],
    ['sharpen', 'sharpen=1'],
    ['quality=80', 'quality=81'],
    ['kernel=nearest&w=9', 'w=9'],
    ['progressive=false', ''],
  ])('?%s and ?%s are two', (one, other) => {
    expect(keys(one)).not.toEqual(keys(other))
    expect(query(one)).not.toBe(query(other))
  })
})

test('the keys of outputs depend on source and encoders', () => {
  const keyOf = (text: string, encoder: string): string | undefined => planOf(text, { encoder }).outputs[0]?.key
  expect(new Set([keyOf('w=3', 'a'), keyOf('w=3', 'b'), keyOf('w=4', 'a')]).size).toBe(3)
})

describe('presets and defaults', () => {
  const presets = { hero: 'w=640;1280&format=avif;webp', thumb: { w: [80, 160], cover: true, h: 80 }, named: { preset: 'hero', w: 5 } }

  test('stand below what is written', () => {
    const context = { defaults: 'w=100&quality=60&flip', presets }
    expect(query('preset=hero&w=320', context)).toBe('flip&format=avif;webp&quality=60&w=320')
    expect(query('preset=hero', context)).toBe('flip&format=avif;webp&quality=60&w=640;1280')
    expect(query('preset=hero&flip=false', context)).toBe('format=avif;webp&quality=60&w=640;1280')
    expect(query('', context)).toBe('flip&quality=60&w=100')
  })

  test('may be objects, and name a preset', () => {
    expect(query('preset=thumb', { presets })).toBe('fit=cover&h=80&w=80;160')
    expect(query('', { defaults: { preset: 'hero', animated: false }, presets })).toBe('animated=false&format=avif;webp&w=640;1280')
    expect(query('preset=thumb', { defaults: 'preset=hero', presets })).toBe('fit=cover&h=80&w=80;160')
  })

  test('are read as strictly as a query', () => {
    expect(failureOf(() => query('', { defaults: 'widht=3' })).code).toBe('UNKNOWN_DIRECTIVE')
    expect(failureOf(() => query('preset=named', { presets })).code).toBe('CONFLICTING_DIRECTIVES')
    expect(failureOf(() => query('preset=bad', { presets: { bad: { w: 0 } } })).code).toBe('INVALID_DIRECTIVE')
  })

  test.each(['her', 'constructor', '__proto__'])('that do not exist (%s) are refused with those that do', (name) => {
    const { code, reason, hint } = failureOf(() => query(`preset=${name}`, { presets }))
    expect([code, reason]).toEqual(['UNKNOWN_PRESET', `unknown preset \`${name}\`: expected one of hero, thumb, named`])
    if (name === 'her') expect(hint).toBe('Did you mean `hero`?')
  })
})
