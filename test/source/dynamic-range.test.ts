import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { hdrOfAvif } from '../../src/source/dynamic-range.ts'
import { readHeader } from '../../src/source/header.ts'
import { buildVite } from '../support/build.ts'
import { difference, raw, workshop } from '../support/engine.ts'
import { jpeg, photo, png } from '../support/images.ts'
import { project } from '../support/project.ts'

const XMP = 'http://ns.adobe.com/xap/1.0/\0'
const GAIN_MAPS = {
  'of Adobe and Google': `${XMP}<x:xmpmeta><rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/></x:xmpmeta>`,
  'of Apple': `${XMP}<x:xmpmeta><apdi:AuxiliaryImageType>urn:com:apple:photo:2020:aux:hdrgainmap</apdi:AuxiliaryImageType></x:xmpmeta>`,
  'of ISO 21496-1': 'urn:iso:std:iso:ts:21496:-1\0\0\0\0',
}

function segment(marker: number, payload: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(payload.length + 2, 2)
  return Buffer.concat([head, payload])
}

/** A JPEG with another one behind it, as phones make them; `text` is in the header of the second. */
async function twoPictures(text: string, { little = false, far = 0 } = {}): Promise<Buffer> {
  const [first, second] = [await jpeg(90, 60, 1), await jpeg(30, 20, 2)]
  const mark = text.startsWith(XMP) ? 0xe1 : 0xe2
  const further = Buffer.concat([second.subarray(0, 2), segment(mark, Buffer.from(text, 'latin1')), second.subarray(2)])
  const index = Buffer.alloc(4 + 8 + 2 + 12 + 4 + 32)
  index.write('MPF\0', 'latin1')
  const tiff = index.subarray(4)
  const short = (value: number, at: number): number => (little ? tiff.writeUInt16LE(value, at) : tiff.writeUInt16BE(value, at))
  const long = (value: number, at: number): number => (little ? tiff.writeUInt32LE(value, at) : tiff.writeUInt32BE(value, at))
  tiff.write(little ? 'II*\0' : 'MM\0*', 'latin1')
  long(8, 4)
  short(1, 8)
  short(0xb002, 10)
  short(7, 12)
  long(32, 14)
  long(26, 18)
  // Offsets count from the TIFF header, which is after SOI, the head of the segment and `MPF`.
  long(first.length + 4 + index.length - 2 - 4 - 4 + far, 26 + 16 + 8)
  return Buffer.concat([first.subarray(0, 2), segment(0xe2, index), first.subarray(2), further])
}

describe('a gain map in a JPEG', () => {
  test.each(Object.entries(GAIN_MAPS))('%s is seen', async (_, text) => {
    for (const little of [false, true]) expect(readHeader(await twoPictures(text, { little }), 'jpeg').hdr).toBe('gain map')
  })

  test('is not seen in further pictures of other kinds, nor in what only names one', async () => {
    const depth = `${XMP}<x:xmpmeta><apdi:AuxiliaryImageType>urn:com:apple:photo:2018:aux:portraiteffectsmatte</apdi:AuxiliaryImageType></x:xmpmeta>`
    expect(readHeader(await twoPictures(depth), 'jpeg').hdr).toBeUndefined()
    // The index of a file whose further pictures were cut off, or moved.
    for (const far of [-40, 1, 100_000, 0x7fff_0000])
      expect(readHeader(await twoPictures(GAIN_MAPS['of Apple'], { far }), 'jpeg').hdr).toBeUndefined()
    const named = await photo(30, 20)
      .jpeg()
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><hdrgm:Version>1.0</hdrgm:Version></x:xmpmeta>')
      .toBuffer()
    expect(readHeader(named, 'jpeg').hdr).toBeUndefined()
    expect(Object.keys(readHeader(await jpeg(30, 20), 'jpeg'))).not.toContain('hdr')
  })

  test('does not change what is read otherwise, however its index is damaged', async () => {
    const bytes = await twoPictures(GAIN_MAPS['of Apple'])
    const { hdr: _, ...rest } = readHeader(bytes, 'jpeg')
    expect(rest).toEqual(readHeader(await jpeg(90, 60, 1), 'jpeg'))
    // The index is in bytes 6 to 67.
    for (let at = 6; at < 64; at++) {
      const damaged = Buffer.from(bytes)
      damaged.fill(0xff, at, at + 4)
      expect(readHeader(damaged, 'jpeg')).toMatchObject(rest)
    }
  })

  test('is left out of every output, and nothing else is', async () => {
    const { make } = workshop()
    const bytes = await twoPictures(GAIN_MAPS['of Adobe and Google'])
    for (const made of await make(bytes, 'format=jpeg;png&w=45;90&quality=100')) {
      expect(made.bytes.includes('hdrgm')).toBe(false)
      expect(made.bytes.includes('MPF')).toBe(false)
      if (made.encoding.format === 'png' && made.picture.width === 90)
        expect(difference(await raw(made.bytes), await raw(sharp(bytes))).most).toBeLessThan(20)
    }
  })
})

