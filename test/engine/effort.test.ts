import { expect, test } from 'vitest'
import sharp from 'sharp'
import { workshop } from '../support/engine.ts'
import { photo } from '../support/images.ts'

const source = await photo(320, 240).png().toBuffer()

async function sizes(format: string, efforts: readonly (number | string)[]): Promise<number[]> {
  const { one } = workshop()
  return Promise.all(efforts.map(async (effort) => (await one(source, `w=320&format=${format}&effort=${effort}`)).length))
}

test.each([
  ['avif', [0, 3], ['min', '']],
  ['jpeg', [0, 1, 2], ['min', 1, '']],
  ['png', [0, 9], ['min', '']],
  ['gif', [1, 10], ['min', 'max']],
] as const)('%s has fewer bytes with more effort', async (format, efforts, names) => {
  const made = await sizes(format, efforts)
  expect(made).toEqual([...made].toSorted((one, other) => other - one))
  expect(new Set(made).size).toBe(made.length)
  expect(
    await sizes(
      format,
      names.map((name) => name || efforts.at(-1)!),
    ),
  ).toEqual(made)
})

test('the least effort for JPEG is the plain encoder, with all colours', async () => {
  const made = await workshop().one(source, 'w=320&format=jpeg&effort=0&quality=80&progressive=false')
  const plain = sharp(source).jpeg({ quality: 80, chromaSubsampling: '4:4:4', overshootDeringing: true })
  expect(made.equals(await plain.toBuffer())).toBe(true)
})

test('coloured edges of WebP are kept sharp from the default effort on', async () => {
  const { one } = workshop()
  const [less, usual] = await Promise.all([4, 5].map((effort) => one(source, `w=320&format=webp&effort=${effort}&quality=75`)))
  expect(usual!.equals(await sharp(source).webp({ quality: 75, effort: 5, smartSubsample: true }).toBuffer())).toBe(true)
  expect(less!.equals(await sharp(source).webp({ quality: 75, effort: 4 }).toBuffer())).toBe(true)
})
