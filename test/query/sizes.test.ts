import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cropBox, focusBox, outputSize } from '../../src/query/size.ts'
import { failureOf, outputsOf, planOf, sizesOf } from '../support/plans.ts'

describe('a 3:2 source of 1200 × 800 px', () => {
  test.each([
    ['', ['1200x800']],
    ['w=320;640;1024', ['320x213', '640x427', '1024x683']],
    ['w=0001', ['1x1']],
    ['h=400', ['600x400']],
    ['h=200;100', ['150x100', '300x200']],
    ['w=300&h=300', ['300x300']],
    ['w=300&h=300&fit=inside', ['300x200']],
    ['w=300&h=300&fit=outside', ['450x300']],
    ['w=300&h=300&contain', ['300x300']],
    ['w=320&aspect=16:9', ['320x180']],
    ['h=180&aspect=16:9', ['320x180']],
    ['aspect=16:9', ['1200x675']],
    ['aspect=1', ['800x800']],
    ['w=300&h=200&aspect=16:9', ['300x200']],
    ['w=320&aspect=16:9&fit=inside', ['270x180']],
    ['w=320&aspect=16:9&fit=outside', ['320x213']],
    ['w=100&crop=0,0,50%,100%', ['100x133']],
    ['crop=10,20,31,41', ['31x41']],
    ['rotate=90', ['800x1200']],
    ['w=300&rotate=270', ['200x300']],
    ['w=300&rotate=180', ['300x200']],
    ['w=300&rotate=30', ['360x323']],
    ['w=2000', ['1200x800']],
    ['w=2000&allowUpscale', ['2000x1333']],
    ['w=1300;2000;3000', ['1200x800']],
    ['w=2400&aspect=1', ['800x800']],
    ['w=3000&h=1000', ['1200x400']],
    ['w=600&h=1600', ['300x800']],
    ['w=900&crop=0,0,50%,50%', ['600x400']],
    ['w=320;640&h=100;200', ['320x100', '320x200', '640x100', '640x200']],
  ])('?%s becomes %s', (query, sizes) => {
    expect(sizesOf(query)).toEqual(sizes)
  })
})

test.each([
  [1, '400x600'],
  [5, '400x267'],
  [6, '400x267'],
  [7, '400x267'],
  [8, '400x267'],
])('sizes are those of the displayed source (orientation %i)', (orientation, size) => {
  expect(sizesOf('w=400', { header: { width: 800, height: 1200, orientation } })).toEqual([size])
  expect(sizesOf('w=400&noAutoOrient', { header: { width: 800, height: 1200, orientation } })).toEqual(['400x600'])
})

test.each([
  ['w=10', '10x1'],
  ['h=1', '5000x1'],
  ['w=1', '1x1'],
  ['w=10&h=10', '1x1'],
  ['aspect=1', '1x1'],
])('a line is never thinner than a pixel: ?%s', (query, size) => {
  expect(sizesOf(query, { header: { width: 5000, height: 1 } })).toEqual([size])
})

test('a clamped size keeps the aspect that was asked for, and is told of once', () => {
  const { outputs, warnings } = planOf('w=1300;2000;3000&format=webp;jpeg&aspect=16:9')
  expect(outputs).toHaveLength(2)
  expect(warnings).toEqual([
    'larger than the source (1200 × 800 px): w=1300&aspect=1.7778, w=2000&aspect=1.7778, w=3000&aspect=1.7778; made at 1200 × 675 px; `allowUpscale` would enlarge it',
  ])
  expect(planOf('w=1200;600').warnings).toEqual([])
  expect(planOf('w=2000&allowUpscale').warnings).toEqual([])
  expect(planOf('w=2000', { header: { format: 'svg' } })).toMatchObject({
    warnings: [],
    outputs: [{ picture: { width: 2000, height: 1333 } }],
  })
})

