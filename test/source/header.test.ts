import { crc32 } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import { describe, expect, test } from 'vitest'
import { ImagemillError } from '../../src/errors.ts'
import { readHeader } from '../../src/source/header.ts'
import { sniff } from '../../src/source/sniff.ts'
import type { Header } from '../../src/types.ts'

type Fixtures = Record<string, Buffer | Promise<Buffer>>

const image = (channels: 3 | 4 = 3, width = 23, height = 11): Sharp =>
  sharp({ create: { width, height, channels, background: { r: 200, g: 40, b: 90, alpha: 0.5 } } })
const grey = (): Sharp => image().toColourspace('b-w')
const deep = (channels: 3 | 4 = 3): Sharp => image(channels).toColourspace('rgb16')

/** Frames of different colours, which no encoder joins. */
async function frames(alpha: number): Promise<Sharp> {
  const stills = [40, 120, 200].map((r) =>
    sharp({ create: { width: 16, height: 8, channels: 4, background: { r, g: 0, b: 0, alpha } } })
      .png()
      .toBuffer(),
  )
  return sharp(await Promise.all(stills), { join: { animated: true } })
}

function uint(little: boolean, bytes: number, value: number): Buffer {
  const buffer = Buffer.alloc(bytes)
  if (little) buffer.writeUIntLE(value, 0, bytes)
  else buffer.writeUIntBE(value, 0, bytes)
  return buffer
}

/** A TIFF structure with one entry; `value` fills the four bytes of its value. */
function exif({ tag = 0x0112, type = 3, count = 1, value = 6, little = true, wide = false, data = Buffer.alloc(0) } = {}): Buffer {
  const u16 = (n: number): Buffer => uint(little, 2, n)
  const u32 = (n: number): Buffer => uint(little, 4, n)
  const start = Buffer.from(little ? 'II' : 'MM')
  const field = wide ? u32(value) : Buffer.concat([u16(value), u16(0)])
  return Buffer.concat([start, u16(42), u32(8), u16(1), u16(tag), u16(type), u32(count), field, u32(0), data])
}

const PREFIX = Buffer.from('Exif\0\0')

const segment = (marker: number, ...parts: Buffer[]): Buffer => {
  const data = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([0xff, marker]), uint(false, 2, data.length + 2), data])
}
/** A JPEG with segments after SOI, or before another marker. */
async function jpegWith(segments: Buffer[], before?: number): Promise<Buffer> {
  const jpeg = await image().jpeg().toBuffer()
  const at = before === undefined ? 2 : jpeg.indexOf(Buffer.from([0xff, before]))
  return Buffer.concat([jpeg.subarray(0, at), ...segments, jpeg.subarray(at)])
}

function pngChunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name), data])
  return Buffer.concat([uint(false, 4, data.length), named, uint(false, 4, crc32(named))])
}
/** A PNG with chunks before the first chunk of a name. */
async function pngWith(png: Promise<Buffer>, before: string, ...chunks: Buffer[]): Promise<Buffer> {
  const bytes = await png
  const at = bytes.indexOf(before) - 4
  return Buffer.concat([bytes.subarray(0, at), ...chunks, bytes.subarray(at)])
}

function webpChunk(name: string, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from(name), uint(true, 4, data.length), data, Buffer.alloc(data.length & 1)])
}
function webpOf(...chunks: Buffer[]): Buffer {
  const data = Buffer.concat(chunks)
  return Buffer.concat([Buffer.from('RIFF'), uint(true, 4, data.length + 4), Buffer.from('WEBP'), data])
}
function vp8x(flags: number, width = 23, height = 11): Buffer {
  return webpChunk('VP8X', Buffer.concat([uint(true, 4, flags), uint(true, 3, width - 1), uint(true, 3, height - 1)]))
}
function anmf(still: Buffer, width = 23, height = 11): Buffer {
  const size = Buffer.concat([uint(true, 3, width - 1), uint(true, 3, height - 1)])
  return webpChunk('ANMF', Buffer.concat([Buffer.alloc(6), size, uint(true, 3, 100), Buffer.alloc(1), still]))
}
const ANIM = webpChunk('ANIM', Buffer.alloc(6))
const lossless = async (channels: 3 | 4, width?: number): Promise<Buffer> =>
  (await image(channels, width).webp({ lossless: true }).toBuffer()).subarray(12)

