import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import exifr from 'exifr'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { extractExif, runExifJob, type ExifJob, type ExifOutput } from '../../src/jobs/exif-file.ts'
import { readExif } from '../../src/engine/exif.ts'
import { showsPosition } from '../../src/source/position.ts'
import { CAMERA, exifBlock, withBlocks, type ExifTags } from '../support/exif.ts'
import { difference, raw, workshop } from '../support/engine.ts'
import { jpeg, photo } from '../support/images.ts'
import { project } from '../support/project.ts'

const UPRIGHT: ExifTags = { ...CAMERA, picture: { ...CAMERA.picture, 0x0112: 1 } }
const PLACED = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description exif:GPSLatitude="33,51.4S"/></x:xmpmeta>'

async function run(bytes: Buffer, job: ExifJob): Promise<ExifOutput> {
  const file = join(project().root, 'photo')
  writeFileSync(file, bytes)
  const { pipeline } = workshop()
  const made = await runExifJob(pipeline, file, job)
  await pipeline.close()
  return made
}

type Name = 'jpeg' | 'png' | 'webp' | 'avif'

async function source(format: Name, tags: ExifTags = UPRIGHT): Promise<Buffer> {
  const thumbnail = await jpeg(16, 12)
  const file = withBlocks(await photo(60, 40).jpeg({ quality: 90 }).toBuffer(), exifBlock({ ...tags, thumbnail }), PLACED)
  if (format === 'jpeg') return file
  return sharp(file).keepExif().keepXmp().toFormat(format).toBuffer()
}

describe.each<Name>(['jpeg', 'png', 'webp', 'avif'])('%s', (format) => {
  test('`strip` leaves no EXIF and every pixel', async () => {
    const bytes = await source(format)
    const made = await run(bytes, { exif_op: 'strip' })
    expect(made).toMatchObject({ format, width: 60, height: 40, metadata: { has_exif: false }, encoded: false })
    expect(made).not.toHaveProperty('warning')
    for (const secret of ['SERIAL-0042', 'Canon', 'GPSLatitude']) expect(made.bytes.includes(secret)).toBe(false)
    expect(difference(await raw(made.bytes), await raw(bytes)).most).toBe(0)
  })

  test('`strip` of `gps` takes the position alone, out of XMP too', async () => {
    const bytes = await source(format)
    expect(showsPosition(bytes, format)).toBe(true)
    const made = await run(bytes, { exif_op: 'strip', mode: 'gps' })
    const { gps: _, ...rest } = (await readExif(bytes, format)).metadata
    expect(made).toMatchObject({ encoded: false, metadata: rest })
    expect(made.metadata).not.toHaveProperty('gps')
    expect(showsPosition(made.bytes, format)).toBe(false)
    expect(made.bytes.includes('GPSLatitude')).toBe(false)
    expect(made.bytes.length).toBe(bytes.length)
    if (format === 'png') expect(wrongChecksums(made.bytes)).toEqual([])
    expect(difference(await raw(made.bytes), await raw(bytes)).most).toBe(0)
  })

  test('`strip` of `camera` takes what tells cameras apart', async () => {
    const made = await run(await source(format), { exif_op: 'strip', mode: 'camera' })
    expect(Object.keys(made.metadata).sort()).toEqual(
      ['artist', 'copyright', 'datetime', 'exposure_time', 'f_number', 'focal_length', 'gps', 'has_exif', 'iso', 'orientation'].sort(),
    )
    for (const secret of ['SERIAL-0042', 'Canon', 'EOS', 'private notes']) expect(made.bytes.includes(secret)).toBe(false)
  })

  test('`strip` with `keep` leaves those alone', async () => {
    const made = await run(await source(format), { exif_op: 'strip', keep: ['artist', 'iso'] })
    expect(made.metadata).toEqual({ has_exif: true, artist: 'Ana Photographer', iso: 400 })
    expect(made.bytes.includes('SERIAL-0042')).toBe(false)
    expect(showsPosition(made.bytes, format)).toBe(false)
  })

  test('`preserve` is the very file', async () => {
    const bytes = await source(format)
    expect((await run(bytes, { exif_op: 'preserve' })).bytes.equals(bytes)).toBe(true)
  })
})

/** Names of the chunks of a PNG whose checksum is not that of what is in them. */
function wrongChecksums(png: Buffer): string[] {
  const wrong: string[] = []
  for (let at = 8; at < png.length;) {
    const end = at + 8 + png.readUInt32BE(at)
    if (crc32(png.subarray(at + 4, end)) !== png.readUInt32BE(end)) wrong.push(png.toString('latin1', at + 4, at + 8))
    at = end + 4
  }
  return wrong
}

