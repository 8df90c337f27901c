import type { SourceFormat } from '../types.ts'
import { readHeifItems } from './heif.ts'
import { fourcc, slice } from './view.ts'

/** The metadata of an image file, as it is stored. */
export interface Metadata {
  /** A TIFF structure, without the prefix that some formats put before it. */
  exif?: Uint8Array
  /** An XML text. */
  xmp?: Uint8Array
}

const XMP_IN_JPEG = 'http://ns.adobe.com/xap/1.0/\0'
const XMP_IN_PNG = 'XML:com.adobe.xmp\0'

/** The first EXIF and the first XMP of an image. A damaged file gives what comes before the damage: the pixels are another matter. */
export function readMetadata(bytes: Uint8Array, format: SourceFormat): Metadata {
  const found: Metadata = {}
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    for (const [kind, data] of blocksOf(view, format)) found[kind] ??= new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  } catch (error) {
    // A DataView never reads past its end: it throws a RangeError, which here means a file that is cut short.
    if (!(error instanceof RangeError)) throw error
  }
  return found
}

type Block = [kind: 'exif' | 'xmp', data: DataView]

function blocksOf(view: DataView, format: SourceFormat): Iterable<Block> {
  switch (format) {
    case 'jpeg':
      return jpegBlocks(view)
    case 'png':
      return pngBlocks(view)
    case 'webp':
      return webpBlocks(view)
    case 'avif':
      return heifBlocks(view)
    case 'tiff':
      return [['exif', view]]
    case 'gif':
    case 'svg':
      return []
  }
}

function* jpegBlocks(view: DataView): Generator<Block> {
  for (let at = 2; view.getUint8(at) === 0xff;) {
    const marker = view.getUint8(at + 1)
    if (marker === 0xff) {
      at++
      continue
    }
    // What comes after the first scan is not read by anyone.
    if (marker === 0xda || marker === 0xd9) return
    const segment = slice(view, at + 4, view.getUint16(at + 2) - 2)
    if (marker === 0xe1 && startsWith(segment, 'Exif\0')) yield ['exif', tail(segment, 6)]
    if (marker === 0xe1 && startsWith(segment, XMP_IN_JPEG)) yield ['xmp', tail(segment, XMP_IN_JPEG.length)]
    at += 4 + segment.byteLength
  }
}

function* pngBlocks(view: DataView): Generator<Block> {
  for (let at = 8; at + 12 <= view.byteLength;) {
    const name = fourcc(view, at + 4)
    const data = slice(view, at + 8, view.getUint32(at))
    if (name === 'eXIf') yield ['exif', data]
    // Keyword, a flag and a method for compression, language and translated keyword, which are mostly empty.
    if (name === 'iTXt' && startsWith(data, `${XMP_IN_PNG}\0\0`))
      yield ['xmp', tail(data, endOfText(data, endOfText(data, XMP_IN_PNG.length + 2)))]
    at += 12 + data.byteLength
  }
}

function* webpBlocks(view: DataView): Generator<Block> {
  for (let at = 12; at + 8 <= view.byteLength;) {
    const name = fourcc(view, at)
    const data = slice(view, at + 8, view.getUint32(at + 4, true))
    if (name === 'EXIF') yield ['exif', startsWith(data, 'Exif\0') ? tail(data, 6) : data]
    if (name === 'XMP ') yield ['xmp', data]
    at += 8 + data.byteLength + (data.byteLength & 1)
  }
}

function* heifBlocks(view: DataView): Generator<Block> {
  for (const { type, data } of readHeifItems(view)) {
    // The TIFF structure is as far behind as the first four bytes say.
    if (type === 'Exif') yield ['exif', tail(data, 4 + data.getUint32(0))]
    if (type === 'mime') yield ['xmp', data]
  }
}

function startsWith(view: DataView, text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (at === view.byteLength || view.getUint8(at) !== text.charCodeAt(at)) return false
  }
  return true
}

function tail(view: DataView, from: number): DataView {
  return slice(view, from, view.byteLength - from)
}

function endOfText(view: DataView, from: number): number {
  let at = from
  while (view.getUint8(at) !== 0) at++
  return at + 1
}
