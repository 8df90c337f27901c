import { decode, encode, isBlurhashValid } from 'blurhash'
import sharp from 'sharp'
import { thumbHashToRGBA } from 'thumbhash'
import { describe, expect, test } from 'vitest'
import { PLACEHOLDERS } from '../../src/query/directives.ts'
import { difference, pixelAt, raw, workshop, type Raw } from '../support/engine.ts'
import { jpeg, photo, quarters } from '../support/images.ts'
import { KINDS, animation, oriented, svg, type Kind } from '../support/sources.ts'

type Answer = Record<string, unknown>

async function ask(bytes: Uint8Array, query: string): Promise<Answer> {
  const { plan, pipeline } = workshop()
  const { source, plan: planned } = await plan(bytes, query)
  const [fact] = planned.facts
  if (!fact) throw new Error(`${query} asks nothing`)
  return (await pipeline.fact({ source, fact })).metadata
}

function bytesOf(data_uri: unknown): Buffer {
  const [, base64] = /^data:image\/webp;base64,([A-Za-z0-9+/=]+)$/.exec(String(data_uri)) ?? []
  if (base64 === undefined) throw new Error(`not a data URI: ${String(data_uri)}`)
  return Buffer.from(base64, 'base64')
}

/** The colours of the corners, as the first word that fits. */
function corners({ data, width, height, channels }: Raw): string[] {
  const name = (x: number, y: number): string => {
    const [red = 0, green = 0, blue = 0] = pixelAt({ data, width, height, channels }, x, y)
    if (Math.min(red, green, blue) > 150) return 'white'
    return red > green && red > blue ? 'red' : green > blue ? 'green' : 'blue'
  }
  return [name(0, 0), name(width - 1, 0), name(0, height - 1), name(width - 1, height - 1)]
}

/** A disc of a colour on nothing; what cannot be seen has another colour. */
async function disc(colour: string, hidden: string, width = 120, height = 80, radius = 40): Promise<Buffer> {
  const mask = `<svg width="${width}" height="${height}"><ellipse cx="50%" cy="50%" rx="${radius}%" ry="${radius}%"/></svg>`
  const alpha = await sharp(Buffer.from(mask)).extractChannel('alpha').raw().toBuffer()
  const paint = (background: string): Promise<Buffer> =>
    sharp({ create: { width, height, channels: 3, background } })
      .raw()
      .toBuffer()
  const [inside, outside] = [await paint(colour), await paint(hidden)]
  const data = Buffer.alloc(width * height * 4)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const visible = alpha[pixel] ?? 0
    ;(visible > 0 ? inside : outside).copy(data, 4 * pixel, 3 * pixel, 3 * pixel + 3)
    data[4 * pixel + 3] = visible
  }
  return sharp(data, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer()
}

const FIELDS = {
  lqip: ['kind', 'data_uri', 'width', 'height', 'background'],
  dominant_color: ['kind', 'dominant_color', 'background'],
  css_gradient: ['kind', 'css', 'background'],
  blurhash: ['kind', 'hash', 'data_uri', 'background'],
  thumbhash: ['kind', 'hash', 'data_uri', 'background'],
} as const

const SOURCES: Kind[] = ['CMYK jpeg', 'png with alpha', '16 bit png', 'grey png', 'grey png with alpha', 'moving gif', 'svg', 'tiff']