describe('descriptors', () => {
  test.each([
    ['w=320;640', ['320x213 jpeg 320w', '640x427 jpeg 640w']],
    ['w=320&densities=1;2', ['320x213 jpeg 1x', '640x427 jpeg 2x']],
    ['w=320&densities=2', ['640x427 jpeg 2x']],
    ['w=100&h=100&densities=0.5;1.5', ['50x50 jpeg 0.5x', '150x150 jpeg 1.5x']],
    ['w=300&h=300&inside&densities=1;2', ['300x200 jpeg 1x', '600x400 jpeg 2x']],
    ['h=200&densities=1;2', ['300x200 jpeg 1x', '600x400 jpeg 2x']],
    ['h=200&aspect=1&densities=1;2', ['200x200 jpeg 1x', '400x400 jpeg 2x']],
    ['h=100&crop=0,0,100,100&densities=0.5;1', ['50x50 jpeg 0.5x', '100x100 jpeg 1x']],
    ['w=200&rotate=90&densities=1;2', ['133x200 jpeg 1x', '267x400 jpeg 2x']],
    ['densities=1;2;3', ['400x267 jpeg 1x', '800x533 jpeg 2x', '1200x800 jpeg 3x']],
    ['crop=0,0,200,100&densities=1;2', ['100x50 jpeg 1x', '200x100 jpeg 2x']],
    ['aspect=1&densities=1;2', ['400x400 jpeg 1x', '800x800 jpeg 2x']],
    ['w=800&densities=1;2;3', ['800x533 jpeg 1x', '1200x800 jpeg 1.5x']],
    ['basePixels=400&densities=1;2', ['400x267 jpeg 1x', '800x533 jpeg 2x']],
    ['basePixels=300&w=300;600;450', ['300x200 jpeg 1x', '450x300 jpeg 1.5x', '600x400 jpeg 2x']],
    ['basePixels=300', ['1200x800 jpeg 4x']],
  ])('?%s gives %s', (query, outputs) => {
    expect(outputsOf(query)).toEqual(outputs)
  })

  test.each(['w=1;2&densities=1;2', 'h=1;2&densities=1;2', 'w=300&basePixels=300&densities=1;2'])('?%s would mix two kinds', (query) => {
    expect(failureOf(() => planOf(query)).code).toBe('CONFLICTING_DIRECTIVES')
  })

  test('are all of one kind, whatever is asked', () => {
    const some = fc.subarray([
      'w=90;400',
      'h=100',
      'aspect=2',
      'densities=1;2',
      'basePixels=50',
      'format=webp;png',
      'rotate=20',
      'fit=inside',
    ])
    fc.assert(
      fc.property(some, (parts) => {
        const query = parts.join('&')
        if (parts.includes('densities=1;2') && (parts.includes('w=90;400') || (parts.includes('h=100') && parts.includes('basePixels=50'))))
          return
        const units = new Set(planOf(query).outputs.map(({ descriptor }) => descriptor.at(-1)))
        expect([...units]).toEqual([/densities|basePixels/.test(query) ? 'x' : 'w'])
      }),
      { seed: 3 },
    )
  })
})

