import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { difference, pixelAt, raw, runBatch, workshop } from '../support/engine.ts'
import { diskStore } from '../../src/store/disk.ts'
import { sha256 } from '../../src/hash.ts'
import { photo, quarters } from '../support/images.ts'
import { fading } from '../support/sources.ts'

describe('pixels from the shared raster', () => {
  const large = photo(4200, 2800)
  const sources = {
    jpeg: large.clone().jpeg(),
    png: large.clone().png({ compressionLevel: 1 }),
    webp: large.clone().webp({ effort: 0 }),
    tiff: large.clone().tiff(),
    'png of 16 bits': large.clone().toColourspace('rgb16').png({ compressionLevel: 1 }),
    'CMYK jpeg': large.clone().toColourspace('cmyk').jpeg(),
  }

  test.each(Object.entries(sources))('of a large %s are as true as those of sharp alone', async (_, image) => {
    const { pixels, plan } = workshop()
    const bytes = await image.toBuffer()
    for (const width of [320, 640, 1000]) {
      const query = `w=${width}&format=png`
      expect((await plan(bytes, query)).plan.outputs[0]?.picture.scale).toBe(3)
      const whole = await raw(sharp(bytes))
      const direct = sharp(whole.data, {
        raw: { width: 4200, height: 2800, channels: whole.channels === 4 ? 4 : 3 },
        limitInputPixels: false,
      })
      const truth = await raw(sharp(await direct.resize(width).png().toBuffer()))
      const ours = difference(await pixels(bytes, query), truth).mean
      const theirs = difference(await raw(sharp(await sharp(bytes).resize(width).png().toBuffer())), truth).mean
      // On photographs ours is nearer in three of four cases; noise and hard edges, as here, are the worst case for two steps.
      expect(ours).toBeLessThan(Math.max(1, theirs * 1.5))
    }
  })
})

test('the bytes of an output do not depend on what else is asked for', async () => {
  const { plan, folder, pipeline } = workshop()
  const bytes = await photo(1500, 1000).jpeg().toBuffer()
  const { source, plan: all } = await plan(bytes, 'w=32;64;120;200&format=webp;jpeg;png;avif&flip=true;false&effort=min')
  const together = await runBatch({ source, outputs: all.outputs, pixelLimit: 1e8 }, folder)
  const backwards = await runBatch({ source, outputs: all.outputs.toReversed(), pixelLimit: 1e8 }, `${folder}-2`)
  expect(new Map(backwards.map(({ key, digest }) => [key, digest]))).toEqual(new Map(together.map(({ key, digest }) => [key, digest])))
  for (const output of all.outputs.filter((_, index) => index % 5 === 0)) {
    const [alone] = await runBatch({ source, outputs: [output], pixelLimit: 1e8 }, `${folder}-3`)
    expect(alone?.digest).toBe(together.find(({ key }) => key === output.key)?.digest)
  }
  expect(together).toHaveLength(32)
  await pipeline.close()
})

test('a source that changed, or that cannot be decoded, fails every output', async () => {
  const { plan, folder } = workshop()
  const bytes = await photo(90, 60).jpeg().toBuffer()
  const {
    source,
    plan: { outputs },
  } = await plan(bytes, 'w=10;20')
  await expect(runBatch({ source: { ...source, digest: sha256('other') }, outputs, pixelLimit: 1e8 }, folder)).rejects.toMatchObject({
    code: 'SOURCE_CHANGED',
  })
  await expect(runBatch({ source: { ...source, file: `${source.file}-gone` }, outputs, pixelLimit: 1e8 }, folder)).rejects.toMatchObject({
    code: 'SOURCE_CHANGED',
  })
  const cut = await plan(bytes.subarray(0, bytes.length >> 1), 'w=10;20')
  await expect(runBatch({ source: cut.source, outputs: cut.plan.outputs, pixelLimit: 1e8 }, folder)).rejects.toMatchObject({
    code: 'SOURCE_CORRUPT',
  })
  expect(diskStore(folder).get(outputs[0]?.key ?? '')).toBeUndefined()
})

