import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { resolveOptions } from '../../src/plugin/options.ts'
import { isMediaQuery } from '../../src/query/media.ts'
import { parseRequest, type Request } from '../../src/query/request.ts'
import { isOurs } from '../../src/query/text.ts'
import { failureOf } from '../support/plans.ts'

const breakpoints = { phone: '(max-width: 600px)', tablet: '(max-width: 1000px)' }
const parse = (query: string, more: Parameters<typeof parseRequest>[1] = {}): Request => parseRequest(query, { breakpoints, ...more })

/** The query that the screens of a breakpoint have. */
const inherits = (query: string): string => parse(query).art[0]?.request.query ?? 'none'

describe('what a breakpoint does not say, it has from the image', () => {
  test.each([
    ['w=640&format=webp&phone.w=320', 'format=webp&w=320'],
    ['w=640&h=360&phone.w=320', 'w=320'],
    ['w=640&h=360&phone.h=320', 'h=320'],
    ['w=640&h=360&phone.aspect=1:1', 'aspect=1&w=640'],
    ['h=360&phone.aspect=1:1', 'aspect=1&h=360'],
    ['w=640&aspect=16:9&phone.w=320', `aspect=16:9&w=320`],
    ['w=640&focus=0,0&phone.position=attention', 'position=attention&w=640'],
    ['w=640&position=top&phone.focus=1,1', 'focus=1,1&w=640'],
    ['basePixels=300&w=300;600&phone.w=100;200', 'w=100;200'],
    ['w=640&flip&phone.flip=false', 'w=640'],
    ['avif.quality=40&phone.avif.quality=30&phone.jpg.quality=50', 'avif.quality=30&jpeg.quality=50'],
    ['w=640&phone.w=320&id=a&as=picture', 'as=picture&id=a&w=320'],
  ])('?%s', (query, expected) => expect(inherits(query)).toBe(expected))

  test('in the order of the options, whatever the order of the query', () => {
    const { art } = parse('tablet.w=2&w=3&phone.w=1')
    expect(art.map(({ name, media, request }) => [name, media, request.query])).toEqual([
      ['phone', '(max-width: 600px)', 'w=1'],
      ['tablet', '(max-width: 1000px)', 'w=2'],
    ])
    expect(parse('w=3').art).toEqual([])
  })

  test('in presets and defaults too', () => {
    const { query, art } = parse('preset=hero&phone.w=7', {
      presets: { hero: { w: [5, 6], 'phone.aspect': '1:1' } },
      defaults: 'tablet.flip&format=webp',
    })
    expect(query).toBe('format=webp&phone.aspect=1&phone.w=7&tablet.flip&w=5;6')
    expect(art.map(({ request }) => request.query)).toEqual(['aspect=1&format=webp&w=7', 'flip&format=webp&w=5;6'])
  })
})

test('breakpoints of the defaults are for those images only that can change with the screen', () => {
  const context = { defaults: 'phone.w=3', presets: { hero: 'phone.w=5' } }
  expect(parse('w=9&as=url', context)).toMatchObject({ query: 'as=url&w=9', art: [] })
  expect(parse('w=9', context).art).toHaveLength(1)
  expect(failureOf(() => parse('w=9&as=url&preset=hero', context)).code).toBe('CONFLICTING_DIRECTIVES')
})

test('equal requests have one canonical query, however they are written', () => {
  const parts = ['w=640;320', 'format=webp', 'phone.w=160;80', 'phone.aspect=1', 'tablet.focus=0.5,0.5', 'phone.jpeg.quality=50']
  const canonical = 'format=webp&phone.aspect=1&phone.jpeg.quality=50&phone.w=80;160&tablet.focus=0.5,0.5&w=320;640'
  fc.assert(
    fc.property(fc.shuffledSubarray(parts, { minLength: parts.length }), fc.boolean(), (order, other) => {
      const query = order.join('&')
      expect(parse(other ? query.replace('jpeg', 'jpg').replace('aspect=1', 'aspect=1:1').replace('160;80', '80;160') : query).query).toBe(
        canonical,
      )
    }),
  )
  expect(parse(canonical).query).toBe(canonical)
})