describe('any size', () => {
  const side = fc.integer({ min: 1, max: 3000 })
  const source = fc.record({ width: side, height: side })
  const wanted = fc.record(
    {
      w: side,
      h: side,
      aspect: fc.double({ min: 0.01, max: 100, noNaN: true }),
      fit: fc.constantFrom('cover', 'contain', 'fill', 'inside', 'outside'),
    },
    { requiredKeys: [] },
  )

  test('is whole, at least a pixel, and within the source', () => {
    fc.assert(
      fc.property(source, wanted, (from, query) => {
        const { width, height } = outputSize(from, { ...query, allowUpscale: false })
        expect([Number.isInteger(width), Number.isInteger(height), width >= 1, height >= 1]).toEqual([true, true, true, true])
        expect(width <= from.width && height <= from.height).toBe(true)
      }),
      { seed: 1, numRuns: 2000 },
    )
  })

  test('keeps the aspect to half a pixel', () => {
    fc.assert(
      fc.property(source, wanted, (from, query) => {
        const free = outputSize(from, { ...query, allowUpscale: true })
        const clamped = outputSize(from, { ...query, allowUpscale: false })
        const factor = clamped.shrink
        expect(Math.abs(clamped.width - Math.max(1, free.width * factor))).toBeLessThanOrEqual(1)
        expect(Math.abs(clamped.height - Math.max(1, free.height * factor))).toBeLessThanOrEqual(1)
      }),
      { seed: 2, numRuns: 2000 },
    )
  })

  test('of a focus lies within what it is cut from, has the wanted aspect, and touches two of its edges', () => {
    const share = fc.integer({ min: 0, max: 100 }).map((value) => value / 100)
    fc.assert(
      fc.property(source, source, share, share, (base, output, x, y) => {
        const box = focusBox(`${x},${y}`, { left: 7, top: 11, ...base }, output)
        expect(box.left >= 7 && box.top >= 11 && box.left + box.width <= 7 + base.width && box.top + box.height <= 11 + base.height).toBe(
          true,
        )
        expect(box.width === base.width || box.height === base.height).toBe(true)
        const scale = Math.min(base.width / output.width, base.height / output.height)
        expect(Math.abs(box.width - Math.max(1, output.width * scale))).toBeLessThanOrEqual(0.5)
        expect(Math.abs(box.height - Math.max(1, output.height * scale))).toBeLessThanOrEqual(0.5)
      }),
      { seed: 4, numRuns: 500 },
    )
  })
})

describe('a crop', () => {
  test.each([
    ['0,0,1200,800', { left: 0, top: 0, width: 1200, height: 800 }],
    ['10%,25%,50%,50%', { left: 120, top: 200, width: 600, height: 400 }],
    ['100,10%,50%,100', { left: 100, top: 80, width: 600, height: 100 }],
    ['1199,799,1,1', { left: 1199, top: 799, width: 1, height: 1 }],
  ])('of %s is %o', (text, box) => {
    expect(cropBox(text, { width: 1200, height: 800 })).toEqual(box)
  })

  test.each(['0,0,1201,800', '1200,0,1,1', '1,0,100%,1', '60%,0,50%,1'])('of %s is not inside', (crop) => {
    const { code, reason } = failureOf(() => planOf(`crop=${crop}`))
    expect([code, reason]).toEqual([
      'INVALID_DIRECTIVE',
      `invalid value of \`crop\`: expected a rectangle within the source (1200 × 800 px), received \`${crop}\``,
    ])
  })

  test('within 100 % is inside any source', () => {
    const part = fc.integer({ min: 0, max: 99 }).chain((start) => fc.tuple(fc.constant(start), fc.integer({ min: 1, max: 100 - start })))
    fc.assert(
      fc.property(part, part, fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 400 }), ([x, w], [y, h], width, height) => {
        expect(cropBox(`${x}%,${y}%,${w}%,${h}%`, { width, height })).toBeDefined()
      }),
      { seed: 6, numRuns: 2000 },
    )
  })
})