/** A GIF of hand-made blocks, without a global colour table. */
const gif = (width: number, height: number, ...blocks: number[][]): Buffer =>
  Buffer.concat([Buffer.from('GIF89a'), uint(true, 2, width), uint(true, 2, height), Buffer.from([0, 0, 0, ...blocks.flat()])])
const FRAME = [0x2c, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 2, 0x84, 0x51, 0]
const MOVED_FRAME = [0x2c, 5, 0, 7, 0, ...FRAME.slice(5)]
const COLOURED_FRAME = [...FRAME.slice(0, 9), 0x80, 0, 0, 0, 9, 9, 9, ...FRAME.slice(10)]
const TRANSPARENT = [0x21, 0xf9, 4, 1, 0, 0, 0, 0]
const COMMENT = [0x21, 0xfe, 3, 65, 66, 67, 0]
const LOOP = [0x21, 0xff, 11, ...Buffer.from('NETSCAPE2.0'), 3, 1, 0, 0, 0]
const TRAILER = [0x3b]

const JPEG: Fixtures = {
  baseline: image().jpeg().toBuffer(),
  progressive: image().jpeg({ progressive: true }).toBuffer(),
  grey: image().grayscale().jpeg().toBuffer(),
  cmyk: image().toColourspace('cmyk').jpeg().toBuffer(),
  '1x1': image(3, 1, 1).jpeg().toBuffer(),
  'with ICC profile': image().withIccProfile('p3').jpeg().toBuffer(),
  'stray bytes between segments': jpegWith([Buffer.from([1, 2, 0xff, 0, 0xff, 0xff, 0xff])]),
  'markers without length': jpegWith([Buffer.from([0xff, 0x01, 0xff, 0xd3])]),
  'segment of length 0': jpegWith([Buffer.from([0xff, 0xe5, 0, 0])]),
  'XMP before EXIF': jpegWith([segment(0xe1, Buffer.from('http://ns.adobe.com/xap/1.0/\0')), segment(0xe1, PREFIX, exif())]),
  'two EXIF': jpegWith([segment(0xe1, PREFIX, exif({ value: 3 })), segment(0xe1, PREFIX, exif())]),
  'EXIF without orientation, then with': jpegWith([segment(0xe1, PREFIX, exif({ tag: 0x0100 })), segment(0xe1, PREFIX, exif())]),
  'EXIF of four bytes, then with': jpegWith([segment(0xe1, Buffer.from('Exif')), segment(0xe1, PREFIX, exif())]),
  'EXIF of five bytes, then with': jpegWith([segment(0xe1, Buffer.from('Exif\0')), segment(0xe1, PREFIX, exif())]),
  'EXIF after the frame header': jpegWith([segment(0xe1, PREFIX, exif())], 0xda),
}

const PNG: Fixtures = {
  rgb: image().png().toBuffer(),
  rgba: image(4).png().toBuffer(),
  grey: grey().png().toBuffer(),
  'grey and alpha': image(4).toColourspace('b-w').png().toBuffer(),
  '16 bit': deep().png().toBuffer(),
  '16 bit and alpha': deep(4).png().toBuffer(),
  interlaced: image().png({ progressive: true }).toBuffer(),
  palette: image().png({ palette: true }).toBuffer(),
  'palette and alpha': image(4).png({ palette: true }).toBuffer(),
  '1x1': image(3, 1, 1).png().toBuffer(),
  APNG: pngWith(image().png().toBuffer(), 'IDAT', pngChunk('acTL', Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]))),
  'tRNS of RGB': pngWith(image().png().toBuffer(), 'IDAT', pngChunk('tRNS', Buffer.alloc(6))),
  'tRNS of grey': pngWith(grey().png().toBuffer(), 'IDAT', pngChunk('tRNS', Buffer.alloc(2))),
  'tRNS of the wrong length': pngWith(image().png().toBuffer(), 'IDAT', pngChunk('tRNS', Buffer.alloc(5))),
  'tRNS, then tRNS of the wrong length': pngWith(
    image().png().toBuffer(),
    'IDAT',
    pngChunk('tRNS', Buffer.alloc(6)),
    pngChunk('tRNS', Buffer.alloc(5)),
  ),
  'tRNS longer than the palette': pngWith(image().png({ palette: true }).toBuffer(), 'IDAT', pngChunk('tRNS', Buffer.alloc(200))),
  'tRNS before the palette': pngWith(image().png({ palette: true }).toBuffer(), 'PLTE', pngChunk('tRNS', Buffer.alloc(1))),
  'tRNS after the pixels': pngWith(image().png().toBuffer(), 'IEND', pngChunk('tRNS', Buffer.alloc(6))),
  eXIf: pngWith(image().png().toBuffer(), 'IDAT', pngChunk('eXIf', exif())),
  'eXIf with the prefix of JPEG': pngWith(image().png().toBuffer(), 'IDAT', pngChunk('eXIf', Buffer.concat([PREFIX, exif()]))),
  'eXIf after the pixels': pngWith(image().png().toBuffer(), 'IEND', pngChunk('eXIf', exif())),
  'eXIf of another kind, then eXIf': pngWith(
    image().png().toBuffer(),
    'IDAT',
    pngChunk('eXIf', Buffer.from('nonsense')),
    pngChunk('eXIf', exif()),
  ),
  'two eXIf': pngWith(image().png().toBuffer(), 'IDAT', pngChunk('eXIf', exif({ value: 3 })), pngChunk('eXIf', exif())),
}

