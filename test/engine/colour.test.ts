import sharp, { type Sharp } from 'sharp'
import { describe, expect, test } from 'vitest'
import { tiffOf } from '../../src/engine/tiff.ts'
import { difference, pixelAt, raw, workshop, type Raw } from '../support/engine.ts'
import { photo, quarters } from '../support/images.ts'
import { fading } from '../support/sources.ts'

/** Values as they are stored, whatever profile says what colours they are. */
async function stored(image: Uint8Array): Promise<Raw> {
  const { data, info } = await sharp(image, { ignoreIcc: true, animated: true })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  return { data, ...info }
}

/** As browsers show it on a usual screen. Of 16 bits, sharp makes sRGB only when it is told to. */
async function shown(image: Uint8Array): Promise<Raw> {
  const { icc, space } = await sharp(image).metadata()
  return raw(icc && space === 'rgb16' ? sharp(image).withIccProfile('srgb', { attach: false }) : sharp(image))
}

/** A profile with the given red, green and blue in XYZ under D50, made of one that sharp has. */
async function profileOf(colours: Record<string, [number, number, number]>): Promise<Buffer> {
  const { icc } = await sharp(await quarters(2, 2).withIccProfile('p3').png().toBuffer()).metadata()
  const made = Buffer.from(icc ?? [])
  for (let index = 0; index < made.readUInt32BE(128); index++) {
    const entry = 132 + 12 * index
    const xyz = colours[made.toString('latin1', entry, entry + 4)]
    xyz?.forEach((value, part) => made.writeInt32BE(Math.round(value * 65_536), made.readUInt32BE(entry + 4) + 8 + 4 * part))
  }
  return made
}

const ADOBE_RGB = { rXYZ: [0.6097, 0.3111, 0.0195], gXYZ: [0.2053, 0.6257, 0.0609], bXYZ: [0.1492, 0.0632, 0.7446] } satisfies Record<
  string,
  [number, number, number]
>

/** Pixels that are taken for values of the profile, and are not converted to it. */
async function withValuesOf(image: Sharp, icc: Buffer, format: 'png' | 'tiff' | 'jpeg' | 'webp'): Promise<Buffer> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true })
  const tiff = tiffOf({ data, width: info.width, height: info.height, channels: info.channels === 4 ? 4 : 3 }, icc)
  return sharp(tiff).keepIccProfile().toFormat(format, { quality: 95, lossless: true }).toBuffer()
}

const WIDE = {
  'Display P3 png': async () => withValuesOf(photo(90, 60), await profileOf({}), 'png'),
  'Display P3 png with alpha': async () => withValuesOf(fading(90, 60), await profileOf({}), 'png'),
  'Adobe RGB jpeg': async () => withValuesOf(photo(90, 60), await profileOf(ADOBE_RGB), 'jpeg'),
  'Adobe RGB tiff': async () => withValuesOf(photo(90, 60), await profileOf(ADOBE_RGB), 'tiff'),
  'Display P3 webp': async () => withValuesOf(photo(90, 60), await profileOf({}), 'webp'),
  'Display P3 png of 16 bits': async () =>
    sharp(await withValuesOf(photo(90, 60), await profileOf({}), 'png'))
      .toColourspace('rgb16')
      .keepIccProfile()
      .png()
      .toBuffer(),
}

describe.each(Object.entries(WIDE))('a %s', (_, make) => {
  test('becomes what it looks like in sRGB, without a profile', async () => {
    const { one } = workshop()
    const bytes = await make()
    expect(difference(await shown(bytes), await stored(bytes)).mean).toBeGreaterThan(1)
    for (const format of ['png', 'webp', 'avif', 'jpeg']) {
      const made = await one(bytes, `format=${format}&effort=min&lossless&jpeg.lossless=false&jpeg.quality=100`)
      const expected = await shown(bytes)
      const plain = format === 'jpeg' ? await raw(sharp(expected.data, { raw: size(expected) }).flatten({ background: '#fff' })) : expected
      expect(difference(await shown(made), plain).mean).toBeLessThan(format === 'jpeg' ? 1.5 : 0.01)
      expect((await sharp(made).metadata()).icc).toBeUndefined()
    }
  })

  test('keeps its pixels and its profile with `colors=keep`', async () => {
    const { one, plan, pipeline } = workshop()
    const bytes = await make()
    const { icc } = await sharp(bytes).metadata()
    for (const format of ['png', 'webp', 'avif', 'jpeg']) {
      const query = `format=${format}&effort=min&lossless&jpeg.lossless=false&jpeg.quality=100`
      const made = await one(bytes, `${query}&colors=keep`)
      expect((await sharp(made).metadata()).icc?.equals(icc ?? Buffer.alloc(0))).toBe(true)
      const values = await stored(bytes)
      const plain = format === 'jpeg' ? await raw(sharp(values.data, { raw: size(values) }).flatten({ background: '#fff' })) : values
      expect(difference(await stored(made), plain).mean).toBeLessThan(format === 'jpeg' ? 1.5 : 0.01)
      const keys = await Promise.all([query, `${query}&colors=srgb`, `${query}&colors=keep`].map((text) => plan(bytes, text)))
      expect(new Set(keys.map((planned) => planned.plan.outputs[0]?.key)).size).toBe(2)
    }
    const small = await one(bytes, 'w=30&flip&format=png&colors=keep')
    const { data, ...facts } = await stored(bytes)
    const expected = await raw(
      sharp(
        await sharp(data, { raw: size({ data, ...facts }) })
          .resize(30)
          .flip()
          .png()
          .toBuffer(),
      ),
    )
    expect(difference(await stored(small), expected).mean).toBeLessThan(0.1)
    // A GIF cannot say which colours it has.
    expect((await plan(bytes, 'format=gif&colors=keep')).plan.outputs[0]?.key).toBe((await plan(bytes, 'format=gif')).plan.outputs[0]?.key)
    // What is remembered of a source is written in the background, and the folder is about to go.
    await pipeline.close()
  })
})

