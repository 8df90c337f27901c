import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/hash.ts'
import { PIXEL_LIMIT, runBatch, workshop } from '../support/engine.ts'
import { jpeg, photo, quarters } from '../support/images.ts'
import { project } from '../support/project.ts'

const noise = (channels: 1 | 2 | 3 | 4): Sharp => {
  const data = Buffer.alloc(90 * 60 * channels)
  for (let at = 0; at < data.length; at++) data[at] = (at * 7919 + (at >> 5) * 104_729) % 256
  return sharp(data, { raw: { width: 90, height: 60, channels } })
}

const SOURCES: Record<string, () => Promise<Buffer>> = {
  'a photograph': () => jpeg(900, 600),
  'a large photograph, decoded smaller': () => jpeg(4000, 1500),
  'a photograph that is turned': () => photo(300, 200).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  grey: () => photo(300, 200).grayscale().jpeg().toBuffer(),
  inks: () => photo(300, 200).toColourspace('cmyk').jpeg().toBuffer(),
  transparency: () => noise(4).png().toBuffer(),
  'grey and transparency': () => noise(2).toColourspace('b-w').png().toBuffer(),
  '16 bits': () => quarters(90, 60).toColourspace('rgb16').png().toBuffer(),
  'a palette': () => noise(3).gif().toBuffer(),
  'a drawing': async () =>
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><circle cx="40" cy="30" r="25"/></svg>'),
}

const QUERIES = [
  'w=37',
  'w=37&h=41&fit=cover',
  'w=40&h=40&fit=contain&background=%23ff000080',
  'w=200&allowUpscale',
  'crop=5,5,50,40&w=31',
  'w=44&kernel=nearest',
]

test.each(Object.keys(SOURCES))('%s: an output has the same bytes whether others are made of its picture or none', async (name) => {
  const { plan } = workshop()
  const { root } = project()
  const source = await SOURCES[name]?.()
  if (!source) throw new Error('no source')
  for (const query of QUERIES) {
    for (const format of ['webp', 'avif', 'webp&lossless']) {
      const planned = await plan(source, `${query}&format=${format}`)
      const [output] = planned.plan.outputs
      if (!output) throw new Error('no output')
      const other = { ...output, key: sha256(output.key), encoding: { format: 'png' as const } }
      const batch = { source: planned.source, pixelLimit: PIXEL_LIMIT }
      const [alone] = await runBatch({ ...batch, outputs: [output] }, join(root, 'alone'))
      const [first, second] = await runBatch({ ...batch, outputs: [output, other] }, join(root, 'together'))
      expect({ query, format, digest: alone?.digest }).toEqual({ query, format, digest: first?.digest })
      expect(second?.digest).not.toBe(first?.digest)
    }
  }
})
