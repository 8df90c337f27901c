import type { SourceFormat } from '../types.ts'
import { hasTag } from './exif-block.ts'
import { readMetadata } from './metadata.ts'

const LATITUDE = 2
const LONGITUDE = 4
/** What stands before a block in a JPEG segment; the third begins with 40 bytes of its own. */
const EXIF = 'Exif\0\0'
const XMP = 'http://ns.adobe.com/xap/1.0/\0'
const MORE_XMP = 'http://ns.adobe.com/xmp/extension/\0'

/** More blocks than any file has that is not made to keep us busy. */
const MOST = 100

/** Whether an image file says where it was taken, in EXIF or in XMP. */
export function showsPosition(bytes: Buffer, format: SourceFormat): boolean {
  return xmpBlocks(bytes, format).some(namesPosition) || exifBlocks(bytes, format).some(isPlaced)
}

export function namesPosition(xmp: Uint8Array): boolean {
  return /exif:GPSL(?:atitude|ongitude)/.test(Buffer.from(xmp).toString('latin1'))
}

function isPlaced(exif: Uint8Array): boolean {
  return [LATITUDE, LONGITUDE].every((tag) => hasTag(exif, 'position', tag))
}

/** Every block of EXIF in a file: a JPEG may have more pictures behind the first, with blocks of their own. */
export function exifBlocks(bytes: Buffer, format: SourceFormat): Uint8Array[] {
  if (format === 'jpeg') return segmentsOf(bytes, EXIF)
  const { exif } = readMetadata(bytes, format)
  return exif ? [exif] : []
}

/** The same of XMP, which a JPEG may also have in several parts. */
export function xmpBlocks(bytes: Buffer, format: SourceFormat): Uint8Array[] {
  if (format === 'jpeg') return [...segmentsOf(bytes, XMP), ...segmentsOf(bytes, MORE_XMP)]
  const { xmp } = readMetadata(bytes, format)
  return xmp ? [xmp] : []
}

function segmentsOf(bytes: Buffer, name: string): Uint8Array[] {
  const blocks: Uint8Array[] = []
  for (let at = bytes.indexOf(name, 4, 'latin1'); at >= 0 && blocks.length < MOST; at = bytes.indexOf(name, at + 1, 'latin1')) {
    // Marker and length of the segment stand before its name.
    const size = bytes.readUInt16BE(at - 2) - 2 - name.length
    const begin = at + name.length
    if (bytes.readUInt16BE(at - 4) === 0xffe1 && size > 0) blocks.push(bytes.subarray(begin, begin + size))
  }
  return blocks
}
