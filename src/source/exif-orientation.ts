import { fourcc, slice } from './view.ts'

const ORIENTATION = 0x0112

/** Bytes of one value of each TIFF type; other types are not read by libexif. */
const TYPE_SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8] as const
const BYTES: ReadonlySet<number> = new Set([1, 6])
const SHORTS: ReadonlySet<number> = new Set([3, 8])
const LONGS: ReadonlySet<number> = new Set([4, 9])
const RATIONALS: ReadonlySet<number> = new Set([5, 10])

/** `Exif\0\0`: always there in JPEG, sometimes in WebP. */
const PREFIX_SIZE = 6
/** libexif reads no more than a JPEG segment holds, in every format. */
const MAX_SIZE = 0xfffe - PREFIX_SIZE

/**
 * The orientation in EXIF, with or without its `Exif\0\0` prefix, as libvips understands it.
 * Damaged EXIF means 1 and not an error: the pixels are fine without it.
 */
export function exifOrientation(exif: DataView): number {
  const start = exif.byteLength >= PREFIX_SIZE && fourcc(exif, 0) === 'Exif' && exif.getUint16(4) === 0 ? PREFIX_SIZE : 0
  const tiff = slice(exif, start, Math.min(exif.byteLength - start, MAX_SIZE))
  if (!isTiff(tiff) || tiff.byteLength < 8) return 1
  const little = tiff.getUint8(0) === 0x49
  const directory = tiff.getUint32(4, little)
  if (directory + 2 > tiff.byteLength) return 1
  const first = directory + 2
  const count = Math.min(tiff.getUint16(directory, little), Math.floor((tiff.byteLength - first) / 12))
  for (let i = 0; i < count; i++) {
    const entry = first + 12 * i
    if (tiff.getUint16(entry, little) !== ORIENTATION) continue
    const value = readValue(tiff, entry, little)
    if (value !== undefined) return value >= 1 && value <= 8 ? value : 1
  }
  return 1
}

/** Whether the bytes begin with a TIFF header of either byte order. */
export function isTiff(view: DataView): boolean {
  if (view.byteLength < 4) return false
  const magic = fourcc(view, 0)
  return magic === 'II*\0' || magic === 'MM\0*'
}

/** The first value of an entry; 0 when it is not a number, undefined when the entry is damaged and the next one counts. */
function readValue(tiff: DataView, entry: number, little: boolean): number | undefined {
  const type = tiff.getUint16(entry + 2, little)
  const count = tiff.getUint32(entry + 4, little)
  const size = (TYPE_SIZES[type] ?? 0) * count
  const offset = size > 4 ? tiff.getUint32(entry + 8, little) : entry + 8
  if (size === 0 || offset + size > tiff.byteLength) return undefined
  if (count >= 10) return 0
  if (BYTES.has(type)) return tiff.getUint8(offset)
  if (SHORTS.has(type)) return tiff.getUint16(offset, little)
  // libexif makes a long short, as the standard wants it, and leaves a rational alone, of which libvips takes the numerator.
  if (LONGS.has(type)) return tiff.getUint32(offset, little) & 0xffff
  return RATIONALS.has(type) ? tiff.getUint32(offset, little) : 0
}
