import type { SourceFormat } from '../types.ts'
import { hasTag } from './exif-block.ts'
import { readMetadata } from './metadata.ts'

const LATITUDE = 2
const LONGITUDE = 4
const PREFIX = Buffer.from('Exif\0\0', 'latin1')

/** Whether an image file says where it was taken, in EXIF or in XMP. */
export function showsPosition(bytes: Buffer, format: SourceFormat): boolean {
  const { xmp } = readMetadata(bytes, format)
  return (xmp !== undefined && namesPosition(xmp)) || exifBlocks(bytes, format).some(isPlaced)
}

export function namesPosition(xmp: Uint8Array): boolean {
  return /exif:GPSL(?:atitude|ongitude)/.test(Buffer.from(xmp).toString('latin1'))
}

function isPlaced(exif: Uint8Array): boolean {
  return [LATITUDE, LONGITUDE].every((tag) => hasTag(exif, 'position', tag))
}

/** Every block of EXIF in a file: a JPEG may have more pictures behind the first, with blocks of their own. */
export function exifBlocks(bytes: Buffer, format: SourceFormat): Uint8Array[] {
  const { exif } = readMetadata(bytes, format)
  if (format !== 'jpeg') return exif ? [exif] : []
  const blocks: Uint8Array[] = []
  for (let at = bytes.indexOf(PREFIX); at >= 0; at = bytes.indexOf(PREFIX, at + 1)) {
    // The length of the segment stands before its name.
    const size = at >= 2 ? bytes.readUInt16BE(at - 2) - 2 - PREFIX.length : 0
    if (size > 0) blocks.push(bytes.subarray(at + PREFIX.length, at + PREFIX.length + size))
  }
  return blocks
}
