import sharp, { type Sharp } from 'sharp'
import { expect, test } from 'vitest'
import { ImagemillError } from '../../src/errors.ts'
import { sniff } from '../../src/source/sniff.ts'

const image = (): Sharp => sharp({ create: { width: 8, height: 8, channels: 3, background: 'teal' } })
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const ftyp = (...brands: string[]): Buffer =>
  latin1(`\0\0\0${String.fromCharCode(8 + 4 * brands.length)}ftyp${brands.join('')}\0\0\0\x20meta`)

function refusal(bytes: Uint8Array): ImagemillError {
  try {
    sniff(bytes)
  } catch (error) {
    if (error instanceof ImagemillError) return error
    throw error
  }
  throw new Error('expected a refusal')
}

test.each(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)('knows %s as sharp writes it', async (format) => {
  expect(sniff(await image().toFormat(format).toBuffer())).toBe(format)
})

test.each([
  ['little-endian TIFF', 'II*\0', 'tiff'],
  ['big-endian TIFF', 'MM\0*', 'tiff'],
  ['little-endian BigTIFF', 'II+\0', 'tiff'],
  ['big-endian BigTIFF', 'MM\0+', 'tiff'],
  ['GIF 87a', 'GIF87a', 'gif'],
])('knows %s', (_, magic, format) => {
  expect(sniff(latin1(`${magic}\0\0\0\0\0\0\0\0`))).toBe(format)
})

test.each([
  ['avif', ['avif', '\0\0\0\0', 'avif', 'mif1']],
  ['avis', ['avis', '\0\0\0\0', 'msf1']],
  ['mif1 with avif', ['mif1', '\0\0\0\0', 'miaf', 'avif']],
  ['msf1 with avis', ['msf1', '\0\0\0\0', 'avis']],
])('knows AVIF by the brands %s', (_, brands) => {
  expect(sniff(ftyp(...brands))).toBe('avif')
})

test.each([
  ['bare', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
  ['without attributes', '<svg>'],
  ['with byte order mark', '\ufeff<svg/>'],
  ['with XML declaration', '<?xml version="1.0" encoding="utf-8"?>\n<svg\nwidth="1">'],
  ['with stylesheet and comments', '<?xml version="1.0"?><?xml-stylesheet href="a.css"?>\n<!-- <html> -->\n\n<!-- - -->  <svg >'],
  ['with doctype', '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg>'],
  ['with entities', '<!doctype svg [\n<!ENTITY a "b>]c">\n<!ENTITY d "e">\n] ><svg>'],
  ['with a long comment', `<!--${'x'.repeat(100_000)}--><svg>`],
  ['with a prefix', '<svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>'],
])('knows SVG %s', (_, text) => {
  expect(sniff(Buffer.from(text))).toBe('svg')
})

test.each([
  ['HEIC', ftyp('heic', '\0\0\0\0', 'mif1', 'heic')],
  ['HEIC', ftyp('heic', '\0\0\0\0', 'heic', 'avif')],
  ['HEIC', ftyp('mif1', '\0\0\0\0', 'heic')],
  ['a video', ftyp('isom', '\0\0\0\0', 'avc1')],
  ['JPEG XL', latin1('\xff\x0a\x00\x00')],
  ['JPEG XL', latin1('\0\0\0\x0cJXL \r\n\x87\n')],
  ['JPEG 2000', latin1('\0\0\0\x0cjP  \r\n\x87\n')],
  ['BMP', latin1('BM\x36\x03\0\0\0\0\0\0\x36\0')],
  ['an icon (ICO)', latin1('\0\0\x01\0\x01\0')],
  ['a Photoshop document (PSD)', latin1('8BPS\0\x01')],
  ['PDF', latin1('%PDF-1.7')],
  ['a web page', latin1('\n<!DOCTYPE html><html><svg>')],
  ['compressed with gzip, as SVGZ is', latin1('\x1f\x8b\x08')],
  ['SVG in UTF-16, and only UTF-8 is read', Buffer.from('\ufeff<svg/>', 'utf16le')],
])('names %s', (name, bytes) => {
  const error = refusal(bytes)
  expect(error.code).toBe('FORMAT_UNSUPPORTED')
  expect(error.reason).toBe(`expected an image that can be read, but the file is ${name}`)
  expect(error.hint).toContain('Convert it to')
})

test('says that an empty file is empty', () => {
  expect(refusal(Buffer.alloc(0))).toMatchObject({ code: 'SOURCE_CORRUPT', reason: 'the file is empty' })
})

test('shows the first bytes of an unknown file', () => {
  expect(refusal(latin1('hello world')).reason).toContain('(68 65 6c 6c 6f 20 77 6f)')
  expect(refusal(latin1('h')).reason).toContain('(68)')
  expect(refusal(latin1('<svgx>')).code).toBe('FORMAT_UNSUPPORTED')
})

test('tells a Git LFS pointer and a PNG with converted line ends from unknown files', async () => {
  expect(refusal(latin1('version https://git-lfs.github.com/spec/v1\noid sha256:00\n')).hint).toContain('git lfs pull')
  const png = await image().png().toBuffer()
  expect(refusal(latin1(png.toString('latin1').replaceAll('\r\n', '\n'))).hint).toContain('.gitattributes')
})

test('hostile text is refused in linear time', () => {
  const start = performance.now()
  for (const [head, rest] of [
    ['<!--', '-'],
    ['<?', '?'],
    ['<!DOCTYPE', ' '],
    ['<!DOCTYPE [', '] '],
    ['<', '<!---->'],
  ] as const) {
    expect(refusal(latin1(head + rest.repeat(3_000_000))).code).toBe('FORMAT_UNSUPPORTED')
  }
  expect(performance.now() - start).toBeLessThan(5000)
})
