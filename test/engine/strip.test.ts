import { crc32 } from 'node:zlib'
import sharp, { type Metadata, type Sharp } from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { stripMetadata } from '../../src/engine/strip.ts'

type Format = Parameters<typeof stripMetadata>[1]

const FORMATS: Format[] = ['jpeg', 'png', 'webp', 'gif']
const TURNABLE = ['jpeg', 'png', 'webp'] as const
const SIGNED_BYTES: Record<Format, number[]> = { jpeg: [0, 1], png: [0, 1, 4, 7], webp: [0, 3, 8, 11], gif: [0, 3, 4, 5] }
const EXIF = {
  IFD0: { Copyright: 'SECRET owner' },
  IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 3230/100', GPSProcessingMethod: 'SECRET place' },
}
const XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc>SECRET</dc></x:xmpmeta>'
const SECRET = Buffer.from('SECRET')

/** Every pixel unlike its neighbours, so that a wrong table, palette or transform shows. */
function pixels(width: number, height: number, channels: 3 | 4, shift = 0) {
  const data = Buffer.from(
    Array.from({ length: width * height * channels }, (_, i) => (channels === 4 && i % 4 === 3 ? 255 - (i % 90) : (i * 7 + shift) % 256)),
  )
  return sharp(data, { raw: { width, height, channels } })
}

const plain: Record<Format, () => Sharp> = {
  jpeg: () => pixels(24, 17, 3).jpeg({ progressive: true }),
  png: () => pixels(9, 7, 4).png(),
  webp: () => pixels(9, 7, 4).webp({ lossless: true }),
  gif: () => pixels(9, 7, 4).gif(),
}
/** Without the pixel density that sharp puts in every PNG. */
async function bare(format: Format): Promise<Buffer> {
  const bytes = await plain[format]().toBuffer()
  const density = bytes.indexOf('pHYs') - 4
  return format === 'png' ? Buffer.concat([bytes.subarray(0, density), bytes.subarray(density + 21)]) : bytes
}
const told = (format: Format): Promise<Buffer> => plain[format]().withIccProfile('p3').withExif(EXIF).withXmp(XMP).toBuffer()

async function animation(format: 'webp' | 'gif', lossless = true): Promise<Buffer> {
  const frames = await Promise.all([0, 60, 120].map((shift) => pixels(9, 7, 4, shift).png().toBuffer()))
  const joined = sharp(frames, { join: { animated: true } })
  const options = { loop: 3, delay: [40, 90, 130] }
  if (format === 'gif') return joined.gif(options).toBuffer()
  const moving = joined.webp({ ...options, lossless })
  return moving.withExif(EXIF).toBuffer()
}

const be16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255])
const splice = (bytes: Buffer, at: number, ...parts: Buffer[]): Buffer =>
  Buffer.concat([bytes.subarray(0, at), ...parts, bytes.subarray(at)])
const segment = (marker: number, payload: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from([0xff, marker]), be16(Buffer.from(payload).length + 2), Buffer.from(payload)])

function pngChunk(type: string, data: string | Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), Buffer.from(data)])
  const chunk = Buffer.concat([Buffer.alloc(4), named, Buffer.alloc(4)])
  chunk.writeUInt32BE(named.length - 4)
  chunk.writeUInt32BE(crc32(named), chunk.length - 4)
  return chunk
}

function riffChunk(id: string, body: string | Buffer): Buffer {
  const data = Buffer.from(body)
  const header = Buffer.from(`${id}    `)
  header.writeUInt32LE(data.length, 4)
  return Buffer.concat([header, data, Buffer.alloc(data.length % 2)])
}
const riff = (...chunks: Buffer[]): Buffer => riffChunk('RIFF', Buffer.concat([Buffer.from('WEBP'), ...chunks]))
const gifExtension = (label: number, ...blocks: string[]): Buffer =>
  Buffer.from(`!${String.fromCharCode(label)}${blocks.map((block) => String.fromCharCode(block.length) + block).join('')}\0`, 'latin1')

