import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DIRECTIVES, FORMATS, PER_FORMAT } from '../../src/query/directives.ts'
import { planRequest } from '../../src/query/plan.ts'
import { parseRequest, type RequestContext } from '../../src/query/request.ts'
import { changesImage, isImageFile, isOurs, isPlain, splitId } from '../../src/query/text.ts'
import type { Source } from '../../src/types.ts'
import { anyText, expectUseful, fuzzed, nearly, trap } from '../support/fuzz.ts'

const context: RequestContext = {
  presets: { small: 'w=10;20&format=webp', other: { w: 30 } },
  breakpoints: { phone: '(max-width: 600px)' },
  shapes: ['card'],
  transforms: { names: ['grain'], find: () => ({ url: 'file:///grain.js', digest: 'a'.repeat(64) }) },
}

const source: Source = {
  file: '/a.jpg',
  digest: 'a'.repeat(64),
  size_bytes: 1,
  header: { format: 'jpeg', width: 300, height: 200, orientation: 6, frames: 1, alpha: false },
}

const name = fc.constantFrom(
  ...Object.keys(DIRECTIVES),
  ...FORMATS.flatMap((format) => PER_FORMAT.map((key) => `${format}.${key}`)),
  'phone.w',
)
const usual = fc.constantFrom(
  '',
  'true',
  '1',
  '320',
  '10;20',
  '16:9',
  'auto',
  'fff',
  '0.5,0.5',
  '10%,0,50%,50%',
  'cover',
  'webp;jpeg',
  'lqip',
  'url',
  'small',
  'grain:x',
  'card:a;b',
  '50kb',
)
const value = fc.oneof(usual, usual, nearly(usual), fc.integer().map(String), fc.double().map(String), anyText)
/** Half a letter has no escape. */
const whole = (text: string): string => text.replace(/\p{Cs}/gu, '?')
const key = fc.oneof({ weight: 8, arbitrary: name }, { weight: 1, arbitrary: nearly(name) }, { weight: 1, arbitrary: trap })
const pair = fc
  .tuple(key, value, fc.boolean())
  .map(([left, right, escaped]) =>
    escaped ? `${encodeURIComponent(whole(left))}=${encodeURIComponent(whole(right))}` : `${left}=${right}`,
  )
const query = fc.oneof(
  { weight: 8, arbitrary: fc.array(pair, { maxLength: 4 }).map((pairs) => pairs.join('&')) },
  { weight: 1, arbitrary: anyText },
  { weight: 1, arbitrary: nearly(fc.constant('w=320;640&format=avif;webp&placeholder=thumbhash')) },
)

/** What a query comes to: its canonical text and the keys of all that is made, or undefined when it is refused in a way that helps. */
function settled(text: Parameters<typeof parseRequest>[0]): { query: string; keys: string[] } | undefined {
  try {
    const request = parseRequest(text, context)
    const { outputs, facts } = planRequest(request, source, { encoder: 'x', pixelLimit: 1e8 })
    return { query: request.query, keys: [...outputs, ...facts].map((item) => item.key) }
  } catch (error) {
    expectUseful(error)
    return undefined
  }
}

test('any query is settled, or refused in one line that helps', { timeout: 600_000 }, () => {
  fc.assert(
    fc.property(query, (text) => {
      for (const judge of [isOurs, isPlain, isImageFile, changesImage, splitId]) judge(text)
      const first = settled(text)
      // A canonical query says the same again, or what is written down for others would be another image.
      if (first) expect(settled(first.query)).toEqual(first)
    }),
    fuzzed(200),
  )
})

test('a query of a valid shape means the same in any order and spelling', { timeout: 600_000 }, () => {
  const part = fc.tuple(name, usual)
  const parts = fc.uniqueArray(part, { selector: ([left]) => left, minLength: 1, maxLength: 4 })
  const spelt = parts.chain((list) =>
    fc.tuple(
      fc.constant(list),
      fc.shuffledSubarray(list, { minLength: list.length }),
      fc.array(fc.constantFrom('plain', 'escaped', 'padded', 'twice'), { minLength: list.length, maxLength: list.length }),
    ),
  )
  const write = (pairs: [string, string][], ways: string[]): string =>
    pairs
      .map(([left, right], index) => {
        if (ways[index] === 'escaped') return `${encodeURIComponent(left)}=${encodeURIComponent(right)}`
        if (ways[index] === 'padded' && right !== '' && left !== 'as') return `${left}=%20${right}%20`
        return ways[index] === 'twice' && DIRECTIVES_LIST.has(left) ? `${left}=${right}&${left}=${right}` : `${left}=${right}`
      })
      .join('&')
  fc.assert(
    fc.property(spelt, ([list, shuffled, ways]) => {
      expect(settled(write(shuffled, ways))).toEqual(settled(write(list, [])))
    }),
    fuzzed(200),
  )
})

const DIRECTIVES_LIST: ReadonlySet<string> = new Set(
  Object.entries(DIRECTIVES).flatMap(([directive, { list }]) => (list ? [directive] : [])),
)

test('a huge query is answered as soon as any other', () => {
  const long = 'x'.repeat(1_000_000)
  for (const text of [
    long,
    `w=${long}`,
    `w=${'1;'.repeat(100_000)}`,
    `w=${Array.from({ length: 60_000 }, (_, index) => index + 1).join(';')}`,
    `${'w=1&'.repeat(50_000)}`,
    `${Array.from({ length: 20_000 }, (_, index) => `k${index}=1`).join('&')}`,
    `aspect=${'1'.repeat(100_000)}:${'2'.repeat(100_000)}`,
    `background=rgb(${' '.repeat(100_000)}`,
    `transform=${'a,'.repeat(60_000)}`,
    `transform=${'a:'.repeat(60_000)}`,
    `crop=${'1%,'.repeat(60_000)}`,
    `target_size=${'1'.repeat(60_000)} ${' '.repeat(60_000)}x`,
    `as=metadata:${'src;'.repeat(50_000)}`,
    `${'phone.'.repeat(50_000)}w=1`,
    `w=${'%31'.repeat(60_000)}`,
    `id=${long}`,
  ]) {
    const start = performance.now()
    isOurs(text)
    settled(text)
    expect({ text: text.slice(0, 20), slow: performance.now() - start > 10_000 }).toEqual({ text: text.slice(0, 20), slow: false })
  }
})

test('an object as a query says what a text says, and nothing of its prototype', { timeout: 600_000 }, () => {
  const field = fc.oneof(value, fc.integer(), fc.double(), fc.boolean(), fc.array(fc.oneof(value, fc.integer()), { maxLength: 3 }))
  fc.assert(
    fc.property(fc.array(fc.tuple(key, field), { maxLength: 3 }), (fields) => {
      const first = settled(Object.fromEntries(fields))
      if (first) expect(settled(first.query)).toEqual(first)
    }),
    fuzzed(100),
  )
  settled(JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>)
  expect({}).not.toHaveProperty('w')
})