/** A PNG whose cICP chunk names a transfer function. */
async function pngOf(transfer: number): Promise<Buffer> {
  const bytes = await png(30, 20)
  const chunk = Buffer.from([0, 0, 0, 4, ...Buffer.from('cICP'), 9, transfer, 0, 1, 0, 0, 0, 0])
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 12)), 12)
  return Buffer.concat([bytes.subarray(0, 33), chunk, bytes.subarray(33)])
}

/** The first bytes of an AVIF whose `meta` box holds a text. */
function avifOf(text: string): Buffer {
  const box = (name: string, payload: Buffer): Buffer => {
    const head = Buffer.alloc(8)
    head.writeUInt32BE(payload.length + 8)
    head.write(name, 4)
    return Buffer.concat([head, payload])
  }
  return Buffer.concat([
    box('ftyp', Buffer.from('avif\0\0\0\0avifmif1')),
    box('meta', Buffer.from(`\0\0\0\0${text}`, 'latin1')),
    Buffer.from('tmap'),
  ])
}

test.each([
  [16, 'PQ'],
  [18, 'HLG'],
  [13, undefined],
])('a transfer function of number %i is %s, in a PNG and in an AVIF', async (number, hdr) => {
  expect(readHeader(await pngOf(number), 'png').hdr).toBe(hdr)
  expect(hdrOfAvif(avifOf(`colrnclx\0\x09\0${String.fromCharCode(number)}\0\x09\0`))).toBe(hdr)
})

test('a gain map in an AVIF is an image that is tone-mapped from two others, or an auxiliary one', async () => {
  expect(hdrOfAvif(avifOf('infe\x02\0\0\0\0\x02\0\0tmap'))).toBe('gain map')
  expect(hdrOfAvif(avifOf('auxC\0\0\0\0urn:com:photo:aux:hdrgainmap'))).toBe('gain map')
  expect(hdrOfAvif(avifOf('auxC\0\0\0\0urn:mpeg:mpegB:cicp:systems:auxiliary:alpha'))).toBeUndefined()
  expect(hdrOfAvif(avifOf('').subarray(0, 30))).toBeUndefined()
  expect(hdrOfAvif(await photo(20, 20).avif({ effort: 0 }).toBuffer())).toBeUndefined()
})

test('a build warns once of what is lost, by file and query, and of nothing else', async () => {
  const { root } = project({
    'main.js':
      "import a from './hdr.jpg?w=20;40&format=webp;jpeg'\nimport b from './plain.jpg?w=20'\nimport c from './hdr.jpg?w=30&colors=srgb'\nimport d from './hdr.png?w=10'\nconsole.log(a, b, c, d)",
    'hdr.jpg': await twoPictures(GAIN_MAPS['of Apple']),
    'hdr.png': await pngOf(16),
    'plain.jpg': await jpeg(90, 60),
  })
  const warnings: string[] = []
  const note = (message: string): void => void warnings.push(message.replace(/\u001B\[\d+m/g, ''))
  const customLogger = {
    info: () => undefined,
    error: note,
    warn: note,
    warnOnce: note,
    clearScreen: () => undefined,
    hasErrorLogged: () => false,
    hasWarned: false,
  }
  await buildVite(root, {
    options: { logLevel: 'warn' },
    config: { customLogger, build: { rollupOptions: { input: join(root, 'main.js') } } },
  })
  expect(warnings.sort()).toEqual([
    'imagemill: hdr.jpg?w=20;40&format=webp;jpeg: its HDR gain map is dropped: every screen shows the image as a usual one does; `colors=srgb` says that this is meant',
    'imagemill: hdr.png?w=10: it is HDR (PQ), and its values are taken as they are: the image looks flat; `colors=srgb` says that this is meant',
  ])
})