/** A TIFF directory of one tag. */
function exifOf(tag: number, value: number, { little = false, type = 3, count = 1 } = {}): Buffer {
  const tiff = Buffer.from(little ? 'II*\0' : 'MM\0*', 'latin1')
  const sizes = [4, 2, 2, 2, 4, 2, 2, 4]
  const fields = [8, 1, tag, type, count, value, 0, 0].map((word, i) => {
    const field = Buffer.alloc(sizes[i] ?? 0)
    field.writeUIntBE(word, 0, field.length)
    return little ? field.toReversed() : field
  })
  return Buffer.concat([tiff, ...fields])
}

const withExif: Record<(typeof TURNABLE)[number], (bytes: Buffer, exif: Buffer) => Buffer> = {
  jpeg: (bytes, exif) => splice(bytes, 2, segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), exif]))),
  png: (bytes, exif) => splice(bytes, 33, pngChunk('eXIf', exif)),
  webp: (bytes, exif) => riff(bytes.subarray(12), riffChunk('EXIF', exif)),
}

const SIZES = ['width', 'height', 'pages', 'loop', 'delay'] as const
const COLOURS = ['format', 'space', 'channels', 'depth', 'hasAlpha', 'isProgressive', 'isPalette', 'chromaSubsampling', 'icc'] as const
const meaning = (metadata: Metadata): unknown[] => [...SIZES, ...COLOURS].map((name) => [name, metadata[name]])
const decode = (bytes: Buffer): Promise<Buffer> => sharp(bytes, { animated: true }).raw().toBuffer()

async function expectStripped(source: Buffer, format: Format): Promise<Buffer> {
  const stripped = stripMetadata(source, format)
  if (stripped === undefined) throw new Error('not stripped')
  expect(stripped.length).toBeLessThanOrEqual(source.length)
  expect(stripped.includes(SECRET)).toBe(false)
  expect((await decode(stripped)).equals(await decode(source))).toBe(true)
  const after = await sharp(stripped).metadata()
  expect([after.exif, after.xmp, after.iptc, after.comments]).toEqual([undefined, undefined, undefined, undefined])
  expect(meaning(after)).toEqual(meaning(await sharp(source).metadata()))
  expect(stripMetadata(stripped, format)).toEqual(stripped)
  return stripped
}

describe.each(FORMATS)('%s', (format) => {
  let source: Buffer
  beforeAll(async () => {
    source = await (format === 'webp' ? animation('webp') : told(format))
  })

  it('is returned as it is when there is nothing to strip', async () => {
    expect(stripMetadata(await bare(format), format)).toEqual(await bare(format))
  })

  it('loses what follows its end', async () => {
    expect(await expectStripped(Buffer.concat([await bare(format), SECRET]), format)).toEqual(await bare(format))
  })

  it('is not stripped when it is cut off anywhere', () => {
    const stripped = Array.from({ length: source.length }, (_, size) => size).filter(
      (size) => stripMetadata(source.subarray(0, size), format) !== undefined,
    )
    expect(stripped).toEqual([])
  })

  it('never throws nor grows, whatever byte is wrong', () => {
    let longest = 0
    for (let at = 0; at < source.length; at++) {
      for (const value of [0x00, 0x01, 0x7f, 0x80, 0xd8, 0xff]) {
        const mutated = Buffer.from(source)
        mutated[at] = value
        longest = Math.max(longest, stripMetadata(mutated, format)?.length ?? 0)
      }
    }
    expect(longest).toBeLessThanOrEqual(source.length)
  })

  it('is not stripped as another format, nor without its signature', () => {
    expect(FORMATS.filter((other) => stripMetadata(source, other) !== undefined)).toEqual([format])
    const unsigned = SIGNED_BYTES[format].map((at) => source.with(at, 0x20))
    expect(unsigned.filter((bytes) => stripMetadata(Buffer.from(bytes), format) !== undefined)).toEqual([])
  })
})