test('16 bits with a profile look the same as 8 bits with it', async () => {
  const { pixels } = workshop()
  for (const icc of [await profileOf({}), await profileOf(ADOBE_RGB)]) {
    const eight = await withValuesOf(photo(90, 60), icc, 'png')
    const deep = await sharp(eight).toColourspace('rgb16').keepIccProfile().png().toBuffer()
    expect(await sharp(deep).metadata()).toMatchObject({ depth: 'ushort', icc: expect.anything() })
    for (const query of ['format=png', 'format=png&flip&w=90', 'format=png&w=45'])
      expect(difference(await pixels(deep, query), await pixels(eight, query)).mean).toBeLessThan(1)
  }
})

function size({ width, height, channels }: Raw): { width: number; height: number; channels: 3 | 4 } {
  return { width, height, channels: channels === 4 ? 4 : 3 }
}

describe('`colors=keep`', () => {
  test('keeps the profile of every frame of an animation, however it is made', async () => {
    const { one } = workshop()
    const frames = await Promise.all([1, 2, 3].map((seed) => photo(24, 16, seed).raw().toBuffer()))
    const icc = await profileOf(ADOBE_RGB)
    const animation = { frameHeight: 16, loop: 0, delay: [] }
    const roll = tiffOf({ data: Buffer.concat(frames), width: 24, height: 48, channels: 3, animation }, icc)
    const bytes = await sharp(roll, { animated: true })
      .keepIccProfile()
      .webp({ lossless: true, loop: 2, delay: [50, 70, 90] })
      .toBuffer()
    for (const query of ['', 'flip']) {
      const made = await one(bytes, `${query}&format=webp&lossless&colors=keep`)
      expect(await sharp(made, { animated: true }).metadata()).toMatchObject({ pages: 3, loop: 2, delay: [50, 70, 90], icc })
      for (const page of [0, 1, 2]) {
        const expected = sharp(frames[page] ?? Buffer.alloc(0), { raw: { width: 24, height: 16, channels: 3 } })
        const frame = await stored(await sharp(made, { page }).keepIccProfile().removeAlpha().png().toBuffer())
        expect(difference(frame, await raw(sharp(await (query === '' ? expected : expected.flip()).png().toBuffer()))).most).toBe(0)
      }
    }
  })

  test('converts inks to sRGB all the same, and leaves sRGB and grey as they are', async () => {
    const { one, pixels } = workshop()
    const inks = await quarters(64, 64).withIccProfile('cmyk').jpeg({ quality: 100 }).toBuffer()
    expect(await sharp(inks).metadata()).toMatchObject({ space: 'cmyk', icc: expect.anything() })
    for (const query of ['format=jpeg&quality=95', 'w=32&format=png', 'format=webp', 'format=avif']) {
      const made = await one(inks, `${query}&colors=keep`)
      expect(await sharp(made).metadata()).toMatchObject({ space: 'srgb', channels: 3 })
      expect((await sharp(made).metadata()).icc).toBeUndefined()
    }
    expect(difference(await pixels(inks, 'format=png&colors=keep'), await raw(sharp(inks).toColourspace('srgb'))).most).toBe(0)
    const usual = await photo(30, 20).withIccProfile('srgb').png().toBuffer()
    expect((await sharp(await one(usual, 'w=10&colors=keep')).metadata()).icc).toBeUndefined()
    const wide = await withValuesOf(photo(30, 20), await profileOf({}), 'png')
    expect((await sharp(await one(wide, 'w=10&colors=keep&grayscale')).metadata()).icc).toBeUndefined()
  })
})

test('inks and wide colours are not passed through as they are stored', async () => {
  const { one } = workshop()
  const inks = await quarters(64, 64).withIccProfile('cmyk').jpeg({ quality: 30 }).toBuffer()
  expect(await sharp(await one(inks, 'format=jpeg&quality=100')).metadata()).toMatchObject({ space: 'srgb' })
  const wide = await sharp(await withValuesOf(photo(90, 60), await profileOf({}), 'png'))
    .keepIccProfile()
    .jpeg({ quality: 20 })
    .toBuffer()
  expect((await sharp(await one(wide, 'format=jpeg&quality=100')).metadata()).icc).toBeUndefined()
  const kept = await one(wide, 'format=jpeg&quality=100&colors=keep')
  expect(difference(await stored(kept), await stored(wide)).most).toBe(0)
})