describe('depth and colour', () => {
  test('16 bits are scaled to 8, not cut off', async () => {
    const ramp = Uint16Array.from({ length: 256 * 3 }, (_, index) => Math.floor(index / 3) * 257)
    const bytes = await sharp(ramp, { raw: { width: 256, height: 1, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer()
    expect((await sharp(bytes).metadata()).depth).toBe('ushort')
    const image = await workshop().pixels(bytes, 'format=png&crop=0,0,256,1&flip')
    for (const x of [0, 1, 17, 128, 254, 255]) pixelAt(image, x, 0).forEach((value) => expect(Math.abs(value - x)).toBeLessThanOrEqual(1))
  })

  test('CMYK becomes the colours it stands for', async () => {
    const bytes = await quarters(64, 64).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer()
    expect((await sharp(bytes).metadata()).space).toBe('cmyk')
    const image = await workshop().pixels(bytes, 'w=32&format=png')
    const shown = [pixelAt(image, 8, 8), pixelAt(image, 24, 8), pixelAt(image, 8, 24), pixelAt(image, 24, 24)]
    expect(
      shown.map(([red = 0, green = 0, blue = 0]) =>
        Math.min(red, green, blue) > 240 ? 'white' : red > Math.max(green, blue) ? 'red' : green > Math.max(red, blue) ? 'green' : 'blue',
      ),
    ).toEqual(['red', 'green', 'blue', 'white'])
  })

  test('a wide gamut is converted to sRGB, and no profile is left', async () => {
    const source = { create: { width: 40, height: 30, channels: 3 as const, background: '#c83214' } }
    const bytes = await sharp(source).withIccProfile('p3').png().toBuffer()
    const stored = pixelAt(await raw(sharp(await sharp(bytes).keepIccProfile().png().toBuffer(), { ignoreIcc: true })), 3, 3)
    expect(stored).not.toEqual([200, 50, 20])
    const { one, pixels } = workshop()
    pixelAt(await pixels(bytes, 'w=20&format=png'), 3, 3).forEach((value, channel) =>
      expect(Math.abs(value - ([200, 50, 20][channel] ?? 0))).toBeLessThanOrEqual(3),
    )
    expect((await sharp(await one(bytes, 'w=20&format=png')).metadata()).icc).toBeUndefined()
  })

  test('transparency is kept where the format has it, and laid on white where not', async () => {
    const { one, pixels } = workshop()
    const clear = await sharp({ create: { width: 40, height: 30, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0 } } })
      .png()
      .toBuffer()
    for (const format of ['png', 'webp', 'avif', 'gif']) expect(pixelAt(await pixels(clear, `format=${format}&w=20`), 3, 3)[3]).toBe(0)
    // JPEG may be off by one.
    const paper = async (query: string): Promise<number[]> =>
      pixelAt(await pixels(clear, query), 3, 3).map((value) => (value < 3 ? 0 : value))
    expect(await paper('format=jpeg')).toEqual([255, 255, 255])
    expect(await paper('format=jpeg&background=000')).toEqual([0, 0, 0])
    expect(await paper('format=jpeg&flatten')).toEqual([255, 255, 255])
    expect(await paper('format=jpeg&flatten&background=000')).toEqual([0, 0, 0])
    expect(await paper('format=png&flatten&background=fff')).toEqual([255, 255, 255])
    expect((await sharp(await one(await fading(9, 9).png().toBuffer(), 'format=avif&grayscale')).metadata()).hasAlpha).toBe(true)
  })
})

describe('exactness', () => {
  test.each(['webp', 'avif', 'png'])('lossless %s is exact', async (format) => {
    const { pixels } = workshop()
    const bytes = await photo(61, 47).png().toBuffer()
    expect(difference(await pixels(bytes, `format=${format}&lossless`), await raw(bytes)).most).toBe(0)
  })

  test('pixel art is enlarged by the nearest pixel', async () => {
    const { pixels } = workshop()
    const bytes = await photo(7, 5).png().toBuffer()
    const [small, large] = [await raw(bytes), await pixels(bytes, 'w=28&kernel=nearest&allowUpscale&format=png')]
    for (let y = 0; y < 20; y++) for (let x = 0; x < 28; x++) expect(pixelAt(large, x, y)).toEqual(pixelAt(small, x >> 2, y >> 2))
  })

  test('an output at the size and format of its source is never larger than it', async () => {
    const { one } = workshop()
    for (const format of ['jpeg', 'webp', 'png', 'gif'] as const) {
      const tight = await photo(120, 80)
        .toFormat(format, { quality: 20 })
        .withMetadata({ exif: { IFD0: { Copyright: 'SECRET' } } })
        .toBuffer()
      const made = await one(tight, `format=${format}&${format}.quality=100`)
      expect(made.length).toBeLessThanOrEqual(tight.length)
      expect(made.includes('SECRET')).toBe(false)
      if (format !== 'gif') expect(difference(await raw(made), await raw(tight)).most).toBe(0)
    }
  })
})

test.each(['jpeg', 'webp', 'png', 'avif', 'gif'])('no private metadata is in a %s', async (format) => {
  const secret = { exif: { IFD0: { Copyright: 'SECRET', Make: 'SECRET' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' } } }
  const bytes = await photo(90, 60)
    .jpeg()
    .withMetadata(secret)
    .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc>SECRET</dc></x:xmpmeta>')
    .toBuffer()
  expect(bytes.includes('SECRET')).toBe(true)
  for (const made of await workshop().make(bytes, `format=${format}&w=45;90`)) {
    expect(made.bytes.includes('SECRET')).toBe(false)
    const { exif, xmp, icc, iptc, orientation } = await sharp(made.bytes).metadata()
    expect([exif, xmp, icc, iptc, orientation]).toEqual([undefined, undefined, undefined, undefined, undefined])
  }
})