describe.each(TURNABLE)('%s EXIF', (format) => {
  it('goes with its GPS and the XMP, and the colour profile stays', async () => {
    const source = await told(format)
    expect(source.includes(SECRET)).toBe(true)
    await expectStripped(source, format)
    expect((await sharp(source).metadata()).icc).toBeDefined()
  })

  it.each([true, false])('is obeyed when it turns the picture (little-endian: %s)', async (little) => {
    const source = await bare(format)
    const oriented = (value: number): Buffer => withExif[format](source, exifOf(0x0112, value, { little }))
    expect([2, 3, 4, 5, 6, 7, 8].filter((value) => stripMetadata(oriented(value), format) !== undefined)).toEqual([])
    await expectStripped(oriented(1), format)
    await expectStripped(withExif[format](source, exifOf(0x0128, 6, { little })), format)
  })

  it('is obeyed when sharp wrote it', async () => {
    expect(stripMetadata(await plain[format]().withMetadata({ orientation: 6 }).toBuffer(), format)).toBeUndefined()
  })

  it('is left alone when it cannot be read', async () => {
    const source = await bare(format)
    const upright = exifOf(0x0112, 1)
    const cut = [0, 4, 7, 9, 20].map((size) => upright.subarray(0, size))
    const beyond = Buffer.from(upright)
    beyond.writeUInt32BE(0xffff_fff0, 4)
    const many = Buffer.from(upright)
    many.writeUInt16BE(9, 8)
    const bigTiff = Buffer.from(upright.with(3, 0x2b))
    const blocks = [...cut, SECRET, beyond, many, bigTiff, exifOf(0x0112, 1, { type: 4 }), exifOf(0x0112, 1, { count: 2 })]
    expect(blocks.filter((exif) => stripMetadata(withExif[format](source, exif), format) !== undefined)).toEqual([])
  })
})

describe('jpeg segments', () => {
  it('go unless the pixels need them', async () => {
    const source = await told('jpeg')
    const thumbnail = segment(0xe0, Buffer.concat([Buffer.from('JFIF\0\x01\x02\x01\0\x48\0\x48\x01\x02', 'latin1'), SECRET]))
    const secrets = [0xe0, 0xe1, 0xe2, 0xe3, 0xeb, 0xed, 0xef, 0xfe].map((marker) => segment(marker, 'MPF\0SECRET'))
    const iptc = segment(0xed, Buffer.from('Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0b\x1c\x02\x78\0\x06SECRET\0', 'latin1'))
    const header = Buffer.concat([source.subarray(0, 2), thumbnail, ...secrets, iptc, Buffer.from([0xff, 0xff]), source.subarray(2)])
    // progressive: there are more segments between the scans
    const betweenScans = header.lastIndexOf(Buffer.from([0xff, 0xda]))
    const whole = Buffer.concat([splice(header, betweenScans, segment(0xfe, 'SECRET')), source])
    expect((await sharp(whole).metadata()).iptc).toBeDefined()
    const stripped = await expectStripped(whole, 'jpeg')
    expect(stripped.subarray(2, 20)).toEqual(segment(0xe0, 'JFIF\0\x01\x02\x01\0\x48\0\x48\0\0'))
    expect((await sharp(stripped).metadata()).density).toBe(72)
  })

  it('keep the Adobe one that says how colours are coded', async () => {
    const cmyk = await pixels(24, 17, 3).toColourspace('cmyk').jpeg().toBuffer()
    const adobe = cmyk.indexOf('Adobe')
    const longer = Buffer.concat([
      cmyk.subarray(0, adobe - 4),
      segment(0xee, Buffer.concat([cmyk.subarray(adobe, adobe + 12), SECRET])),
      cmyk.subarray(adobe + 12),
    ])
    expect((await expectStripped(longer, 'jpeg')).includes('Adobe')).toBe(true)
  })

  it('keep restart markers, stuffed bytes and baseline scans', async () => {
    const restart = await pixels(160, 120, 3).jpeg({ quality: 100 }).toBuffer()
    expect(restart.includes(Buffer.from([0xff, 0x00]))).toBe(true)
    const scan = restart.indexOf(Buffer.from([0xff, 0xda]))
    const body = scan + 2 + restart.readUInt16BE(scan + 2)
    // a restart interval of 65535 blocks is never reached, so the marker is put in by hand only for the walk
    expect(stripMetadata(splice(splice(restart, body, Buffer.from([0xff, 0xd0])), scan, segment(0xdd, be16(0xffff))), 'jpeg')).toBeDefined()
    await expectStripped(restart, 'jpeg')
  })

  it('are not guessed at', async () => {
    const source = await bare('jpeg')
    const frame = source.subarray(source.indexOf(Buffer.from([0xff, 0xc2])), source.indexOf(Buffer.from([0xff, 0xc4])))
    const strange = [
      segment(0xde, 'SECRET'),
      segment(0xf7, 'SECRET'),
      Buffer.from([0xff, 0xd8]),
      SECRET,
      segment(0xe0, 'JFIF\0'),
      segment(0xee, 'Adobe'),
      frame,
    ]
    expect(strange.filter((part) => stripMetadata(splice(source, 2, part), 'jpeg') !== undefined)).toEqual([])
    const noLength = Buffer.from(source)
    noLength.writeUInt16BE(0, source.lastIndexOf(Buffer.from([0xff, 0xda])) + 2)
    expect(stripMetadata(noLength, 'jpeg')).toBeUndefined()
    expect(stripMetadata(Buffer.from([0xff, 0xd8, 0xff, 0xd9]), 'jpeg')).toBeUndefined()
  })
})

