import sharp, { type Sharp } from 'sharp'
import { describe, expect, test } from 'vitest'
import { difference, pixelAt, raw, workshop, type Raw } from '../support/engine.ts'
import { photo, quarters } from '../support/images.ts'
import { fading, oriented, svg } from '../support/sources.ts'

const RED = [255, 0, 0]
const GREEN = [0, 255, 0]
const BLUE = [0, 0, 255]
const WHITE = [255, 255, 255]

/** Colours at the middles of the four quarters, from left to right and from top to bottom. */
function corners(image: Raw): number[][] {
  const [left, right, top, bottom] = [image.width >> 2, (image.width * 3) >> 2, image.height >> 2, (image.height * 3) >> 2]
  return [pixelAt(image, left, top), pixelAt(image, right, top), pixelAt(image, left, bottom), pixelAt(image, right, bottom)]
}

/** The first row, where each colour is as good as pure. */
function pixelsOf(image: Raw): number[][] {
  return Array.from({ length: image.width }, (_, x) => pixelAt(image, x, 0).map((value) => Math.round(value / 51) * 51))
}

const source = (): Promise<Buffer> => quarters(60, 40).png().toBuffer()

describe('known colours', () => {
  test.each([
    ['', [RED, GREEN, BLUE, WHITE]],
    ['flip', [BLUE, WHITE, RED, GREEN]],
    ['flop', [GREEN, RED, WHITE, BLUE]],
    ['flip&flop', [WHITE, BLUE, GREEN, RED]],
    ['rotate=90', [BLUE, RED, WHITE, GREEN]],
    ['rotate=180', [WHITE, BLUE, GREEN, RED]],
    ['rotate=-90', [GREEN, WHITE, RED, BLUE]],
    ['rotate=90&w=30', [BLUE, RED, WHITE, GREEN]],
    ['w=20&h=20&fit=fill', [RED, GREEN, BLUE, WHITE]],
    ['w=20&h=20&fit=cover&rotate=90', [BLUE, RED, WHITE, GREEN]],
    ['w=10&h=40&position=left', [RED, RED, BLUE, BLUE]],
    ['w=10&h=40&position=right', [GREEN, GREEN, WHITE, WHITE]],
    ['w=60&h=10&top', [RED, GREEN, RED, GREEN]],
    ['w=60&h=10&bottom', [BLUE, WHITE, BLUE, WHITE]],
    ['w=10&h=40&position=left&rotate=90', [BLUE, RED, BLUE, RED]],
    ['w=60&h=10&position=bottom&rotate=180', [WHITE, BLUE, WHITE, BLUE]],
    ['w=20&h=40&focus=0,0', [RED, RED, BLUE, BLUE]],
    ['w=20&h=40&focus=1,0', [GREEN, GREEN, WHITE, WHITE]],
    ['aspect=6&focus=0.5,1', [BLUE, WHITE, BLUE, WHITE]],
    ['crop=0,0,30,20', [RED, RED, RED, RED]],
    ['crop=50%,50%,50%,50%', [WHITE, WHITE, WHITE, WHITE]],
    ['crop=30,0,30,100%&w=10', [GREEN, GREEN, WHITE, WHITE]],
    ['crop=30,0,30,40&flip&rotate=90', [GREEN, WHITE, GREEN, WHITE]],
    [
      'invert',
      [
        [0, 255, 255],
        [255, 0, 255],
        [255, 255, 0],
        [0, 0, 0],
      ],
    ],
    ['grayscale', [[127, 127, 127], [220, 220, 220], [76, 76, 76], WHITE]],
  ])('of ?%s', async (query, colours) => {
    const image = await workshop().pixels(await source(), `${query}&format=png`)
    const found = corners(image).map((colour) => (colour.length === 1 ? [...colour, ...colour, ...colour] : colour))
    found.forEach((colour, index) =>
      colour.forEach((value, channel) =>
        expect(Math.abs(value - (colours[index]?.[channel] ?? Number.NaN)), `${found}`).toBeLessThanOrEqual(2),
      ),
    )
  })

  test('of a line, which is made shorter and not cut', async () => {
    const line = await quarters(2000, 1).extend({ left: 2000, background: '#0000ff' }).png().toBuffer()
    expect(pixelsOf(await workshop().pixels(line, 'w=8&format=png'))).toEqual([BLUE, BLUE, BLUE, BLUE, RED, RED, GREEN, GREEN])
  })

  test('of what contain and rotate fill', async () => {
    const { pixels } = workshop()
    const boxed = await pixels(await source(), 'w=60&h=60&fit=contain&background=336699&allowUpscale&format=png')
    expect([pixelAt(boxed, 30, 2), pixelAt(boxed, 30, 57), pixelAt(boxed, 5, 15)]).toEqual([[51, 102, 153], [51, 102, 153], RED])
    const turned = await pixels(await source(), 'rotate=45&background=336699&format=png')
    expect([pixelAt(turned, 0, 0), pixelAt(turned, turned.width - 1, turned.height - 1)]).toEqual([
      [51, 102, 153],
      [51, 102, 153],
    ])
    // Nothing, where that can be; else paper.
    for (const [query, x, y] of [
      ['rotate=45', 0, 0],
      ['w=60&h=60&contain&allowUpscale', 30, 2],
    ] as const) {
      for (const format of ['png', 'webp', 'avif'])
        expect(pixelAt(await pixels(await source(), `${query}&format=${format}`), x, y)[3], format).toBeLessThan(3)
      for (const paper of ['format=jpeg&quality=100', 'format=png&flatten'])
        expect(Math.min(...pixelAt(await pixels(await source(), `${query}&${paper}`), x, y)), paper).toBeGreaterThan(248)
    }
    expect(pixelAt(await pixels(await source(), 'rotate=45&background=transparent&format=png'), 0, 0)).toEqual([0, 0, 0, 0])
    const flat = pixelAt(await pixels(await source(), 'w=60&h=60&contain&allowUpscale&background=33669980&format=jpeg&quality=100'), 30, 2)
    expect(Math.max(...flat.map((value, channel) => Math.abs(value - ([51, 102, 153][channel] ?? 0)))), `${flat}`).toBeLessThan(9)
  })

  test('of a border that is trimmed, within a crop too', async () => {
    const { pixels, plan } = workshop()
    const framed = await quarters(20, 12).extend({ top: 5, bottom: 9, left: 7, right: 3, background: '#808080' }).png().toBuffer()
    const image = await pixels(framed, 'trim&format=png')
    expect([image.width, image.height, ...corners(image)]).toEqual([20, 12, RED, GREEN, BLUE, WHITE])
    const part = await pixels(framed, 'crop=0,0,17,100%&trim&format=png')
    expect([part.width, part.height, ...corners(part)]).toEqual([10, 12, RED, RED, BLUE, BLUE])
    const plain = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#808080' } })
      .png()
      .toBuffer()
    expect((await plan(plain, 'trim')).plan.outputs[0]?.picture).toMatchObject({ width: 9, height: 9 })
    await expect(plan(framed, 'crop=0,0,900,900&trim')).rejects.toMatchObject({ code: 'INVALID_DIRECTIVE' })
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('of EXIF orientation %i', async (orientation) => {
    const { pixels } = workshop()
    const turned = await oriented(orientation, 48, 32)
    for (const query of ['', 'w=24', 'crop=0,0,48,32', 'crop=0,0,100%,100%&w=24&h=16&fit=fill']) {
      const image = await pixels(turned, `${query}&format=png`)
      const found = corners(image).map((colour) => colour.map((value) => (value > 128 ? 255 : 0)))
      expect([image.width / image.height, ...found]).toEqual([1.5, RED, GREEN, BLUE, WHITE])
    }
    const [part] = corners(await pixels(turned, 'crop=24,0,24,16&format=png'))
    expect(part?.map((value) => (value > 128 ? 255 : 0))).toEqual(GREEN)
    const stored = await raw(sharp(turned))
    expect(difference(await pixels(turned, 'noAutoOrient&format=png'), stored).most).toBe(0)
  })
})

describe('the same as sharp alone', () => {
  const whole = { width: 90, height: 60 }
  const effects: Record<string, (image: Sharp) => Sharp> = {
    blur: (image) => image.blur(),
    'blur=3.5': (image) => image.blur(3.5),
    sharpen: (image) => image.sharpen(),
    'sharpen=2': (image) => image.sharpen({ sigma: 2 }),
    'median=5': (image) => image.median(5),
    grayscale: (image) => image.grayscale(),
    invert: (image) => image.negate({ alpha: false }),
    normalize: (image) => image.normalise(),
    flatten: (image) => image.flatten({ background: '#ffffff' }),
    'flatten&background=336699': (image) => image.flatten({ background: '#336699' }),
    'tint=ffaa22': (image) => image.tint('#ffaa22'),
    'hue=90': (image) => image.modulate({ hue: 90 }),
    'saturation=0.2': (image) => image.modulate({ saturation: 0.2 }),
    'brightness=1.5': (image) => image.modulate({ brightness: 1.5 }),
    'hue=20&saturation=2&brightness=0.7': (image) => image.modulate({ hue: 20, saturation: 2, brightness: 0.7 }),
    'blur=2&sharpen&grayscale&flip&rotate=30&background=000': (image) => image.blur(2).sharpen().grayscale().flip().rotate(30),
    'w=33': (image) => image.resize(33),
    'w=33&kernel=cubic': (image) => image.resize(33, null, { kernel: 'cubic' }),
    'w=33&kernel=nearest': (image) => image.resize(33, null, { kernel: 'nearest' }),
    'w=33&kernel=mitchell&blur=1': (image) => image.resize(33, null, { kernel: 'mitchell' }).blur(1),
    'w=33&linear': (image) => image.pipelineColourspace('scrgb').resize(33),
    'w=33&h=33&contain&background=369&linear': (image) =>
      image.pipelineColourspace('scrgb').resize(33, 33, { fit: 'contain', background: '#369' }),
    'w=33&h=33': (image) => image.resize(33, 33),
    'w=33&h=33&right': (image) => image.resize(33, 33, { position: 'right' }),
    'w=33&h=33&contain&background=red': (image) => image.resize(33, 33, { fit: 'contain', background: 'red' }),
    'w=33&h=50&fill': (image) => image.resize(33, 50, { fit: 'fill' }),
    'w=33&h=33&inside': (image) => image.resize(33, 33, { fit: 'inside' }),
    'w=30&h=30&outside': (image) => image.resize(30, 30, { fit: 'outside' }),
    'w=180&allowUpscale': (image) => image.resize(180),
    'crop=10,20,30,40&w=15': (image) => image.extract({ left: 10, top: 20, width: 30, height: 40 }).resize(15),
  }
  const sources = { opaque: photo(whole.width, whole.height), transparent: fading(whole.width, whole.height) }

  test.each(
    Object.entries(effects).flatMap(([query, apply]) => Object.entries(sources).map(([name, image]) => ({ query, name, apply, image }))),
  )('?$query of an $name picture', async ({ query, apply, image }) => {
    const bytes = await image.png().toBuffer()
    const expected = await raw(sharp(await apply(sharp(bytes)).png().toBuffer()))
    const made = await workshop().pixels(bytes, `${query}&format=png`)
    // Rounded once more between two steps where sharp alone keeps its pixels premultiplied.
    expect(difference(made, expected).mean).toBeLessThan(0.05)
  })
})

/** A picture whose red tells how far to the right a pixel is, and whose green is busy here and there. */
function panorama(seed: number): Sharp {
  const [width, height] = [1800, 300]
  const data = Buffer.alloc(width * height * 3)
  let state = seed
  const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
  const busy = Array.from({ length: 60 }, () => random() ** 2)
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      data[at] = Math.floor((x * 256) / width)
      data[at + 1] = 60 + 190 * random() * (busy[Math.floor(x / 30)] ?? 0)
      data[at + 2] = 60
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
}

describe('what stands out', () => {
  test.each(['entropy', 'attention'])('is the same part in every size and format: position=%s', async (position) => {
    for (const seed of [3, 4]) {
      const bytes = await panorama(seed).png({ compressionLevel: 1 }).toBuffer()
      const made = await workshop().make(bytes, `position=${position}&aspect=1&w=24;150;300&format=png;webp&effort=min&webp.lossless`)
      const starts = await Promise.all(made.map(async (output) => pixelAt(await raw(output.bytes), 0, 9)[0] ?? 0))
      expect(made).toHaveLength(6)
      // A pixel of the smallest size is nearly two steps of red.
      expect(Math.max(...starts) - Math.min(...starts), `${seed}: ${starts}`).toBeLessThanOrEqual(3)
    }
  })

  test.each(['entropy', 'attention'])('is kept where it is: position=%s', async (position) => {
    const { pixels } = workshop()
    const spot = await sharp({ create: { width: 60, height: 60, channels: 3, background: '#ff2200' } })
      .composite([{ input: await photo(40, 40).png().toBuffer(), left: 10, top: 10 }])
      .png()
      .toBuffer()
    for (const [left, top] of [
      [20, 20],
      [500, 20],
      [20, 300],
    ]) {
      const wide = { width: left === 500 || top === 20 ? 600 : 90, height: top === 300 ? 400 : 100 }
      const bytes = await sharp({ create: { ...wide, channels: 3, background: '#667788' } })
        .composite([{ input: spot, left: Math.min(left ?? 0, wide.width - 60), top: Math.min(top ?? 0, wide.height - 60) }])
        .png()
        .toBuffer()
      for (const query of [
        'aspect=1&w=50',
        'w=100&h=100',
        'aspect=1&w=64&noAutoOrient',
        'aspect=1&w=40&kernel=cubic',
        'aspect=1&w=50&crop=0,0,100%,100%',
      ]) {
        const image = await pixels(bytes, `${query}&position=${position}&format=png`)
        const red = image.data.filter((value, at) => at % image.channels === 0 && value > 200 && (image.data[at + 2] ?? 255) < 60).length
        // The frame of the spot is whole.
        expect(red / ((image.width * image.height * (60 * 60 - 40 * 40)) / Math.min(wide.width, wide.height) ** 2), query).toBeGreaterThan(
          0.8,
        )
      }
    }
  })
})

describe('vectors', () => {
  test('are drawn at the size of the output, not enlarged', async () => {
    const { pixels } = workshop()
    for (const query of ['w=900', 'w=900&h=900', 'crop=25%,25%,50%,50%&w=900', 'h=600&focus=0.5,0.5&aspect=1']) {
      const image = await pixels(svg(30, 20), `${query}&format=png`)
      const edge = Array.from({ length: image.width }, (_, x) => pixelAt(image, x, image.height >> 1)).filter(
        ([red = 0, , blue = 0]) => red > 5 && blue > 5,
      )
      expect(edge.length).toBeLessThanOrEqual(2)
      expect([pixelAt(image, 0, 0).slice(0, 3), pixelAt(image, image.width - 1, 0).slice(0, 3)]).toEqual([RED, BLUE])
    }
  })

  test('do not load what they name', async () => {
    const text =
      '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="8" height="8"><rect width="8" height="8" fill="#0f0"/><image width="8" height="8" xlink:href="source-0"/></svg>'
    const { pixels, one } = workshop()
    await one(await quarters(8, 8).png().toBuffer(), 'format=png')
    expect(pixelAt(await pixels(Buffer.from(text), 'format=png'), 1, 1).slice(0, 3)).toEqual(GREEN)
  })
})
