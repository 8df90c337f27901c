import { expect, test } from 'vitest'
import { workshop } from '../support/engine.ts'
import { jpeg, photo } from '../support/images.ts'

test('a format is left out when a later one is smaller, with all its sizes', async () => {
  const { plan, make } = workshop()
  const bytes = await photo(200, 120).png().toBuffer()
  const query = 'w=60;200&format=avif;webp;jpeg&avif.quality=95&webp.quality=30&jpeg.quality=60'
  const sizes = (await make(bytes, query)).map(({ encoding, picture, bytes: made }) => [encoding.format, picture.width, made.length])
  const largest = (format: string): number => Number(sizes.find(([name, width]) => name === format && width === 200)?.[2])
  expect(largest('avif')).toBeGreaterThan(largest('webp'))
  expect(largest('webp')).toBeLessThan(largest('jpeg'))
  const kept = async (text: string): Promise<string[]> =>
    (await plan(bytes, text)).plan.outputs.map(({ encoding, picture }) => `${encoding.format} ${picture.width}`)
  expect(await kept(`${query}&prune`)).toEqual(['webp 60', 'webp 200', 'jpeg 60', 'jpeg 200'])
  expect(await kept(`${query}&prune=false`)).toHaveLength(6)
})

test('the last format stays, and so does one that is smaller', async () => {
  const { plan } = workshop()
  const bytes = await jpeg(200, 120)
  const formats = async (query: string): Promise<string[]> => (await plan(bytes, query)).plan.outputs.map(({ encoding }) => encoding.format)
  expect(await formats('format=webp;jpeg&webp.quality=100&jpeg.quality=10&prune')).toEqual(['jpeg'])
  expect(await formats('format=webp;jpeg&webp.quality=10&jpeg.quality=100&prune')).toEqual(['webp', 'jpeg'])
  expect(await formats('format=jpeg&prune')).toEqual(['jpeg'])
})

test('what is left is a job of its own, as if nothing else had been asked for', async () => {
  const { plan } = workshop()
  const bytes = await jpeg(200, 120)
  const pruned = (await plan(bytes, 'w=100&format=webp;jpeg&webp.quality=100&jpeg.quality=10&prune')).plan
  const plain = (await plan(bytes, 'w=100&format=jpeg&jpeg.quality=10')).plan
  expect(pruned).toEqual(plain)
})