const WEBP: Fixtures = {
  lossy: image().webp().toBuffer(),
  'lossy and alpha': image(4).webp().toBuffer(),
  lossless: image().webp({ lossless: true }).toBuffer(),
  'lossless and alpha': image(4).webp({ lossless: true }).toBuffer(),
  '1x1': image(3, 1, 1).webp().toBuffer(),
  animated: frames(1).then((animation) => animation.webp().toBuffer()),
  'animated and alpha': frames(0.5).then((animation) => animation.webp().toBuffer()),
  EXIF: image().withMetadata({ orientation: 6 }).webp().toBuffer(),
  'EXIF without prefix': lossless(3).then((still) => webpOf(vp8x(8), still, webpChunk('EXIF', exif()))),
  'EXIF with prefix': lossless(3).then((still) => webpOf(vp8x(8), still, webpChunk('EXIF', Buffer.concat([PREFIX, exif()])))),
  'EXIF without flag': lossless(3).then((still) => webpOf(vp8x(0), still, webpChunk('EXIF', exif()))),
  'EXIF of no bytes': lossless(3).then((still) => webpOf(vp8x(8), still, webpChunk('EXIF', Buffer.alloc(0)))),
  'two EXIF': lossless(3).then((still) => webpOf(vp8x(8), still, webpChunk('EXIF', exif({ value: 3 })), webpChunk('EXIF', exif()))),
  'EXIF outside the container': lossless(3).then((still) => Buffer.concat([webpOf(vp8x(8), still), webpChunk('EXIF', exif())])),
  'alpha without flag': lossless(4).then((still) => webpOf(vp8x(0), still)),
  'flag without alpha': lossless(3).then((still) => webpOf(vp8x(16), still)),
  'animated, alpha in one frame, no flag': Promise.all([lossless(3), lossless(4)]).then(([a, b]) =>
    webpOf(vp8x(2), ANIM, anmf(a), anmf(b), anmf(a)),
  ),
  'animated, one small frame': Promise.all([lossless(3), lossless(3, 9)]).then(([a, b]) => webpOf(vp8x(2), ANIM, anmf(a), anmf(b, 9))),
  'animated, one empty frame': lossless(3).then((a) => webpOf(vp8x(2), ANIM, anmf(a), anmf(Buffer.alloc(0)), anmf(a))),
  'animated, one frame only': lossless(3).then((a) => webpOf(vp8x(2), ANIM, anmf(a))),
}

