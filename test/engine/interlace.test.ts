import { expect, test } from 'vitest'
import sharp from 'sharp'
import { workshop } from '../support/engine.ts'
import { photo } from '../support/images.ts'

test.each([
  ['format=jpeg', true],
  ['format=jpeg&progressive=false', false],
  ['format=png', false],
  ['format=png&progressive', true],
])('%s is progressive: %s', async (query, isProgressive) => {
  const bytes = await workshop().one(await photo(60, 40).png().toBuffer(), `w=40&${query}`)
  expect((await sharp(bytes).metadata()).isProgressive).toBe(isProgressive)
})