describe('mistakes are refused', () => {
  test.each([
    ['phne.w=3', 'UNKNOWN_BREAKPOINT', 'phne', 'Did you mean `phone.w`?'],
    ['desktop.w=3', 'UNKNOWN_BREAKPOINT', 'phone, tablet', '`breakpoints`'],
    ['wepb.quality=3', 'UNKNOWN_BREAKPOINT', 'wepb', 'Did you mean `webp.quality`?'],
    ['phone.foucs=3', 'UNKNOWN_DIRECTIVE', 'foucs', 'Did you mean `phone.focus`?'],
    ['phone.width=3', 'UNKNOWN_DIRECTIVE', 'width', 'Did you mean `phone.w`?'],
    ['phone.as=img', 'UNKNOWN_DIRECTIVE', 'for the image as a whole', 'Write `as` without `phone.`.'],
    ['phone.tablet.w=3', 'UNKNOWN_DIRECTIVE', 'tablet.w', ''],
    ['phone.avif.w=3', 'UNKNOWN_DIRECTIVE', '`phone.avif.w`', 'Write `w`.'],
    ['phone.w=0', 'INVALID_DIRECTIVE', '`phone.w`', ''],
    ['phone.quality=1;2&phone.avif.quality=1;2', 'CONFLICTING_DIRECTIVES', '`phone.avif.quality` takes one value', ''],
    ['phone.allowUpscale=true;false', 'CONFLICTING_DIRECTIVES', '`phone.allowUpscale` takes one value', ''],
    ['w=9&phone.w=3&as=img', 'CONFLICTING_DIRECTIVES', '`as=img`', '`as=picture`'],
    ['w=9&phone.w=3&as=url', 'CONFLICTING_DIRECTIVES', '`as=url`', '`as=picture`'],
    ['w=9&phone.w=3&url', 'CONFLICTING_DIRECTIVES', '`url`', '`as=picture`'],
  ])('?%s', (query, code, reason, hint) => {
    const failure = failureOf(() => parse(query))
    expect(failure.code).toBe(code)
    expect(failure.reason).toContain(reason)
    expect(failure.hint ?? '').toContain(hint)
  })

  test('and said to be so where the plugin has no breakpoints', () => {
    const { code, reason } = failureOf(() => parseRequest('phone.w=3'))
    expect([code, reason]).toEqual(['UNKNOWN_BREAKPOINT', expect.stringContaining('the plugin has no breakpoints')])
  })

  test.each([
    ['phone.w=3', true],
    ['anything.aspect=3', true],
    ['phone.jpg.quality=3', true],
    ['.w=3', false],
    ['phone.=3', false],
    ['phone.id=3', false],
    ['a.b=3', false],
  ])('?%s alone is ours: %s', (query, ours) => expect(isOurs(query)).toBe(ours))
})

describe('the option `breakpoints`', () => {
  test.each([
    '(max-width: 600px)',
    'screen and (max-width: 37.5em)',
    '(400px <= width <= 700px)',
    'print, (orientation: portrait) and (not (hover))',
    '(min-width: calc(10px * 4))',
  ])('takes %s', (media) => {
    expect(isMediaQuery(media)).toBe(true)
    expect(resolveOptions({ breakpoints: { phone: media } }).breakpoints).toEqual({ phone: media })
  })

  test.each([
    ['a condition without parentheses', { phone: 'max-width: 600px' }],
    ['one that is not closed', { phone: '(max-width: 600px' }],
    ['an at-rule', { phone: '@media (max-width: 600px)' }],
    ['nothing', { phone: ' ' }],
    ['what ends an attribute', { phone: '(max-width: 600px)" onerror="' }],
    ['a number', { phone: 600 }],
    ['the name of a format', { avif: '(max-width: 600px)' }],
    ['the name of a directive', { w: '(max-width: 600px)' }],
    ['a number for a name', { 600: '(max-width: 600px)' }],
    ['the same condition twice', { phone: '(max-width: 600px)', small: '(max-width: 600px) ' }],
    ['a list', ['(max-width: 600px)']],
  ])('refuses %s', (_, value) => {
    const { code, reason } = failureOf(() => resolveOptions({ breakpoints: value }))
    expect([code, reason]).toEqual(['INVALID_OPTION', expect.stringContaining('`breakpoints')])
  })
})