const GIF: Fixtures = {
  still: image().gif().toBuffer(),
  '1x1': image(3, 1, 1).gif().toBuffer(),
  transparent: sharp({ create: { width: 9, height: 7, channels: 4, background: '#0000' } })
    .gif()
    .toBuffer(),
  animated: frames(1).then((animation) => animation.gif().toBuffer()),
  'animated and transparent': frames(0).then((animation) => animation.gif().toBuffer()),
  'comment and loop extensions': gif(2, 2, LOOP, COMMENT, FRAME, COMMENT, FRAME, COMMENT, TRAILER),
  'empty extensions': gif(2, 2, [0x21, 0xfe, 0], [0x21, 0x33, 0, 0], FRAME, TRAILER),
  'transparent second frame': gif(2, 2, FRAME, TRANSPARENT, COLOURED_FRAME, TRAILER),
  'transparency of no frame': gif(2, 2, FRAME, TRANSPARENT, TRAILER),
  'no trailer': gif(2, 2, FRAME, FRAME),
  'bytes after the trailer': gif(2, 2, FRAME, TRAILER, Array(20).fill(7)),
  'second frame cut short': gif(2, 2, FRAME, TRANSPARENT, FRAME.slice(0, 13)),
  'second frame without pixels': gif(2, 2, FRAME, FRAME.slice(0, 10), TRAILER, [0, 0, 0]),
  'first frame larger than the screen': gif(2, 2, MOVED_FRAME, FRAME, TRAILER),
  'second frame larger than the screen': gif(2, 2, FRAME, MOVED_FRAME, TRAILER),
  'screen in place of the size': gif(640, 480, FRAME, TRAILER),
  'no screen': gif(0, 0, MOVED_FRAME, TRAILER),
}

const ALL = Object.entries({ JPEG, PNG, WEBP, GIF }).flatMap(([kind, fixtures]) =>
  Object.entries(fixtures).map(([name, bytes]) => [`${kind} ${name}`, bytes] as const),
)

function read(bytes: Buffer): Header {
  const format = sniff(bytes)
  if (format !== 'jpeg' && format !== 'png' && format !== 'webp' && format !== 'gif') throw new Error(`${format} has no reader`)
  // sharp says nothing of frames that it cannot read.
  const { unread: _, ...header } = readHeader(bytes, format)
  return header
}

async function readWithSharp(bytes: Buffer): Promise<unknown> {
  const { format, width, height, pageHeight = height, orientation = 1, pages = 1, hasAlpha } = await sharp(bytes, {}).metadata()
  return { format, width, height: pageHeight, orientation, frames: pages, alpha: hasAlpha }
}

/** The error that reading throws; any other error fails the test. */
function refusal(bytes: Buffer): ImagemillError | undefined {
  try {
    read(bytes)
    return undefined
  } catch (error) {
    if (error instanceof ImagemillError) return error
    throw error
  }
}

describe('agrees with sharp', () => {
  test.each(ALL)('%s', async (_, made) => {
    const bytes = await made
    expect(read(bytes)).toEqual(await readWithSharp(bytes))
  })

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('EXIF orientation %i of both byte orders in JPEG, PNG and WebP', async (value) => {
    for (const little of [true, false]) {
      const block = exif({ value, little })
      const jpeg = await jpegWith([segment(0xe1, PREFIX, block)])
      const png = await pngWith(image().png().toBuffer(), 'IDAT', pngChunk('eXIf', block))
      const webp = webpOf(vp8x(8), await lossless(3), webpChunk('EXIF', block))
      for (const bytes of [jpeg, png, webp]) {
        expect(read(bytes)).toEqual(await readWithSharp(bytes))
        expect(read(bytes).orientation).toBe(value >= 1 && value <= 8 ? value : 1)
      }
    }
  })

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])('EXIF orientation written as TIFF type %i', async (type) => {
    for (const data of [Buffer.alloc(0), Buffer.from([6, 0, 0, 0, 1, 0, 0, 0]), Buffer.alloc(40, Buffer.from([6, 0]))]) {
      for (const count of [0, 1, 3, 5, 10, 0x80000001]) {
        for (const value of [6, 26, 65542]) {
          const bytes = await jpegWith([segment(0xe1, PREFIX, exif({ type, count, value, wide: true, data }))])
          expect(read(bytes), `count ${count}, value ${value}`).toEqual(await readWithSharp(bytes))
        }
      }
    }
  })
})