describe('png chunks', () => {
  it('go unless the pixels need them', async () => {
    const source = await told('png')
    const secrets = ['tEXt', 'zTXt', 'iTXt', 'tIME', 'caBX', 'iDOT', 'prVt'].map((type) => pngChunk(type, 'Comment\0SECRET'))
    const last = splice(source, source.length - 12, pngChunk('tEXt', 'Author\0SECRET'))
    await expectStripped(splice(last, 33, ...secrets), 'png')
  })

  it('stay when they are colour or animation', async () => {
    const source = await bare('png')
    const colours = ['gAMA', 'cHRM', 'sRGB', 'sBIT', 'cICP', 'mDCV', 'cLLI', 'acTL', 'fcTL'].map((type) =>
      pngChunk(type, 'contents are not read'),
    )
    const frame = ['fcTL', 'fdAT'].map((type) => pngChunk(type, 'contents are not read'))
    const twoParts = splice(source, source.indexOf('IDAT') - 4, pngChunk('IDAT', ''))
    const moving = splice(splice(twoParts, twoParts.length - 12, ...frame), 33, ...colours)
    expect(stripMetadata(splice(moving, 33, pngChunk('tEXt', 'a\0SECRET')), 'png')).toEqual(moving)
  })

  it('stay when they are a palette with transparency', async () => {
    const source = await pixels(40, 30, 4).png({ palette: true }).toBuffer()
    const stripped = await expectStripped(splice(source, source.length - 12, pngChunk('tEXt', 'a\0SECRET')), 'png')
    expect(stripped.includes('PLTE') && stripped.includes('tRNS')).toBe(true)
  })

  it('are not guessed at', async () => {
    const source = await bare('png')
    const text = pngChunk('tEXt', 'a\0b')
    const damaged = Buffer.from(text)
    damaged[9] = 1
    const strange = [pngChunk('CgBI', ''), damaged, source.subarray(8, 33), pngChunk('IDAT', '')]
    expect(strange.filter((part) => stripMetadata(splice(source, 33, part, text), 'png') !== undefined)).toEqual([])
    expect(stripMetadata(splice(source, 8, text), 'png')).toBeUndefined()
    expect(stripMetadata(Buffer.concat([source.subarray(0, -12), pngChunk('IEND', 'SECRET')]), 'png')).toBeUndefined()
    expect(stripMetadata(Buffer.concat([source.subarray(0, 33), source.subarray(-12)]), 'png')).toBeUndefined()
  })
})

