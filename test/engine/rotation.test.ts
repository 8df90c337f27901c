import fc from 'fast-check'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { rotatedSize, wholeTurn } from '../../src/query/size.ts'

const side = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 300 }))
const whole = fc.integer({ min: -360, max: 360 })
const near = fc
  .tuple(fc.integer({ min: -8, max: 8 }), fc.integer({ min: -20, max: 20 }))
  .map(([eighth, thousandth]) => eighth * 45 + thousandth / 1000)
const degrees = fc.oneof(
  whole,
  near,
  fc.integer({ min: -360_000, max: 360_000 }).map((thousandths) => thousandths / 1000),
)

test('a turned picture has the size that libvips gives it', async () => {
  await fc.assert(
    fc.asyncProperty(side, side, degrees, async (width, height, angle) => {
      const turn = wholeTurn(angle)
      const { info } = await sharp({ create: { width, height, channels: 3, background: '#fff' } })
        .rotate(turn)
        .raw()
        .toBuffer({ resolveWithObject: true })
      expect(rotatedSize({ width, height }, turn)).toEqual({ width: info.width, height: info.height })
    }),
    { seed: 9, numRuns: 600 },
  )
})
