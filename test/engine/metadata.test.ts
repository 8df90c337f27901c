import exifr from 'exifr'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { readMetadata } from '../../src/source/metadata.ts'
import type { Format } from '../../src/types.ts'
import { CAMERA, exifBlock, withBlocks } from '../support/exif.ts'
import { difference, raw, workshop } from '../support/engine.ts'
import { jpeg, photo } from '../support/images.ts'
import { animation } from '../support/sources.ts'

const XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6" exif:GPSLatitude="33,51.4S"/></x:xmpmeta>'

/** A turned photograph with a profile, a position, a thumbnail, and all that a camera writes. */
async function source(quality = 95): Promise<Buffer> {
  const picture = await photo(120, 80).withIccProfile('p3').jpeg({ quality }).toBuffer()
  return withBlocks(picture, exifBlock({ ...CAMERA, thumbnail: await jpeg(16, 12) }), XMP)
}

/** What an independent reader finds in a file. */
async function carried(
  bytes: Buffer,
): Promise<{ exif: Record<string, Record<string, unknown>>; text: string; icc: boolean; thumbnail: boolean; xmp: string }> {
  const { exif, icc, xmp } = await sharp(bytes).metadata()
  const block = exif?.subarray(exif.toString('latin1', 0, 4) === 'Exif' ? 6 : 0)
  const tags = block && (await exifr.parse(block, { mergeOutput: false, reviveValues: false, translateValues: false, makerNote: true }))
  return {
    exif: tags ?? {},
    text: bytes.toString('latin1'),
    icc: icc !== undefined,
    thumbnail: block !== undefined && (await exifr.thumbnail(block)) !== undefined,
    xmp: xmp?.toString() ?? '',
  }
}

const FORMATS: Format[] = ['jpeg', 'png', 'webp', 'avif']

describe.each(FORMATS)('%s', (format) => {
  const make = async (metadata: string): Promise<Buffer> => workshop().one(await source(), `w=40&format=${format}${metadata}`)

  test.each(['', '&metadata=strip'])('carries nothing with%s', async (metadata) => {
    const { exif, icc, xmp } = await carried(await make(metadata))
    expect({ exif, icc, xmp }).toEqual({ exif: {}, icc: false, xmp: '' })
  })

  test('carries artist, copyright and profile with `metadata=copyright`', async () => {
    const { exif, icc, xmp, text, thumbnail } = await carried(await make('&metadata=copyright'))
    expect(exif['ifd0']).toMatchObject({ Artist: 'Ana Photographer', Copyright: '2024 Ana Photographer' })
    expect(exif['gps']).toBeUndefined()
    expect({ icc, thumbnail, xmp }).toEqual({ icc: true, thumbnail: false, xmp: '' })
    for (const secret of ['SERIAL-0042', 'Canon', 'EOS', 'Firmware', 'private notes']) expect(text).not.toContain(secret)
  })

  test('carries everything that is still true with `metadata=keep`', async () => {
    const { exif, icc, xmp, thumbnail } = await carried(await make('&metadata=keep'))
    expect(exif['ifd0']).toMatchObject({ Make: 'Canon', Orientation: 1, Artist: 'Ana Photographer' })
    expect(exif['exif']).toMatchObject({ SerialNumber: 'SERIAL-0042', FNumber: 2.8, ExifImageWidth: 40, ExifImageHeight: 60 })
    expect(exif['gps']).toMatchObject({ GPSLatitudeRef: 'S', GPSAltitude: 12.5 })
    expect(xmp).toBe(XMP.replace('Orientation="6"', 'Orientation="1"'))
    expect({ icc, thumbnail }).toEqual({ icc: true, thumbnail: false })
  })

  test('shows the same pixels whatever it carries', async () => {
    const plain = await raw(await make(''))
    for (const policy of ['copyright', 'keep']) expect(difference(await raw(await make(`&metadata=${policy}`)), plain).most).toBe(0)
  })
})

test('GIF has no place for it', async () => {
  const { make } = workshop()
  const [plain, kept] = [await make(await source(), 'w=40&format=gif'), await make(await source(), 'w=40&format=gif&metadata=keep')]
  expect(kept[0]?.key).toBe(plain[0]?.key)
})

test('an animated WebP stays whole with metadata in it', async () => {
  const { one } = workshop()
  const moving = await animation('webp', 40, 20)
  const framed = await one(withWebpExif(moving), 'w=20&metadata=keep')
  expect(await sharp(framed).metadata()).toMatchObject({ pages: 3, width: 20, delay: [40, 90, 130], loop: 3 })
  expect((await carried(framed)).exif['ifd0']).toMatchObject({ Make: 'Canon' })
})

/** An extended WebP with EXIF behind its frames. */
function withWebpExif(webp: Buffer): Buffer {
  const exif = exifBlock({ picture: { 0x010f: 'Canon' } })
  const head = Buffer.from('EXIF    ', 'latin1')
  head.writeUInt32LE(exif.length, 4)
  const file = Buffer.concat([webp, head, exif])
  file.writeUInt8(file.readUInt8(20) | 0x08, 20)
  file.writeUInt32LE(file.length - 8, 4)
  return file
}

describe('an output that would be larger than its source', () => {
  const small = async (): Promise<Buffer> => {
    const picture = await photo(60, 40).jpeg({ quality: 20, mozjpeg: true }).toBuffer()
    return withBlocks(picture, exifBlock({ ...CAMERA, picture: { ...CAMERA.picture, 0x0112: 1 } }), XMP)
  }

  test('is the source with what may stay', async () => {
    const { one } = workshop()
    const bytes = await small()
    const copyright = await one(bytes, 'quality=95&metadata=copyright')
    expect(copyright.length).toBeLessThan(bytes.length)
    const { exif, text, xmp } = await carried(copyright)
    expect(exif).toEqual({ ifd0: { Artist: 'Ana Photographer', Copyright: '2024 Ana Photographer' } })
    expect(xmp).toBe('')
    expect(text).not.toContain('SERIAL-0042')
    expect(difference(await raw(copyright), await raw(bytes)).most).toBe(0)
    expect((await one(bytes, 'quality=95&metadata=keep')).equals(bytes)).toBe(true)
    expect(await carried(await one(bytes, 'quality=95'))).toMatchObject({ exif: {}, xmp: '' })
  })
})

test('the default leaves keys as they were, every policy has its own', async () => {
  const { plan } = workshop()
  const bytes = await source()
  const keyOf = async (query: string): Promise<string | undefined> => (await plan(bytes, query)).plan.outputs[0]?.key
  expect(await keyOf('w=40&metadata=strip')).toBe(await keyOf('w=40'))
  expect(new Set([await keyOf('w=40'), await keyOf('w=40&metadata=copyright'), await keyOf('w=40&metadata=keep')]).size).toBe(3)
})

test('our reader of blocks finds what sharp finds', async () => {
  for (const format of FORMATS) {
    const file = await workshop().one(await source(), `w=40&metadata=keep&format=${format}`)
    const { exif, xmp } = await sharp(file).metadata()
    const own = readMetadata(file, format)
    expect(
      Buffer.from(own.exif ?? []).equals(exif?.subarray(exif.toString('latin1', 0, 4) === 'Exif' ? 6 : 0) ?? Buffer.from('none')),
    ).toBe(true)
    expect(Buffer.from(own.xmp ?? []).equals(xmp ?? Buffer.from('none'))).toBe(true)
  }
})
