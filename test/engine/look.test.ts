import sharp, { type Sharp } from 'sharp'
import { describe, expect, test } from 'vitest'
import { isDrawing } from '../../src/engine/drawing.ts'
import { lookLike } from '../../src/engine/look.ts'
import { toPixels, type Pixels } from '../../src/engine/raster.ts'
import { workshop } from '../support/engine.ts'
import { photo } from '../support/images.ts'
import { animation, fading } from '../support/sources.ts'

const lines = (width: number, height: number): Sharp =>
  sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#fff"/>${Array.from(
        { length: 8 },
        (_, index) => `<path d="M0 ${index * 20}L${width} ${height - index * 10}" stroke="#123" fill="none"/>`,
      ).join('')}</svg>`,
    ),
  ).removeAlpha()

const FORMATS = ['webp', 'jpeg', 'avif'] as const

describe.each(FORMATS)('the score of %s', (format) => {
  const encode = (image: Sharp, quality: number): Promise<Buffer> => image.clone().toFormat(format, { quality }).toBuffer()

  test.each(['photo', 'drawing', 'transparent', 'grey', 'tiny'])('falls with the quality: %s', async (kind) => {
    const pictures: Record<string, () => Promise<Pixels>> = {
      photo: () => toPixels(photo(200, 120)),
      drawing: () => toPixels(lines(200, 120)),
      transparent: () => toPixels(fading(100, 80)),
      grey: () => toPixels(photo(100, 80).grayscale()),
      tiny: () => toPixels(photo(9, 5)),
    }
    const pixels = (await pictures[kind]?.()) ?? (await toPixels(photo(9, 9)))
    const { data, width, height, channels } = pixels
    const look = await lookLike(pixels, format, format === 'jpeg' ? '#ffffff' : undefined)
    const image = sharp(data, { raw: { width, height, channels } })
    if (format === 'jpeg') image.flatten({ background: '#ffffff' })
    const scores = [await look(await encode(image, 95)), await look(await encode(image, 50)), await look(await encode(image, 5))]
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
    expect(scores[0]).toBeGreaterThan((scores[2] ?? 0) + 3)
    expect(scores.every((score) => score <= 100)).toBe(true)
  })

  test('is 100 for the picture itself', async () => {
    const pixels = await toPixels(photo(120, 90))
    const look = await lookLike(pixels, format)
    expect(await look(await photo(120, 90).png().toBuffer())).toBe(100)
  })
})

test('a tint, which leaves the structure as it is, is seen', async () => {
  const pixels = await toPixels(photo(120, 90))
  const look = await lookLike(pixels, 'webp')
  const tinted = await sharp(pixels.data, { raw: { width: 120, height: 90, channels: 3 } })
    .linear([1, 1, 1], [12, -6, 0])
    .png()
    .toBuffer()
  expect(await look(tinted)).toBeLessThan(75)
})

test('the score of a large picture is that of its parts', async () => {
  const small = photo(500, 400)
  const tall = sharp({ create: { width: 500, height: 2800, channels: 3, background: '#000' } }).composite(
    await Promise.all(
      Array.from({ length: 7 }, async (_, index) => ({ input: await small.clone().png().toBuffer(), left: 0, top: 400 * index })),
    ),
  )
  const scoreOf = async (image: Sharp): Promise<number> => {
    const pixels = await toPixels(sharp(await image.png({ compressionLevel: 0 }).toBuffer()).removeAlpha())
    const look = await lookLike(pixels, 'jpeg')
    const { data, width, height, channels } = pixels
    return look(await sharp(data, { raw: { width, height, channels } }).jpeg({ quality: 40 }).toBuffer())
  }
  expect(Math.abs((await scoreOf(tall)) - (await scoreOf(small)))).toBeLessThan(2)
})

describe('quality=auto', () => {
  test.each(FORMATS)('takes the smallest %s whose score is reached', async (format) => {
    const { plan, pipeline, one } = workshop()
    const bytes = await photo(200, 120).png().toBuffer()
    const { source, plan: planned } = await plan(bytes, `format=${format}&quality=auto&min_quality=20&max_quality=98`)
    const [output] = planned.outputs
    if (!output) throw new Error('not planned')
    const { search, size_bytes } = await pipeline.make({ source, output })
    expect(search).toMatchObject({ converged: true })
    expect(search?.score).toBeGreaterThanOrEqual(output.encoding.auto?.score ?? 100)
    expect(search?.iterations).toBe(search?.tries.length)
    const effort = format === 'webp' ? 5 : 3
    expect((await one(bytes, `format=${format}&quality=${search?.quality}&effort=${effort}`)).length).toBe(size_bytes)
  })

  test('a level that is higher gives a larger file', async () => {
    const { one } = workshop()
    const bytes = await photo(200, 120).png().toBuffer()
    const sizes: number[] = []
    for (const level of ['auto:low', 'auto', 'auto:high']) sizes.push((await one(bytes, `format=webp&quality=${level}`)).length)
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
    expect(new Set(sizes).size).toBe(3)
  })

  test('says when the best of the range does not look like it', async () => {
    const { plan, pipeline } = workshop()
    const { source, plan: planned } = await plan(await photo(200, 120).png().toBuffer(), 'format=webp&quality=auto:high&max_quality=10')
    for (const output of planned.outputs) {
      const { search } = await pipeline.make({ source, output })
      expect(search).toMatchObject({ quality: 10, iterations: 1, converged: false })
      expect(search?.score).toBeLessThan(output.encoding.auto?.score ?? 0)
    }
  })

  test('keeps a source of the same format and size that is smaller already', async () => {
    const { plan, pipeline } = workshop()
    const { source, plan: planned } = await plan(await photo(200, 120).jpeg({ quality: 20 }).toBuffer(), 'quality=auto:high')
    for (const output of planned.outputs)
      expect((await pipeline.make({ source, output })).search).toMatchObject({ quality: 100, score: 100, converged: true })
  })

  test.each(['w=30', 'w=30&flip'])('works on animations: %s', async (query) => {
    const { make } = workshop()
    const [made] = await make(await animation('webp', 60, 40), `${query}&quality=auto`)
    expect(await sharp(made?.bytes).metadata()).toMatchObject({ pages: 3, width: 30, loop: 3 })
  })
})

test('thin lines do not ring in a JPEG: drawings are told from photographs', async () => {
  expect(isDrawing(await toPixels(lines(200, 120)))).toBe(true)
  for (const picture of [photo(200, 120), photo(200, 120).grayscale(), fading(200, 120)])
    expect(isDrawing(await toPixels(picture))).toBe(false)
  const { pixels } = workshop()
  const source = await lines(200, 120).png().toBuffer()
  const made = await pixels(source, 'format=jpeg&quality=60')
  const trellis = await sharp(
    await sharp(source).jpeg({ quality: 60, mozjpeg: true, quantisationTable: 0, chromaSubsampling: '4:4:4' }).toBuffer(),
  )
    .raw()
    .toBuffer()
  const original = await sharp(source).removeAlpha().raw().toBuffer()
  const errorOf = (data: Buffer): number => data.reduce((sum, value, at) => sum + Math.abs(value - (original[at] ?? 0)), 0)
  expect(errorOf(made.data)).toBeLessThan(errorOf(trellis))
})
