import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { planRequest } from '../../src/query/plan.ts'
import { parseRequest } from '../../src/query/request.ts'
import { encoderVersions } from '../../src/source/encoder-versions.ts'
import type { Source } from '../../src/types.ts'

const source: Source = {
  file: '/a.jpg',
  digest: 'a'.repeat(64),
  size_bytes: 1,
  header: { format: 'jpeg', width: 300, height: 200, orientation: 1, frames: 1, alpha: false },
}

function keysOf(encoder: string): string[] {
  return planRequest(parseRequest('w=100;200&format=avif;webp;jpeg;png'), source, { encoder, pixelLimit: 1e8 }).outputs.map(
    ({ key }) => key,
  )
}

test('the versions are those that sharp itself tells, found without loading it', async () => {
  const text = await encoderVersions(() => Promise.reject(new Error('the bundled libvips was not found')))
  // Loaded in the test, to compare.
  const { versions }: { versions: Record<string, string> } = createRequire(import.meta.url)('sharp')
  for (const name of ['sharp', 'vips', 'aom', 'heif', 'webp', 'mozjpeg']) expect(text).toContain(`"${versions[name]}"`)
  expect(await encoderVersions(() => Promise.resolve({}))).toBe(text)
})

test('another version of anything that encodes gives every output another key', async () => {
  const text = await encoderVersions(() => Promise.resolve({}))
  const [before, after] = [keysOf(text), keysOf(text.replace(/"aom":"[^"]+"/, '"aom":"0.0.1"'))]
  expect(before).toHaveLength(8)
  expect(new Set([...before, ...after]).size).toBe(16)
  expect(keysOf(text)).toEqual(before)
})