describe('webp chunks', () => {
  it('go unless the pixels need them, and so do their flags', async () => {
    const source = await told('webp')
    const stripped = await expectStripped(riff(source.subarray(12), riffChunk('PRVT', 'SECRET!'), riffChunk('XMP ', 'SECRET')), 'webp')
    expect([source[20], stripped[20]]).toEqual([0x20 | 0x10 | 0x08 | 0x04, 0x20 | 0x10])
  })

  it('stay when they are transparency beside lossy colours', async () => {
    const source = await pixels(40, 30, 4).webp({ quality: 50 }).withExif(EXIF).toBuffer()
    expect((await expectStripped(source, 'webp')).includes('ALPH')).toBe(true)
  })

  it.each([true, false])('stay when they are animation (lossless: %s)', async (lossless) => {
    const source = await animation('webp', lossless)
    const stripped = await expectStripped(source, 'webp')
    expect(await sharp(stripped).metadata()).toMatchObject({ pages: 3, loop: 3, delay: [40, 90, 130] })
    expect(stripped.includes('ALPH')).toBe(!lossless)
  })

  it('go when they hide in a frame', async () => {
    const source = await animation('webp')
    const frame = source.indexOf('ANMF')
    const end = frame + 8 + source.readUInt32LE(frame + 4)
    const longer = riffChunk('ANMF', Buffer.concat([source.subarray(frame + 8, end), riffChunk('PRVT', 'SECRET')]))
    await expectStripped(riff(source.subarray(12, frame), longer, source.subarray(end)), 'webp')
  })

  it('are not guessed at', async () => {
    const still = (await bare('webp')).subarray(12)
    const extended = (await told('webp')).subarray(12)
    const header = extended.subarray(0, 18)
    const moving = (await animation('webp')).subarray(12)
    const beforeFrames = moving.subarray(0, moving.indexOf('ANMF'))
    const frame = riffChunk('ANMF', Buffer.concat([Buffer.alloc(16), still]))
    const badFrames = [[], [still, still], [riffChunk('ALPH', '')]].map((chunks) =>
      riffChunk('ANMF', Buffer.concat([Buffer.alloc(16), ...chunks])),
    )
    const tooLong = Buffer.from(still)
    tooLong.writeUInt32LE(still.length - 6, 4)
    const simple = [
      [],
      [riffChunk('PRVT', '')],
      [riffChunk('PRVT', ''), still],
      [still, still],
      [still, frame],
      [tooLong],
      [still, Buffer.alloc(3)],
    ]
    const headed = [[header], [header, extended], [extended, still], [extended, frame], [riffChunk('VP8X', Buffer.alloc(12)), still]]
    const animated = [[beforeFrames], [moving, still], ...badFrames.map((bad) => [moving, bad])]
    expect([...simple, ...headed, ...animated].filter((chunks) => stripMetadata(riff(...chunks), 'webp') !== undefined)).toEqual([])
    expect(stripMetadata(riff(moving, frame), 'webp')).toBeDefined()
  })
})

describe('gif blocks', () => {
  const PRIVATE = [
    gifExtension(0xfe, 'SECRET', 'SECRET'),
    gifExtension(0xff, 'XMP DataXMP', 'SECRET'),
    gifExtension(0xff, 'ICCRGBG1012', 'SECRET'),
  ]

  it('go unless they are frames, delays and the loop', async () => {
    const source = await animation('gif')
    const stripped = await expectStripped(splice(source, source.indexOf('!'), ...PRIVATE), 'gif')
    expect(stripped).toEqual(source)
    expect(await sharp(stripped).metadata()).toMatchObject({ pages: 3, loop: 3, delay: [40, 90, 130] })
  })

  it('stay when they are the other loop', async () => {
    const source = await bare('gif')
    const looped = splice(source, source.length - 1, gifExtension(0xff, 'ANIMEXTS1.0', '\x01\x05\0'))
    expect(stripMetadata(splice(looped, looped.length - 1, ...PRIVATE), 'gif')).toEqual(looped)
  })

  it('are not guessed at', async () => {
    const source = await bare('gif')
    const loops = ['\x01\0', '\x02\0\0\0\0', '\x02\0\0'].map((block) => gifExtension(0xff, 'NETSCAPE2.0', block))
    const strange = [
      ...loops,
      gifExtension(0xff, 'NETSCAPE2.0', '\x01\0\0', 'SECRET'),
      gifExtension(0xff, 'NETSCAPE2.0', '\x01', '\x05'),
      gifExtension(0xf9, 'SECRET'),
      gifExtension(0x01, 'SECRET'),
      gifExtension(0x77, 'SECRET'),
      SECRET,
    ]
    expect(strange.filter((part) => stripMetadata(splice(source, source.length - 1, part), 'gif') !== undefined)).toEqual([])
    expect(stripMetadata(Buffer.from('GIF89a\x01\0\x01\0\0\0\0;', 'latin1'), 'gif')).toBeUndefined()
  })
})
