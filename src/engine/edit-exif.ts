import { crc32 } from 'node:zlib'
import { eraseTags, pickTags, type Directory } from '../source/exif-block.ts'
import { readMetadata } from '../source/metadata.ts'
import { exifBlocks, namesPosition, xmpBlocks } from '../source/position.ts'
import type { SourceFormat } from '../types.ts'
import { embedMetadata } from './embed.ts'
import { stripMetadata } from './strip.ts'

/** A part of the metadata that can be taken out alone. */
export const EXIF_PARTS = ['gps', 'thumbnail', 'camera'] as const
export type ExifPart = (typeof EXIF_PARTS)[number]

/** Names of what can be kept when the rest goes, as in the record of `exif`, with their tags. */
export const EXIF_NAMES = {
  make: [0x010f],
  model: [0x0110],
  orientation: [0x0112],
  datetime: [0x0132, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012],
  exposure_time: [0x829a],
  f_number: [0x829d],
  iso: [0x8827],
  lens: [0xa432, 0xa433, 0xa434],
  focal_length: [0x920a],
  software: [0x0131],
  artist: [0x013b, 0x9c9d],
  copyright: [0x8298],
  gps: [],
} as const satisfies Record<string, readonly number[]>
export type ExifName = keyof typeof EXIF_NAMES

/** Maker, model, their owner and numbers, lens, software, and what only the maker can read. */
const CAMERA: ReadonlySet<number> = new Set([
  0x010f, 0x0110, 0x0131, 0x013c, 0x927c, 0xa300, 0xa430, 0xa431, 0xa432, 0xa433, 0xa434, 0xa435, 0xc614, 0xc62f,
])

/** What of XMP belongs to each part; XMP that has any of it is emptied as a whole. */
const IN_XMP: Readonly<Record<ExifPart, (xmp: Uint8Array) => boolean>> = {
  gps: namesPosition,
  thumbnail: (xmp) => holds(xmp, /Thumbnail|GImage:Data/),
  camera: (xmp) => holds(xmp, /tiff:(?:Make|Model|Software)|\baux:|exifEX:|xmp:CreatorTool|SerialNumber/),
}

/** A copy of an image file without a part of its metadata; no pixel is touched and nothing moves. Undefined when it cannot be read well enough. */
export function erasePart(bytes: Buffer, format: SourceFormat, part: ExifPart): Buffer | undefined {
  return erase(bytes, format, (directory, tag) => belongs(part, directory, tag), IN_XMP[part])
}

/** A copy of an image file with nothing but some of its EXIF, and with its profile; undefined when that needs the pixels, too. */
export function keepNames(bytes: Buffer, format: SourceFormat, names: readonly ExifName[]): Buffer | undefined {
  const isKept = (directory: Directory, tag: number): boolean => names.some((name) => isNamed(name, directory, tag))
  if (format === 'avif' || format === 'tiff' || format === 'svg') return undefined
  const stripped = stripMetadata(bytes, format)
  if (!stripped || format === 'gif') return stripped
  const { exif } = readMetadata(bytes, format)
  const kept = exif && pickTags(exif, isKept)
  return kept ? embedMetadata(stripped, format, { exif: kept }) : stripped
}

/** The same for a format whose metadata cannot be taken out but only be emptied. */
export function emptyAllBut(bytes: Buffer, format: SourceFormat, names: readonly ExifName[]): Buffer | undefined {
  return erase(
    bytes,
    format,
    (directory, tag) => !names.some((name) => isNamed(name, directory, tag)),
    () => true,
  )
}

function belongs(part: ExifPart, directory: Directory, tag: number): boolean {
  if (part === 'gps') return directory === 'position'
  return part === 'thumbnail' ? directory === 'thumbnail' : CAMERA.has(tag) && directory !== 'position'
}

function isNamed(name: ExifName, directory: Directory, tag: number): boolean {
  if (name === 'gps') return directory === 'position'
  return directory !== 'position' && EXIF_NAMES[name].some((known) => known === tag)
}

function erase(
  original: Buffer,
  format: SourceFormat,
  isErased: (directory: Directory, tag: number) => boolean,
  isEmptied: (xmp: Uint8Array) => boolean,
): Buffer | undefined {
  // Old programs hid EXIF in the text of a PNG.
  if (format === 'png' && original.includes('Raw profile type ')) return undefined
  const bytes = Buffer.from(original)
  for (const exif of exifBlocks(bytes, format)) {
    const erased = eraseTags(exif, isErased)
    if (!erased) return undefined
    // The block is a window into the copy.
    exif.set(erased)
  }
  for (const xmp of xmpBlocks(bytes, format)) if (isEmptied(xmp)) xmp.fill(0x20)
  return format === 'png' ? withChecksums(bytes) : bytes
}

function withChecksums(png: Buffer): Buffer {
  for (let at = 8; at + 12 <= png.length;) {
    const end = at + 12 + png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    if (end <= png.length && (type === 'eXIf' || type === 'iTXt')) png.writeUInt32BE(crc32(png.subarray(at + 4, end - 4)), end - 4)
    at = end
  }
  return png
}

function holds(xmp: Uint8Array, pattern: RegExp): boolean {
  return pattern.test(Buffer.from(xmp).toString('latin1'))
}
