import { describe, expect, test } from 'vitest'
import sharp from 'sharp'
import { readExif } from '../../src/engine/exif.ts'
import { CAMERA, CAMERA_RECORD, dms, exifBlock, withBlocks, type ExifTags } from '../support/exif.ts'
import { workshop } from '../support/engine.ts'
import { jpeg, photo, png } from '../support/images.ts'

const found = async (tags: ExifTags): Promise<object> => (await readExif(withBlocks(await jpeg(8, 8), exifBlock(tags)), 'jpeg')).metadata

test.each([true, false])('the record is flat and exact, little endian %s', async (little) => {
  const file = withBlocks(await jpeg(30, 20), exifBlock(CAMERA, little))
  expect(await readExif(file, 'jpeg')).toEqual({ metadata: CAMERA_RECORD })
})

describe('EXIF in other formats', () => {
  const block = exifBlock(CAMERA)
  const carrier = async (): Promise<Buffer> => withBlocks(await jpeg(30, 20), block)

  test.each(['png', 'webp', 'avif'] as const)('%s', async (format) => {
    const file = await sharp(await carrier())
      .keepExif()
      .toFormat(format)
      .toBuffer()
    expect((await readExif(file, format)).metadata).toMatchObject({ ...CAMERA_RECORD, orientation: expect.any(Number) })
  })

  test('tiff, which is such a structure itself', async () => {
    expect(await readExif(block, 'tiff')).toEqual({ metadata: CAMERA_RECORD })
    expect(await readExif(await photo(8, 8).tiff().toBuffer(), 'tiff')).toEqual({ metadata: { has_exif: false } })
  })

  test('a WebP whose EXIF has the prefix of JPEG', async () => {
    const file = await sharp(await carrier())
      .keepExif()
      .webp()
      .toBuffer()
    expect(file.includes('Exif\0\0')).toBe(true)
    expect((await readExif(file, 'webp')).metadata).toMatchObject({ make: 'Canon' })
  })
})

test('without EXIF the record says so and no more', async () => {
  expect(await readExif(await jpeg(8, 8), 'jpeg')).toEqual({ metadata: { has_exif: false } })
  expect(await readExif(await png(8, 8), 'png')).toEqual({ metadata: { has_exif: false } })
  expect(await readExif(await photo(8, 8).gif().toBuffer(), 'gif')).toEqual({ metadata: { has_exif: false } })
})

test.each<[string, [number, number][], string]>([
  ['a fraction that is not reduced', [[10, 2500]], '1/250'],
  ['a half', [[5, 10]], '1/2'],
  ['a third', [[3333, 10000]], '1/3'],
  ['more than a half', [[6, 10]], '0.6'],
  ['a second', [[1, 1]], '1'],
  ['many seconds', [[25, 10]], '2.5'],
  ['half a minute', [[300, 10]], '30'],
  ['a very short time', [[1, 8000]], '1/8000'],
])('the exposure of %s', async (_, exposure, expected) => {
  expect(await found({ camera: { 0x829a: exposure } })).toEqual({ has_exif: true, exposure_time: expected })
})

test.each<[[number, number][], string]>([
  [[[28, 10]], 'f/2.8'],
  [[[8, 1]], 'f/8'],
  [[[95, 100]], 'f/0.95'],
  [[[178, 100]], 'f/1.78'],
])('the aperture %j is %s', async (aperture, expected) => {
  expect(await found({ camera: { 0x829d: aperture } })).toEqual({ has_exif: true, f_number: expected })
})

test('numbers that are none are left out', async () => {
  expect(await found({ picture: { 0x010f: 'X', 0x0112: 9 }, camera: { 0x829a: [[1, 0]], 0x829d: [[0, 1]], 0x8827: 0 } })).toEqual({
    has_exif: true,
    make: 'X',
  })
})

describe('the date', () => {
  test('is when the picture was taken, else when it was made digital, else when it was changed', async () => {
    const dates = { 0x9003: '2020:01:01 01:01:01', 0x9004: '2021:01:01 01:01:01' }
    const picture = { 0x0132: '2022:01:01 01:01:01' }
    expect(await found({ picture, camera: dates })).toHaveProperty('datetime', '2020:01:01 01:01:01')
    expect(await found({ picture, camera: { 0x9004: dates[0x9004] } })).toHaveProperty('datetime', '2021:01:01 01:01:01')
    expect(await found({ picture })).toHaveProperty('datetime', '2022:01:01 01:01:01')
  })

  test('that the camera did not know is left out', async () => {
    expect(await found({ picture: { 0x0132: '    :  :     :  :  ' }, camera: { 0x9003: '0000:00:00 00:00:00' } })).not.toHaveProperty(
      'datetime',
    )
  })
})

