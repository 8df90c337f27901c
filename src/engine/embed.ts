import { crc32 } from 'node:zlib'
import { readHeader } from '../source/header.ts'
import type { Metadata } from '../source/metadata.ts'

/** What a JPEG segment holds besides its marker, length included. */
const MOST_OF_SEGMENT = 0xffff

/** An encoded image without metadata, and with some. What a format cannot hold is left out. */
export function embedMetadata(bytes: Buffer, format: 'jpeg' | 'png' | 'webp', metadata: Metadata): Buffer {
  if (!metadata.exif && !metadata.xmp) return bytes
  return { jpeg: intoJpeg, png: intoPng, webp: intoWebp }[format](bytes, metadata)
}

function intoJpeg(bytes: Buffer, { exif, xmp }: Metadata): Buffer {
  const segments = [...(exif ? segment('Exif\0\0', exif) : []), ...(xmp ? segment('http://ns.adobe.com/xap/1.0/\0', xmp) : [])]
  return Buffer.concat([bytes.subarray(0, 2), ...segments, bytes.subarray(2)])
}

function segment(name: string, data: Uint8Array): Buffer[] {
  const size = 2 + name.length + data.byteLength
  if (size > MOST_OF_SEGMENT) return []
  const head = Buffer.from([0xff, 0xe1, size >> 8, size & 0xff])
  return [head, Buffer.from(name, 'latin1'), Buffer.from(data)]
}

/** Where the chunks after IHDR begin. */
const PNG_START = 33

function intoPng(bytes: Buffer, { exif, xmp }: Metadata): Buffer {
  const chunks = [
    ...(exif ? [pngChunk('eXIf', exif)] : []),
    ...(xmp ? [pngChunk('iTXt', Buffer.concat([Buffer.from('XML:com.adobe.xmp\0\0\0\0\0', 'latin1'), xmp]))] : []),
  ]
  return Buffer.concat([bytes.subarray(0, PNG_START), ...chunks, bytes.subarray(PNG_START)])
}

function pngChunk(type: string, data: Uint8Array): Buffer {
  const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from(type, 'latin1'), data, Buffer.alloc(4)])
  chunk.writeUInt32BE(data.byteLength)
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4)
  return chunk
}

const WITH_ALPHA = 0x10
const WITH_EXIF = 0x08
const WITH_XMP = 0x04

/** Metadata stands behind the picture, and is announced in a chunk before it that plain files do not have. */
function intoWebp(bytes: Buffer, { exif, xmp }: Metadata): Buffer {
  const extended = bytes.toString('latin1', 12, 16) === 'VP8X'
  const header = extended ? Buffer.from(bytes.subarray(12, 30)) : webpHeader(bytes)
  header.writeUInt8(header.readUInt8(8) | (exif ? WITH_EXIF : 0) | (xmp ? WITH_XMP : 0), 8)
  const end = 8 + bytes.readUInt32LE(4)
  const picture = bytes.subarray(extended ? 30 : 12, end)
  const parts = [header, picture, ...(exif ? webpChunk('EXIF', exif) : []), ...(xmp ? webpChunk('XMP ', xmp) : [])]
  return Buffer.concat(webpChunk('RIFF', Buffer.concat([Buffer.from('WEBP'), ...parts])))
}

function webpHeader(bytes: Buffer): Buffer {
  const { width, height, alpha } = readHeader(bytes, 'webp')
  const body = Buffer.alloc(10)
  body.writeUInt8(alpha ? WITH_ALPHA : 0)
  body.writeUIntLE(width - 1, 4, 3)
  body.writeUIntLE(height - 1, 7, 3)
  return Buffer.concat(webpChunk('VP8X', body))
}

function webpChunk(id: string, body: Uint8Array): Buffer[] {
  const head = Buffer.from(`${id}    `, 'latin1')
  head.writeUInt32LE(body.byteLength, 4)
  return [head, Buffer.from(body), Buffer.alloc(body.byteLength & 1)]
}