describe('formats', () => {
  test.each([
    ['format=auto', {}, ['avif', 'webp', 'jpeg']],
    ['format=auto', { alpha: true }, ['avif', 'webp', 'png']],
    ['format=auto', { format: 'gif' as const, frames: 5, alpha: true }, ['webp', 'gif']],
    ['format=auto&animated=false', { format: 'gif' as const, frames: 5 }, ['avif', 'webp', 'jpeg']],
    ['format=auto;jpeg', {}, ['avif', 'webp', 'jpeg']],
    ['format=jpeg;webp', {}, ['jpeg', 'webp']],
    ['', { format: 'webp' as const }, ['webp']],
    ['w=9', { format: 'tiff' as const }, ['jpeg']],
    ['w=9', { format: 'tiff' as const, alpha: true }, ['png']],
    ['w=9', { format: 'svg' as const, alpha: true }, ['png']],
  ])('?%s of %o', (query, header, formats) => {
    expect(planOf(query, { header }).outputs.map(({ encoding }) => encoding.format)).toEqual(formats)
  })

  test('that cannot move say so, unless that is meant', () => {
    const header = { format: 'gif' as const, frames: 4 }
    expect(planOf('format=avif;webp;jpeg', { header }).warnings.map((text) => text.split(' ')[0])).toEqual(['avif', 'jpeg'])
    expect(planOf('format=avif;webp;jpeg&animated=false', { header }).warnings).toEqual([])
    expect(planOf('format=webp', { header }).outputs[0]?.picture.frames).toBe(4)
  })

  test('have settings of their own', () => {
    const settings = (query: string): unknown => planOf(query).outputs.map(({ encoding }) => encoding)
    expect(settings('format=avif;webp;jpeg;png&quality=60&avif.quality=40&effort=9&webp.effort=min&jpeg.progressive=false')).toEqual([
      { format: 'avif', quality: 40, effort: 9 },
      { format: 'webp', quality: 60, effort: 0 },
      { format: 'jpeg', quality: 60, effort: 2, progressive: false },
      { format: 'png', quality: 60, effort: 9 },
    ])
    expect(settings('format=avif;webp&lossless&avif.lossless=false')).toEqual([
      { format: 'avif', quality: 56, effort: 3 },
      { format: 'webp', effort: 5, lossless: true },
    ])
  })

  test.each([
    ['format=webp&webp.effort=7', 'INVALID_DIRECTIVE'],
    ['format=jpeg&jpeg.effort=3', 'INVALID_DIRECTIVE'],
    ['format=jpeg&jpeg.lossless', 'CONFLICTING_DIRECTIVES'],
  ])('refuse what they do not have: ?%s', (query, code) => {
    expect(failureOf(() => planOf(query)).code).toBe(code)
  })

  test.each([
    ['webp', 16_383],
    ['avif', 16_384],
    ['jpeg', 65_500],
    ['png', 65_535],
    ['gif', 65_535],
  ])('%s is made up to %i px a side', (format, most) => {
    const header = { width: 65_535, height: 1 }
    expect(sizesOf(`format=${format}&w=${most}`, { header })).toEqual([`${most}x1`])
    if (most < 65_535) expect(failureOf(() => planOf(`format=${format}&w=${most + 1}`, { header })).code).toBe('SIZE_LIMIT')
  })
})

test('a median is never wider than the picture', () => {
  const median = (query: string): unknown => planOf(query).outputs[0]?.picture.effects
  expect([median('median=7'), median('median=7&w=6'), median('median=7&w=1')]).toEqual([{ median: 7 }, { median: 4 }, undefined])
})

test('limits hold before anything is decoded', () => {
  expect(failureOf(() => planOf('w=3', { header: { width: 10_001, height: 10_000 } })).code).toBe('PIXEL_LIMIT')
  expect(failureOf(() => planOf('w=3', { header: { format: 'gif', frames: 105 } })).code).toBe('PIXEL_LIMIT')
  expect(failureOf(() => planOf('w=20000&h=20000&allowUpscale&format=png')).code).toBe('PIXEL_LIMIT')
  const list = Array.from({ length: 100 }, (_, index) => index + 1).join(';')
  expect(failureOf(() => planOf(`w=${list}&h=${list}&quality=${list}&blur=${list}`))).toMatchObject({
    code: 'SIZE_LIMIT',
    reason: 'the lists multiply to 100000000 outputs: expected at most 1000',
  })
})

test.each([
  ['w=300', 'resize'],
  ['w=300;600', 'srcset'],
  ['format=webp', 'convert'],
  ['format=webp;png', 'srcset'],
  ['crop=0,0,9,9', 'convert'],
])('?%s is the operation %s', (query, operation) => {
  expect(planOf(query).operation).toBe(operation)
})