describe('the position', () => {
  const at = async (
    latitude: number,
    longitude: number,
    refs: [string?, string?],
    altitude: Record<number, Uint8Array | [number, number][]> = {},
  ) =>
    found({
      position: {
        ...(refs[0] && { 1: refs[0] }),
        2: dms(latitude),
        ...(refs[1] && { 3: refs[1] }),
        4: dms(longitude),
        ...altitude,
      },
    })

  test.each([
    [40.7128, -74.006, 'N', 'W'],
    [-33.8568, 151.2153, 'S', 'E'],
    [-54.8019, -68.303, 'S', 'W'],
    [64.1466, 21.9426, 'N', 'E'],
    [0, 0, 'S', 'W'],
  ])('%d, %d has its signs', async (latitude, longitude, ns, ew) => {
    expect(await at(latitude, longitude, [ns, ew])).toEqual({ has_exif: true, gps: { latitude, longitude } })
  })

  test('above and below the sea', async () => {
    const height: [number, number][] = [[10500, 1000]]
    const above = await at(1, 1, ['N', 'E'], { 5: Uint8Array.of(0), 6: height })
    const below = await at(1, 1, ['N', 'E'], { 5: Uint8Array.of(1), 6: height })
    const unsaid = await at(1, 1, ['N', 'E'], { 6: height })
    expect([above, below, unsaid].map((exif) => Object(exif).gps.altitude)).toEqual([10.5, -10.5, 10.5])
  })

  test('that cannot be is left out with a warning', async () => {
    const file = withBlocks(await jpeg(8, 8), exifBlock({ position: { 1: 'N', 2: dms(91), 3: 'E', 4: dms(1) } }))
    expect(await readExif(file, 'jpeg')).toEqual({
      metadata: { has_exif: true },
      warning: 'the position in the EXIF of the image makes no sense and was left out',
    })
  })
})

describe('damaged EXIF is a warning', () => {
  const good = exifBlock(CAMERA)
  test.each([
    ['no TIFF structure', Buffer.from('this is no TIFF structure at all')],
    ['cut short', good.subarray(0, 12)],
    ['a directory outside of it', Buffer.concat([good.subarray(0, 4), Buffer.from([0xff, 0xff, 0xff, 0x7f]), good.subarray(8)])],
  ])('%s', async (_, block) => {
    const file = withBlocks(await jpeg(8, 8), block)
    const { metadata, warning } = await readExif(file, 'jpeg')
    expect(metadata).toEqual({ has_exif: false })
    expect(warning).toMatch(/^the EXIF of the image is damaged.* and was not read$/)
    const { plan, pipeline } = workshop()
    const { source, plan: planned } = await plan(file, 'w=4&exif')
    const answer = planned.facts[0] && (await pipeline.fact({ source, fact: planned.facts[0] }))
    expect(answer).toMatchObject({ metadata: { has_exif: false }, warning })
  })

  test('bytes cut off anywhere never throw', async () => {
    const block = exifBlock({ ...CAMERA, thumbnail: await jpeg(8, 8) })
    for (let length = 0; length < block.length; length += 7)
      await expect(readExif(withBlocks(await jpeg(8, 8), block.subarray(0, length)), 'jpeg')).resolves.toHaveProperty('metadata.has_exif')
  })
})

test('an answer is kept, and says the time of the run that found it', async () => {
  const { plan, pipeline } = workshop()
  const { source, plan: planned } = await plan(withBlocks(await jpeg(8, 8), exifBlock(CAMERA)), 'w=4&exif')
  const [fact] = planned.facts
  if (!fact) throw new Error('nothing was asked')
  const first = await pipeline.fact({ source, fact })
  expect(first).toMatchObject({ metadata: CAMERA_RECORD, cached: false })
  await pipeline.tidy()
  expect(await pipeline.fact({ source: { ...source, file: '/nowhere' }, fact })).toEqual({ ...first, cached: true })
})