describe('grey pictures', () => {
  const sources = {
    'a grey jpeg': photo(90, 60).toColourspace('b-w').jpeg(),
    'a grey png': photo(90, 60).toColourspace('b-w').png(),
    'a grey png of 16 bits': photo(90, 60).toColourspace('grey16').png(),
    'a grey tiff': photo(90, 60).toColourspace('b-w').tiff(),
  }
  test.each(Object.entries(sources))('%s has the right values, and no colour channels where that is smaller', async (_, image) => {
    const { one } = workshop()
    const bytes = await image.toBuffer()
    expect(await sharp(bytes).metadata()).toMatchObject({ channels: 1 })
    const expected = await raw(sharp(bytes))
    for (const format of ['png', 'jpeg', 'webp', 'avif']) {
      const made = await one(bytes, `format=${format}&effort=min&lossless&jpeg.lossless=false&jpeg.quality=100&flip`)
      const upright = await raw(sharp(await sharp(made).flip().toColourspace('srgb').png().toBuffer()))
      expect(difference(upright, expected).mean).toBeLessThan(format === 'jpeg' ? 1.5 : 0.01)
      expect((await sharp(made).metadata()).channels).toBe(format === 'png' || format === 'jpeg' ? 1 : 3)
      const coloured = await sharp(expected.data, { raw: size(expected) })
        .flip()
        .toFormat(format === 'png' ? 'png' : 'jpeg')
        .toBuffer()
      if (format === 'png') expect(made.length).toBeLessThan(coloured.length)
    }
  })

  test('keep their transparency, and colours that are laid under or around them', async () => {
    const { one, pixels } = workshop()
    const clear = await fading(40, 30).toColourspace('b-w').png().toBuffer()
    expect(await sharp(clear).metadata()).toMatchObject({ channels: 2 })
    expect(await sharp(await one(clear, 'format=png&flip')).metadata()).toMatchObject({ channels: 2, hasAlpha: true })
    expect(
      difference(await pixels(clear, 'format=png&flip&flop'), await raw(sharp(await sharp(clear).flip().flop().png().toBuffer()))).most,
    ).toBeLessThan(2)
    const hole = await sharp({ create: { width: 8, height: 8, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0 } } })
      .png()
      .toBuffer()
    const [red = 0, green = 0, blue = 0] = pixelAt(await pixels(hole, 'format=jpeg&background=c00'), 4, 4)
    expect([red > 190, green < 20, blue < 20]).toEqual([true, true, true])
    const tinted = pixelAt(await pixels(await photo(40, 30).toColourspace('b-w').png().toBuffer(), 'format=jpeg&tint=f00'), 20, 15)
    expect(tinted[0]).toBeGreaterThan((tinted[2] ?? 0) + 50)
  })
})

describe('16 bits', () => {
  /** A gradient of less than a step of 8 bits a pixel. */
  const gradient = (width: number, channels: 1 | 3): Sharp => {
    const values = Uint16Array.from({ length: width * 4 * channels }, (_, index) => (Math.floor(index / channels) % width) * 24)
    return sharp(values, { raw: { width, height: 4, channels } }).toColourspace(channels === 1 ? 'grey16' : 'rgb16')
  }
  test.each([
    ['png', () => gradient(2000, 3).png()],
    ['tiff', () => gradient(2000, 3).tiff({ compression: 'none' })],
    ['grey png', () => gradient(2000, 1).png()],
  ])('of a %s become the nearest 8, with no step left out', async (_, make) => {
    const { pixels } = workshop()
    const bytes = await make().toBuffer()
    expect(await sharp(bytes).metadata()).toMatchObject({ depth: 'ushort' })
    for (const query of ['format=png&flip', 'w=1000&format=png', 'w=1000&format=webp&lossless']) {
      const image = await pixels(bytes, query)
      const row = Array.from({ length: image.width }, (_value, x) => pixelAt(image, x, 0)[0] ?? 0)
      row.forEach((value, x) => expect(Math.abs(value - (x * 24 * (2000 / image.width)) / 257)).toBeLessThan(1.2))
      expect(Math.max(...row.slice(1).map((value, x) => value - (row[x] ?? 0)))).toBeLessThanOrEqual(1)
    }
  })

  test.each([10, 12] as const)('of which an AVIF has %i are read right', async (bitdepth) => {
    const { pixels } = workshop()
    const bytes = await gradient(256, 3).avif({ lossless: true, bitdepth, effort: 0 }).toBuffer()
    expect(await sharp(bytes).metadata()).toMatchObject({ bitsPerSample: bitdepth })
    const image = await pixels(bytes, 'format=png&flip')
    for (let x = 0; x < 256; x++) expect(Math.abs((pixelAt(image, x, 0)[0] ?? 0) - (x * 24) / 257)).toBeLessThan(1.6)
  })
})