describe('damaged files', () => {
  test.each(ALL)('%s, cut at every length, is refused or read as sharp reads it', async (_, made) => {
    const whole = await made
    for (let length = 0; length < whole.length; length++) {
      const bytes = whole.subarray(0, length)
      if (refusal(bytes)) continue
      const theirs = await readWithSharp(bytes).catch(() => undefined)
      if (theirs) expect(read(bytes), `${length} bytes`).toEqual(theirs)
    }
  })

  test.each(ALL)('%s, with any one byte changed, is refused or read as sharp reads it', async (_, made) => {
    const whole = await made
    for (let at = 0; at < Math.min(whole.length, 200); at++) {
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] ?? 0) ^ 0xff
      const refused = refusal(bytes)
      const theirs = await readWithSharp(bytes).catch(() => undefined)
      // Samples of other depths than 8 pass sharp's header and fail its decoder.
      if (theirs && refused?.code !== 'FORMAT_UNSUPPORTED') expect(refused ?? read(bytes), `byte ${at}`).toEqual(theirs)
    }
  })

  test('a file in the middle of a larger buffer is not read past its end', async () => {
    const whole = await image().jpeg().toBuffer()
    const cut = whole.indexOf(Buffer.from([0xff, 0xda])) + 6
    expect(refusal(whole.subarray(0, cut))?.reason).toBe(`the JPEG file ends inside its header, after ${cut} bytes`)
  })

  const png = image().png().toBuffer()
  const startless = png.then((bytes) => Buffer.concat([bytes.subarray(0, 8), bytes.subarray(33)]))
  const sizeless = png.then((bytes) => Buffer.from(bytes).fill(0, 16, 20))
  const pixelless = png.then((bytes) => Buffer.concat([bytes.subarray(0, 33), bytes.subarray(bytes.indexOf('IEND') - 4)]))
  const short = image()
    .webp()
    .toBuffer()
    .then((bytes) => bytes.subarray(0, 40))
  test.each<[string, Buffer | Promise<Buffer>, RegExp]>([
    ['PNG without IHDR', startless, /^expected IHDR as the first chunk of the PNG file, found "/],
    ['PNG of no size', sizeless, /^expected a PNG image of at least 1x1 px, found 0x11 px$/],
    ['PNG without pixels', pixelless, /^the PNG file ends before its first IDAT chunk$/],
    ['JPEG without scan', Buffer.from([0xff, 0xd8, 0xff, 0xd9]), /^the JPEG file ends before its first scan$/],
    ['WebP cut short', short, /^expected a WebP file of \d+ bytes, found 40$/],
    [
      'WebP of an unknown chunk',
      webpOf(webpChunk('ABCD', Buffer.alloc(4))),
      /^expected VP8, VP8L or VP8X as the first chunk .* found "ABCD"$/,
    ],
    ['GIF without frames', gif(2, 2, TRAILER), /^expected at least one whole frame in the GIF file, found none in 14 bytes$/],
    ['GIF with junk for a frame', gif(2, 2, Array(20).fill(7)), /^expected a frame at byte 13 of the GIF file, found 0x07$/],
  ])('%s: says what was expected and found', async (_, made, reason) => {
    const error = refusal(await made)
    expect(error?.code).toBe('SOURCE_CORRUPT')
    expect(error?.reason).toMatch(reason)
    expect(error?.hint).toBeTruthy()
  })

  test.each([
    ['12 bits per sample', 0xc1, 12],
    ['hierarchical', 0xc5, 8],
  ])('JPEG that sharp cannot decode (%s) is named', (_, marker, depth) => {
    const frame = segment(marker, Buffer.from([depth, 0, 8, 0, 8, 1, 1, 0x11, 0]))
    const error = refusal(Buffer.concat([Buffer.from([0xff, 0xd8]), frame, segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0]))]))
    expect(error?.code).toBe('FORMAT_UNSUPPORTED')
  })

  test('long hostile files are read in linear time', () => {
    const size = 5_000_000
    const files = [
      Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(size, Buffer.from([0xff, 0]))]),
      Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(size, Buffer.from([0xff, 0xe1, 0, 2]))]),
      Buffer.concat([gif(2, 2, FRAME.slice(0, 11)), Buffer.alloc(size, 1)]),
      Buffer.concat([gif(2, 2), Buffer.alloc(size, Buffer.from([0x21, 0xfe, 0]))]),
      webpOf(vp8x(10), Buffer.alloc(size, Buffer.from('ABCD\0\0\0\0'))),
    ]
    const start = performance.now()
    for (const file of files) expect(refusal(file)).toBeDefined()
    expect(performance.now() - start).toBeLessThan(5000)
  })
})