describe.each(PLACEHOLDERS)('%s', (kind) => {
  test.each(SOURCES)('of a %s has its fields and stays below 1 kB', async (source) => {
    const answer = await ask(await KINDS[source](150, 100), `w=80&placeholder=${kind}`)
    expect(Object.keys(answer)).toEqual(FIELDS[kind])
    expect(answer['kind']).toBe(kind)
    expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(1024)
  })

  test('needs no quotes, so that it can stand in an attribute', async () => {
    expect((await ask(await jpeg(150, 100), `placeholder=${kind}`))['background']).not.toMatch(/["'\\;]{1}(?!base64)/)
  })
})

describe('dominant_color', () => {
  test('is the colour of most of what is seen, not the mean', async () => {
    const picture = await sharp({ create: { width: 100, height: 60, channels: 3, background: '#3366cc' } })
      .composite([{ input: { create: { width: 40, height: 60, channels: 3, background: '#ffee00' } }, gravity: 'west' }])
      .png()
      .toBuffer()
    expect(await ask(picture, 'placeholder=dominant')).toEqual({
      kind: 'dominant_color',
      dominant_color: '#3366cc',
      background: '#3366cc',
    })
  })

  test('does not count what is transparent', async () => {
    expect(await ask(await disc('#cc2200', '#00ff00', 60, 60, 20), 'placeholder=dominant_color')).toHaveProperty(
      'dominant_color',
      '#cc2200',
    )
  })
})

describe('lqip', () => {
  test('is a small copy of the picture', async () => {
    const source = await jpeg(300, 200)
    const answer = await ask(source, 'w=150&format=avif;webp&placeholder=lqip')
    expect(answer).toMatchObject({ width: 20, height: 13 })
    const expected = await raw(sharp(source).resize(20, 13, { fit: 'fill' }))
    const shown = await raw(bytesOf(answer['data_uri']))
    expect(difference(shown, expected).mean).toBeLessThan(8)
    expect(bytesOf(answer['data_uri']).length).toBeLessThan(330)
    expect(answer['background']).toBe(`center / cover no-repeat url(${String(answer['data_uri'])})`)
  })

  test('has the width that is asked for', async () => {
    expect(await ask(await jpeg(300, 200), 'w=90&placeholder=lqip:42')).toMatchObject({ width: 42, height: 28 })
  })

  test('of a tall picture is at most twice as high as wide', async () => {
    expect(await ask(await jpeg(40, 400), 'placeholder=lqip')).toMatchObject({ width: 4, height: 40 })
  })

  test('keeps transparency', async () => {
    const shown = await raw(bytesOf((await ask(await disc('#cc2200', '#00ff00'), 'placeholder=lqip'))['data_uri']))
    expect(shown.channels).toBe(4)
    expect(pixelAt(shown, 0, 0)[3]).toBeLessThan(20)
    const [red = 0, green = 0, , alpha = 0] = pixelAt(shown, 10, 6)
    expect(alpha).toBeGreaterThan(235)
    expect(red).toBeGreaterThan(180)
    expect(green).toBeLessThan(70)
  })
})

describe('what a placeholder shows', () => {
  const shown = async (bytes: Uint8Array, query: string): Promise<string[]> =>
    corners(await raw(bytesOf((await ask(bytes, `${query}&placeholder=lqip`))['data_uri'])))

  test('is turned as EXIF says', async () => {
    for (let orientation = 1; orientation <= 8; orientation++)
      expect(await shown(await oriented(orientation, 120, 80), 'w=60')).toEqual(['red', 'green', 'blue', 'white'])
  })

  test.each([
    ['flop', ['green', 'red', 'white', 'blue']],
    ['flip', ['blue', 'white', 'red', 'green']],
    ['rotate=90', ['blue', 'red', 'white', 'green']],
    ['crop=50%,0,50%,50%', ['green', 'green', 'green', 'green']],
    ['w=20&h=80', ['red', 'green', 'blue', 'white']],
    ['w=10&h=40&position=left', ['red', 'red', 'blue', 'blue']],
    ['w=40&h=40&focus=1,0', ['green', 'green', 'white', 'white']],
    ['aspect=1:4&focus=1,0', ['green', 'green', 'white', 'white']],
    ['blur=30', ['red', 'green', 'blue', 'white']],
  ])('is cut and turned as by %s', async (query, expected) => {
    expect(await shown(await quarters(160, 80).png().toBuffer(), query)).toEqual(expected)
  })

  test('has the colours that the effects make, and the border that is trimmed is gone', async () => {
    const framed = await quarters(80, 40).extend({ top: 20, bottom: 20, left: 20, right: 20, background: '#000000' }).png().toBuffer()
    expect(await shown(framed, 'trim')).toEqual(['red', 'green', 'blue', 'white'])
    const grey = await raw(bytesOf((await ask(await quarters(160, 80).png().toBuffer(), 'grayscale&placeholder=lqip'))['data_uri']))
    const [red = 0, green = 0, blue = 0] = pixelAt(grey, 0, 0)
    expect(Math.max(red, green, blue) - Math.min(red, green, blue)).toBeLessThan(6)
  })

  test('is the part that `attention` keeps', async () => {
    const source = await sharp({ create: { width: 240, height: 80, channels: 3, background: '#808080' } })
      .composite([{ input: await photo(60, 60).png().toBuffer(), left: 175, top: 10 }])
      .png()
      .toBuffer()
    const { one } = workshop()
    const picture = sharp(await one(source, 'w=60&h=60&position=attention&format=png'))
      .removeAlpha()
      .resize(20, 20, { fit: 'fill' })
    const answer = await ask(source, 'w=60&h=60&position=attention&format=png&placeholder=lqip')
    expect(difference(await raw(bytesOf(answer['data_uri'])), await raw(picture)).mean).toBeLessThan(12)
  })

  test('is the first frame of an animation, and an SVG as it is drawn', async () => {
    const moving = await ask(await animation('gif', 60, 40, ['#ff0000', '#00ff00', '#00ff00']), 'w=30&placeholder=lqip')
    expect(corners(await raw(bytesOf(moving['data_uri'])))[1]).toBe('red')
    const [left, right] = corners(await raw(bytesOf((await ask(svg(40, 40), 'w=400&placeholder=lqip'))['data_uri'])))
    expect([left, right]).toEqual(['red', 'blue'])
  })
})

describe('hashes', () => {
  const expected = async (source: Buffer, width: number, height: number): Promise<Raw> =>
    raw(sharp(source).ensureAlpha().resize(width, height, { fit: 'fill' }))

  test('a thumbhash decodes to the picture, here and in its `data_uri`', async () => {
    const source = await jpeg(300, 200)
    const { hash, data_uri } = await ask(source, 'w=100&placeholder=thumbhash')
    const { w, h, rgba } = thumbHashToRGBA(Buffer.from(String(hash), 'base64'))
    const decoded = { data: Buffer.from(rgba), width: w, height: h, channels: 4 }
    expect(difference(decoded, await expected(source, w, h)).mean).toBeLessThan(14)
    expect(difference(await raw(sharp(bytesOf(data_uri)).ensureAlpha()), decoded).mean).toBeLessThan(4)
  })

  test('a thumbhash keeps transparency', async () => {
    const shown = await raw(bytesOf((await ask(await disc('#cc2200', '#00ff00'), 'placeholder=thumbhash'))['data_uri']))
    expect(shown.channels).toBe(4)
    expect(pixelAt(shown, 0, 0)[3]).toBeLessThan(60)
    expect(pixelAt(shown, shown.width >> 1, shown.height >> 1)[3]).toBeGreaterThan(200)
  })

  test('a blurhash decodes to the picture, here and in its `data_uri`', async () => {
    const source = await jpeg(300, 200)
    const { hash, data_uri } = await ask(source, 'w=100&placeholder=blurhash')
    expect(isBlurhashValid(String(hash)).result).toBe(true)
    const decoded = { data: Buffer.from(decode(String(hash), 32, 21)), width: 32, height: 21, channels: 4 }
    const pixels = await expected(source, 96, 64)
    const own = encode(new Uint8ClampedArray(pixels.data), 96, 64, 4, 3)
    expect(difference(decoded, { ...decoded, data: Buffer.from(decode(own, 32, 21)) }).mean).toBeLessThan(2)
    expect(difference(await raw(sharp(bytesOf(data_uri)).ensureAlpha()), decoded).mean).toBeLessThan(4)
  })

  test.each([
    ['', 255, 0],
    ['&background=0000ff', 0, 255],
  ])('a blurhash lays transparency on white, or on the `background`%s', async (query, red, green) => {
    const { hash } = await ask(await disc('#cc2200', '#00ff00', 120, 120), `placeholder=blurhash${query}`)
    const decoded = { data: Buffer.from(decode(String(hash), 16, 16)), width: 16, height: 16, channels: 4 }
    const [r = 0, g = 0, b = 0] = pixelAt(decoded, 0, 0)
    expect(b).toBeGreaterThan(200)
    expect(Math.abs(r - red)).toBeLessThan(60)
    if (green === 255) expect(g).toBeLessThan(60)
  })
})

describe('css_gradient', () => {
  test('has the colours of the picture where they are in it', async () => {
    const { css, background } = await ask(await quarters(120, 120).png().toBuffer(), 'placeholder=css_gradient')
    expect(background).toBe(css)
    const spots = [...String(css).matchAll(/radial-gradient\(60% 60% at (\d+)% (\d+)%,(#[0-9a-f]{6}),#0000\)/g)]
    expect(spots).toHaveLength(9)
    const at = (x: string, y: string): string | undefined => spots.find(([, left, top]) => left === x && top === y)?.[3]
    expect([at('0', '0'), at('100', '0'), at('0', '100'), at('100', '100')]).toEqual(['#ff0000', '#00ff00', '#0000ff', '#ffffff'])
    expect(String(css)).toMatch(/,#[0-9a-f]{6}$/)
  })

  test('is transparent where the picture is', async () => {
    const { css } = await ask(await disc('#cc2200', '#00ff00'), 'placeholder=css_gradient')
    expect(String(css)).toMatch(/at 0% 0%,#[cd][0-9a-f]2[0-9a-f]0[0-9a-f][1-7][0-9a-f],#0000\)/)
    expect(String(css)).toMatch(/at 50% 50%,#cc2200,#0000\)/)
    expect(String(css)).toMatch(/\)$/)
  })
})

test('the width of the images that it stands in for makes no other placeholder', async () => {
  const { plan } = workshop()
  const bytes = await jpeg(600, 400)
  const keyOf = async (query: string): Promise<string | undefined> => (await plan(bytes, query)).plan.facts[0]?.key
  const key = await keyOf('w=300&placeholder=thumbhash')
  expect(await keyOf('w=150;300&format=avif;webp&quality=30&placeholder=thumbhash')).toBe(key)
  expect(await keyOf('w=41&placeholder=thumbhash')).toBe(key)
  expect(await keyOf('w=600&sharpen&placeholder=thumbhash')).toBe(key)
  expect(await keyOf('w=300&flip&placeholder=thumbhash')).not.toBe(key)
  expect(await keyOf('w=300&placeholder=blurhash')).not.toBe(key)
})
