import { crc32 } from 'node:zlib'
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

describe('timing', () => {
  const formats = ['gif', 'webp'] as const
  test.each(formats.flatMap((from) => formats.flatMap((to) => [0, 1, 2, 7].map((loop) => ({ from, to, loop })))))(
    'a $from that is played $loop times is so as $to, each frame as long as it was',
    async ({ from, to, loop }) => {
      const { one } = workshop()
      const delay = [20, 1000, 70]
      const bytes = await animation(from, 40, 24, ['#ff0000', '#00ff00', '#0000ff'], { loop, delay })
      expect(await sharp(bytes, { animated: true }).metadata()).toMatchObject({ loop, delay })
      for (const query of ['', 'w=20', 'flip'])
        expect(await sharp(await one(bytes, `${query}&format=${to}`), { animated: true }).metadata()).toMatchObject({ loop, delay })
    },
  )

  test('frames that are alike are shown as long as they were together', async () => {
    const { one } = workshop()
    const bytes = await animation('webp', 40, 24, ['#ff0000', '#00ff00', '#00ff00', '#0000ff'], { loop: 0, delay: [50, 60, 70, 80] })
    for (const format of formats) {
      for (const query of ['w=20', 'flop']) {
        const made = await one(bytes, `${query}&format=${format}`)
        const { pages = 0, delay = [] } = await sharp(made, { animated: true }).metadata()
        const names = colours(await raw(made), pages, query === 'flop' ? 0.25 : 0.75)
        const times: Record<string, number> = {}
        names.forEach((name, frame) => (times[name] = (times[name] ?? 0) + (delay[frame] ?? 0)))
        expect(times).toEqual({ red: 50, green: 130, blue: 80 })
      }
    }
  })
})

/** A square that wanders over a picture that can be seen through, so that each frame has to clear away the last one. */
async function wandering(format: 'gif' | 'webp'): Promise<Buffer> {
  const frames = [0, 8, 16].map((left) =>
    sharp({ create: { width: 24, height: 16, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } })
      .composite([{ input: { create: { width: 8, height: 8, channels: 4, background: '#c83214' } }, left, top: 4 }])
      .png()
      .toBuffer(),
  )
  const joined = sharp(await Promise.all(frames), { join: { animated: true } })
  return format === 'gif' ? joined.gif({ delay: [50, 50, 50] }).toBuffer() : joined.webp({ lossless: true, delay: [50, 50, 50] }).toBuffer()
}

test.each(['gif', 'webp'] as const)('what a frame of a %s clears away is gone in every format', async (from) => {
  const { one } = workshop()
  const bytes = await wandering(from)
  for (const format of ['gif', 'webp'] as const) {
    for (const query of ['lossless', 'lossless&flop&flip', 'lossless&w=12&kernel=nearest']) {
      const image = await raw(await one(bytes, `${query}&format=${format}`))
      const [width, height] = [image.width, image.height / 3]
      const seen = [0, 1, 2].map((frame) =>
        [0, 1, 2].map((third) => pixelAt(image, Math.floor(((third + 0.5) * width) / 3), Math.floor((frame + 0.5) * height))),
      )
      const alphas = seen.map((pixels) => pixels.map((pixel) => pixel[3]))
      const diagonal = [0, 1, 2].map((frame) => [0, 1, 2].map((third) => (frame === third ? 255 : 0)))
      expect(alphas).toEqual(query.includes('flop') ? diagonal.map((row) => row.toReversed()) : diagonal)
      seen.flat().forEach(([red, green, blue, alpha]) => alpha && expect([red, green, blue]).toEqual([200, 50, 20]))
    }
  }
  for (const format of ['png', 'avif', 'jpeg']) {
    const still = await raw(await one(bytes, `format=${format}&quality=100&png.quality=100`))
    const [red = 0, green = 0] = pixelAt(still, 4, 8)
    expect([red > 190, green < 60, still.height]).toEqual([true, true, 16])
    expect(pixelAt(still, 20, 8)[3] ?? 'white').toBe(format === 'jpeg' ? 'white' : 0)
  }
})

describe('an animated PNG', () => {
  /** A PNG that says it has more frames; sharp shows the first, which every decoder can. */
  const animated = async (frames: number): Promise<Buffer> => {
    const bytes = await photo(30, 20).png().toBuffer()
    const control = Buffer.from([0, 0, 0, 8, ...Buffer.from('acTL'), 0, 0, 0, frames, 0, 0, 0, 0, 0, 0, 0, 0])
    control.writeUInt32BE(crc32(control.subarray(4, 16)), 16)
    return Buffer.concat([bytes.subarray(0, 33), control, bytes.subarray(33)])
  }

  test('shows its first image in every format and size, with one warning', async () => {
    const { plan, pixels, one } = workshop()
    const bytes = await animated(7)
    for (const query of ['format=png;webp&w=15;30', 'format=gif', 'format=png&animated'])
      expect((await plan(bytes, query)).plan.warnings).toEqual([expect.stringContaining('its 7 frames')])
    for (const query of ['format=png&animated=false', 'w=15&animated=false']) expect((await plan(bytes, query)).plan.warnings).toEqual([])
    expect((await plan(await animated(1), 'format=png')).plan.warnings).toEqual([])
    expect((await one(bytes, 'format=png')).includes('acTL')).toBe(false)
    expect(difference(await pixels(bytes, 'format=png'), await raw(await photo(30, 20).png().toBuffer())).most).toBe(0)
  })
})
