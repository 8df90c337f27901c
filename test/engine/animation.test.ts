import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { difference, pixelAt, raw, workshop, type Raw } from '../support/engine.ts'
import { photo } from '../support/images.ts'
import { animation } from '../support/sources.ts'

const FRAMES = ['red', 'green', 'blue']

/** The colour at a place of every frame, from the side that is not white unless said otherwise. */
function colours({ width, height, ...image }: Raw, frames: number, x = 0.75, y = 0.5): string[] {
  const frameHeight = height / frames
  return Array.from({ length: frames }, (_, frame) =>
    nameOf(pixelAt({ ...image, width, height }, Math.floor(x * width), Math.floor((frame + y) * frameHeight))),
  )
}

function nameOf([red = 0, green = 0, blue = 0]: number[]): string {
  if (Math.min(red, green, blue) > 200) return 'white'
  if (Math.max(red, green, blue) < 50) return 'black'
  return red > Math.max(green, blue) ? 'red' : green > Math.max(red, blue) ? 'green' : 'blue'
}

describe.each(['gif', 'webp'] as const)('a moving %s', (from) => {
  const source = (): Promise<Buffer> => animation(from, 40, 24)

  describe.each(['gif', 'webp'] as const)('as %s', (to) => {
    test.each([
      '',
      'w=20',
      'w=16&h=16',
      'w=30&h=30&contain',
      'crop=10,4,20,16',
      'crop=25%,0,50%,100%&w=10',
      'focus=0.9,0.5&w=10&h=20',
      'flop',
      'flip',
      'rotate=180',
      'rotate=90',
      'rotate=30',
      'flip&rotate=90&w=20',
      'blur=1',
      'sharpen',
      'median=3',
      'trim',
      'w=16&h=16&position=attention',
      'w=16&h=16&position=entropy',
      'normalize',
      'normalize&flip',
      'tint=ffffff&flip',
      'grayscale',
      'w=80&allowUpscale',
      'kernel=nearest&w=20',
      'lossless',
    ])('keeps frames, order, loop and delays: ?%s', async (query) => {
      const bytes = await workshop().one(await source(), `${query}&format=${to}`)
      expect(await sharp(bytes, { animated: true }).metadata()).toMatchObject({ pages: 3, loop: 3, delay: [40, 90, 130] })
      const x = /flop|rotate=180/.test(query) ? 0.25 : 0.75
      const y = /rotate=90/.test(query) ? 0.75 : 0.5
      const image = await raw(bytes)
      if (!/attention|entropy|tint|grayscale/.test(query)) expect(colours(image, 3, /rotate=90/.test(query) ? 0.5 : x, y)).toEqual(FRAMES)
    })

    test('turns every frame as a still is turned', async () => {
      const { pixels, one } = workshop()
      const still = await sharp(await source(), { page: 1 })
        .png()
        .toBuffer()
      for (const query of [
        'flip',
        'rotate=90',
        'rotate=30&background=fff',
        'rotate=90&w=20&h=20&fit=cover',
        'blur=2&lossless',
        'flip&w=20&sharpen',
      ]) {
        const image = await raw(await one(await source(), `${query}&format=${to}&webp.lossless`))
        const frameHeight = image.height / 3
        const middle = await raw(
          sharp(image.data, { raw: { width: image.width, height: image.height, channels: image.channels === 4 ? 4 : 3 } })
            .extract({ left: 0, top: frameHeight, width: image.width, height: frameHeight })
            .removeAlpha(),
        )
        expect(difference(middle, await raw(sharp(await one(still, `${query}&format=png`)).removeAlpha())).mean).toBeLessThan(
          to === 'gif' ? 3 : 0.5,
        )
      }
      expect((await pixels(await source(), 'flip&format=png')).height).toBe(24)
    })

    test('is a still when that is asked for', async () => {
      const bytes = await workshop().one(await source(), `animated=false&w=20&format=${to}`)
      expect((await sharp(bytes, { animated: true }).metadata()).pages ?? 1).toBe(1)
      expect(colours(await raw(bytes), 1)).toEqual(['red'])
    })
  })

  test.each(['png', 'jpeg', 'avif'])('shows its first frame as %s', async (format) => {
    expect(colours(await workshop().pixels(await source(), `w=20&format=${format}`), 1)).toEqual(['red'])
  })

  test('does not mix one frame into the next when it is blurred', async () => {
    const image = await workshop().pixels(await source(), 'blur=4&format=webp&lossless')
    for (const y of [0, 23, 24, 47, 48, 71]) expect(Math.min(...pixelAt(image, 38, y).slice(0, 3))).toBeLessThan(12)
    expect(colours(image, 3, 0.95, 0.97)).toEqual(FRAMES)
  })

  test('is damaged and not a fault of ours when its frames cannot be decoded', async () => {
    const bytes = await source()
    const { plan, pipeline } = workshop()
    for (const query of ['format=webp', 'flip&format=webp', 'w=9&format=gif', 'w=9&format=png']) {
      const broken = Buffer.from(bytes)
      broken.fill(0xff, from === 'gif' ? bytes.length - 60 : 150, from === 'gif' ? bytes.length - 20 : 170)
      const attempt = async (): Promise<string> => {
        const {
          source: read,
          plan: { outputs },
        } = await plan(broken, query)
        for (const output of outputs) await pipeline.read({ source: read, output })
        return 'made'
      }
      const code = await attempt().catch((error: unknown) => (error instanceof Error && 'code' in error ? error.code : error))
      expect(['made', 'SOURCE_CORRUPT']).toContain(code)
    }
  })
})

test.each([2, 3, 4, 5, 6, 7, 8])('an animation is turned upright by EXIF orientation %i as a still is', async (orientation) => {
  const { one } = workshop()
  const frames = await Promise.all([1, 2].map((seed) => photo(24, 16, seed).png().toBuffer()))
  const moving = await sharp(frames, { join: { animated: true } })
    .webp({ lossless: true })
    .withMetadata({ orientation })
    .toBuffer()
  const still = await sharp(frames[1]).webp({ lossless: true }).withMetadata({ orientation }).toBuffer()
  for (const query of ['', 'crop=2,3,10,12', 'w=8', 'rotate=90']) {
    const made = await sharp(await one(moving, `${query}&format=webp&lossless`), { page: 1 })
      .png()
      .toBuffer()
    const expected = await one(still, `${query}&format=png`)
    expect(difference(await raw(sharp(made).removeAlpha()), await raw(sharp(expected).removeAlpha())).most).toBe(0)
  }
})
