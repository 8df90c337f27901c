import { ImagemillError } from '../errors.ts'
import type { Header } from '../types.ts'
import { corrupt } from './corrupt.ts'
import { furtherPictures, isGainMap } from './dynamic-range.ts'
import { exifOrientation } from './exif-orientation.ts'
import { fourcc, slice } from './view.ts'

const SOI = 0xd8
const EOI = 0xd9
const SOS = 0xda
const APP1 = 0xe1
const APP2 = 0xe2

/** Baseline, extended, progressive and lossless; the second and third also with arithmetic coding. */
const READABLE_FRAMES: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2, 0xc3, 0xc9, 0xca])
/** Hierarchical, and lossless with arithmetic coding. */
const OTHER_FRAMES: ReadonlySet<number> = new Set([0xc5, 0xc6, 0xc7, 0xc8, 0xcb, 0xcd, 0xce, 0xcf])

interface Frame {
  width: number
  height: number
  components: number
}

/** Walks on from the frame header to the first scan, because EXIF is also honoured between the two. */
export function readJpeg(view: DataView): Header {
  let frame: Frame | undefined
  let orientation: number | undefined
  let gainMap = false
  for (let offset = 2; ;) {
    offset = findMarker(view, offset)
    const marker = view.getUint8(offset - 1)
    if (isAlone(marker)) continue
    const segment = readSegment(view, offset, marker)
    const payload = offset + 2
    offset = payload + segment.byteLength
    if (marker === APP1) orientation ??= readExif(segment)
    else if (marker === APP2) gainMap ||= furtherPictures(segment).some((start) => isGainMap(view, payload + start))
    else if (marker === SOS) return { ...toHeader(frame, orientation), ...(gainMap && { hdr: 'gain map' }) }
    else if (OTHER_FRAMES.has(marker)) throw unsupported(`of a rare kind (SOF${marker - 0xc0}) that is not read`)
    else if (READABLE_FRAMES.has(marker)) {
      if (frame) throw corrupt('the JPEG file has two frame headers')
      frame = readFrame(segment)
    }
  }
}

/** The offset after the next marker. Bytes before it are skipped, as libjpeg does. */
function findMarker(view: DataView, start: number): number {
  let offset = start
  for (;;) {
    while (view.getUint8(offset) !== 0xff) offset++
    while (view.getUint8(offset) === 0xff) offset++
    if (view.getUint8(offset++) !== 0) return offset
  }
}

/** TEM and RST0 to RST7 have no length. */
function isAlone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)
}

function readSegment(view: DataView, offset: number, marker: number): DataView {
  if (marker === EOI) throw corrupt('the JPEG file ends before its first scan')
  if (marker === SOI || marker < 0xc0 || marker > 0xfe || (marker >= 0xf0 && marker < 0xfe)) {
    throw corrupt(`expected a segment of a JPEG file at byte ${offset - 2}, found marker 0xff${marker.toString(16).padStart(2, '0')}`)
  }
  // A length counts its own two bytes; libjpeg takes less than that for nothing.
  return slice(view, offset + 2, Math.max(0, view.getUint16(offset) - 2))
}

/** Only the first EXIF segment counts, whatever is in it; XMP is an APP1 too. */
function readExif(segment: DataView): number | undefined {
  return segment.byteLength > 4 && fourcc(segment, 0) === 'Exif' ? exifOrientation(segment) : undefined
}

function readFrame(segment: DataView): Frame {
  const frame = { height: segment.getUint16(1), width: segment.getUint16(3), components: segment.getUint8(5) }
  const depth = segment.getUint8(0)
  if (depth !== 8) throw unsupported(`with ${depth} bits per sample, and only 8 are read`)
  if (frame.width === 0 || frame.height === 0 || frame.components === 0) {
    throw corrupt(`expected a JPEG image of at least 1x1 px, found ${frame.width}x${frame.height} px of ${frame.components} components`)
  }
  if (segment.byteLength !== 6 + 3 * frame.components) {
    throw corrupt(`expected a JPEG frame header of ${6 + 3 * frame.components} bytes, found ${segment.byteLength}`)
  }
  return frame
}

function toHeader(frame: Frame | undefined, orientation: number | undefined): Header {
  if (!frame) throw corrupt('the JPEG file has no frame header before its first scan')
  // Four components are CMYK; libvips takes the fifth of five for alpha.
  return { format: 'jpeg', width: frame.width, height: frame.height, orientation: orientation ?? 1, frames: 1, alpha: frame.components > 4 }
}

function unsupported(what: string): ImagemillError {
  return new ImagemillError({
    code: 'FORMAT_UNSUPPORTED',
    message: `the file is a JPEG ${what}`,
    hint: 'Export it as a baseline or progressive 8 bit JPEG.',
  })
}
