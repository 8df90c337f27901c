import type { Header } from '../types.ts'
import { corrupt } from './corrupt.ts'
import { exifOrientation } from './exif-orientation.ts'
import { fourcc, slice } from './view.ts'

const RIFF_HEAD = 12
const CHUNK_HEAD = 8
/** Place, size, duration and flags of an animation frame, before its own chunks. */
const FRAME_HEAD = 16

const ANIMATED = 0x02
const WITH_EXIF = 0x08
const WITH_ALPHA = 0x10

interface Chunk {
  name: string
  data: DataView
}

interface Picture {
  width: number
  height: number
  alpha: boolean
}

export function readWebp(view: DataView): Header {
  const expected = 8 + view.getUint32(4, true)
  if (expected > view.byteLength) throw corrupt(`expected a WebP file of ${expected} bytes, found ${view.byteLength}`)
  // Bytes after the RIFF container belong to no image.
  const riff = slice(view, 0, expected)
  for (const chunk of chunks(riff, RIFF_HEAD)) {
    if (chunk.name === 'VP8X') return readExtended(riff, chunk.data)
    const picture = readPicture(chunk)
    if (!picture) throw corrupt(`expected VP8, VP8L or VP8X as the first chunk of the WebP file, found ${JSON.stringify(chunk.name)}`)
    return { format: 'webp', ...picture, orientation: 1, frames: 1 }
  }
  throw corrupt(`expected at least one chunk in the WebP file, found none in ${view.byteLength} bytes`)
}

function* chunks(view: DataView, start: number): Generator<Chunk> {
  for (let offset = start; offset + CHUNK_HEAD <= view.byteLength; ) {
    const size = view.getUint32(offset + 4, true)
    yield { name: fourcc(view, offset), data: slice(view, offset + CHUNK_HEAD, size) }
    // Chunks of odd size are padded.
    offset += CHUNK_HEAD + size + (size & 1)
  }
}

/** The size that a bitstream states; undefined when the chunk is none. */
function readPicture({ name, data }: Chunk): Picture | undefined {
  if (name === 'VP8L') {
    if (data.getUint8(0) !== 0x2f) throw corrupt(`expected signature 0x2f in the VP8L chunk of the WebP file, found ${hex(data.getUint8(0), 2)}`)
    const bits = data.getUint32(1, true)
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff), alpha: (bits & 0x10000000) !== 0 }
  }
  if (name !== 'VP8 ') return undefined
  const startCode = data.getUint32(2) & 0xffffff
  if (startCode !== 0x9d012a) throw corrupt(`expected start code 0x9d012a in the VP8 chunk of the WebP file, found ${hex(startCode, 6)}`)
  const picture = { width: data.getUint16(6, true) & 0x3fff, height: data.getUint16(8, true) & 0x3fff, alpha: false }
  if (picture.width === 0 || picture.height === 0) throw corrupt(`expected a WebP image of at least 1x1 px, found ${picture.width}x${picture.height} px`)
  return picture
}

/** An image with features, in which the flags of the VP8X chunk rule over what the bitstream says. */
function readExtended(riff: DataView, vp8x: DataView): Header {
  const flags = vp8x.getUint8(0)
  const canvas = { width: 1 + readUint24(vp8x, 4), height: 1 + readUint24(vp8x, 7) }
  let alpha = (flags & WITH_ALPHA) !== 0
  let frames = 0
  let orientation: number | undefined
  for (const { name, data } of chunks(riff, RIFF_HEAD)) {
    if (name === 'EXIF' && flags & WITH_EXIF) orientation ??= exifOrientation(data)
    else if (name === 'VP8 ' || name === 'VP8L') frames ||= 1
    else if (name === 'ANMF' && flags & ANIMATED && isFrame(data)) {
      frames++
      alpha ||= showsThrough(data, canvas)
    }
  }
  if (frames === 0) throw corrupt('expected at least one image in the WebP file, found none')
  return { format: 'webp', ...canvas, orientation: orientation ?? 1, frames, alpha }
}

/** libwebp does not count frames without an image. */
function isFrame(anmf: DataView): boolean {
  return anmf.byteLength >= FRAME_HEAD + CHUNK_HEAD && ['ALPH', 'VP8 ', 'VP8L'].includes(fourcc(anmf, FRAME_HEAD))
}

/** As in libvips, a frame that does not fill the canvas makes the animation transparent, whatever the flag says. */
function showsThrough(anmf: DataView, canvas: { width: number; height: number }): boolean {
  if (1 + readUint24(anmf, 6) !== canvas.width || 1 + readUint24(anmf, 9) !== canvas.height) return true
  for (const chunk of chunks(anmf, FRAME_HEAD)) {
    if (chunk.name === 'ALPH' || readPicture(chunk)?.alpha) return true
  }
  return false
}

function readUint24(view: DataView, offset: number): number {
  return view.getUint16(offset, true) | (view.getUint8(offset + 2) << 16)
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`
}