test('`strip` of `thumbnail` takes the thumbnail alone', async () => {
  const bytes = await source('jpeg')
  expect(await exifr.thumbnail(bytes)).toBeDefined()
  const made = await run(bytes, { exif_op: 'strip', mode: 'thumbnail' })
  expect(await exifr.thumbnail(made.bytes)).toBeUndefined()
  expect(made.bytes.indexOf(Buffer.from([0xff, 0xd8, 0xff]), 2)).toBe(-1)
  expect(made.metadata).toEqual((await readExif(bytes, 'jpeg')).metadata)
})

test('what a camera notes for itself stays where it was when a part is taken out', async () => {
  const bytes = await source('jpeg')
  const made = await run(bytes, { exif_op: 'strip', mode: 'gps' })
  expect(made.bytes.indexOf('private notes of the maker')).toBe(bytes.indexOf('private notes of the maker'))
})

test('the position in a second picture behind the first goes too', async () => {
  const bytes = Buffer.concat([await source('jpeg'), await source('jpeg')])
  const made = await run(bytes, { exif_op: 'strip', mode: 'gps' })
  const second = made.bytes.subarray(made.bytes.indexOf(Buffer.from([0xff, 0xd9, 0xff, 0xd8])) + 2)
  const { metadata } = await readExif(second, 'jpeg')
  expect(metadata).toMatchObject({ has_exif: true, make: 'Canon' })
  expect(metadata).not.toHaveProperty('gps')
  expect(showsPosition(made.bytes, 'jpeg')).toBe(false)
})

describe('a turned photograph', () => {
  test('is turned upright by `auto_orient`, with all that it carries', async () => {
    const bytes = await source('jpeg', CAMERA)
    const made = await run(bytes, { exif_op: 'auto_orient' })
    expect(made).toMatchObject({ format: 'jpeg', width: 40, height: 60, encoded: true })
    expect(made.metadata).toEqual({ ...(await readExif(bytes, 'jpeg')).metadata, orientation: 1 })
    const upright = await raw(sharp(bytes).autoOrient())
    expect(difference(await raw(made.bytes), upright).mean).toBeLessThan(6)
  })

  test('is turned upright by `strip`, for nothing would say how it is turned', async () => {
    const made = await run(await source('jpeg', CAMERA), { exif_op: 'strip' })
    expect(made).toMatchObject({ width: 40, height: 60, encoded: true, metadata: { has_exif: false } })
  })

  test('keeps its turn when only a part is taken out', async () => {
    const made = await run(await source('jpeg', CAMERA), { exif_op: 'strip', mode: 'gps' })
    expect(made).toMatchObject({ encoded: false, metadata: { orientation: 6 }, width: 40, height: 60 })
  })
})

test('`extract` reads photographs whose pixels cannot be read, and says what is no image', async () => {
  const avif = await source('avif')
  const heic = Buffer.from(avif)
  heic.write('heic', 8, 'latin1')
  for (let at = 16; at < heic.readUInt32BE(0); at += 4) heic.write('mif1', at, 'latin1')
  const { write } = project()
  expect((await extractExif(write('photo.heic', heic))).metadata).toEqual((await readExif(avif, 'avif')).metadata)
  expect((await extractExif(write('photo.jpg', await source('jpeg')))).metadata).toMatchObject({ make: 'Canon' })
  await expect(extractExif(write('no.jpg', 'no image'))).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' })
  await expect(extractExif('/nowhere/photo.jpg')).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
})

test('an upright photograph is left as it is by `auto_orient`', async () => {
  const bytes = await source('jpeg')
  expect((await run(bytes, { exif_op: 'auto_orient' })).bytes.equals(bytes)).toBe(true)
})

test.each<Name>(['jpeg', 'png', 'webp', 'avif'])('another format, %s, carries what was asked for', async (format) => {
  const bytes = await source(format === 'jpeg' ? 'png' : 'jpeg')
  const preserved = await run(bytes, { exif_op: 'preserve', format })
  expect(preserved).toMatchObject({ format, encoded: true, metadata: { make: 'Canon', gps: { latitude: -33.8568 } } })
  const stripped = await run(bytes, { exif_op: 'strip', mode: 'gps', format })
  expect(stripped.metadata).toMatchObject({ make: 'Canon' })
  expect(showsPosition(stripped.bytes, format)).toBe(false)
  const picked = await run(bytes, { exif_op: 'preserve', keep: ['copyright'], format })
  expect(picked.metadata).toMatchObject({ has_exif: true, copyright: '2024 Ana Photographer' })
  for (const name of ['make', 'gps', 'iso']) expect(picked.metadata).not.toHaveProperty(name)
})
