import type { Header } from '../types.ts'
import { corrupt } from './corrupt.ts'
import { exifOrientation } from './exif-orientation.ts'
import { fourcc, slice } from './view.ts'

const RIFF_HEAD = 12
const CHUNK_HEAD = 8
/** Place, size, duration and flags of an animation frame; its image is in the chunks that follow. */
const FRAME_HEAD = 16

const ANIMATED = 0x02
const WITH_EXIF = 0x08
const WITH_ALPHA = 0x10

const IMAGES: ReadonlySet<string> = new Set(['ALPH', 'VP8 ', 'VP8L'])

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
  for (const chunk of chunks(riff)) {
    if (chunk.name === 'VP8X') return readExtended(riff, chunk.data)
    const picture = readPicture(chunk)
    if (!picture) throw corrupt(`expected VP8, VP8L or VP8X as the first chunk of the WebP file, found ${JSON.stringify(chunk.name)}`)
    return { format: 'webp', ...picture, orientation: 1, frames: 1 }
  }
  throw corrupt(`expected at least one chunk in the WebP file, found none in ${view.byteLength} bytes`)
}

/** The chunks of a file. Those inside a frame follow it as if they were beside it: libwebp does not mind what size a frame says it has. */
function* chunks(riff: DataView): Generator<Chunk> {
  for (let offset = RIFF_HEAD; offset + CHUNK_HEAD <= riff.byteLength;) {
    const name = fourcc(riff, offset)
    const size = name === 'ANMF' ? FRAME_HEAD : riff.getUint32(offset + 4, true)
    yield { name, data: slice(riff, offset + CHUNK_HEAD, size) }
    // Chunks of odd size are padded.
    offset += CHUNK_HEAD + size + (size & 1)
  }
}

/** The size that a bitstream states; undefined when the chunk is none. */
function readPicture({ name, data }: Chunk): Picture | undefined {
  if (name === 'VP8L') {
    if (data.getUint8(0) !== 0x2f)
      throw corrupt(`expected signature 0x2f in the VP8L chunk of the WebP file, found ${hex(data.getUint8(0), 2)}`)
    const bits = data.getUint32(1, true)
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff), alpha: (bits & 0x10000000) !== 0 }
  }
  if (name !== 'VP8 ') return undefined
  const startCode = data.getUint32(2) & 0xffffff
  if (startCode !== 0x9d012a) throw corrupt(`expected start code 0x9d012a in the VP8 chunk of the WebP file, found ${hex(startCode, 6)}`)
  const picture = { width: data.getUint16(6, true) & 0x3fff, height: data.getUint16(8, true) & 0x3fff, alpha: false }
  if (picture.width === 0 || picture.height === 0)
    throw corrupt(`expected a WebP image of at least 1x1 px, found ${picture.width}x${picture.height} px`)
  return picture
}

/** An image with features, in which the flags of the VP8X chunk rule over what the bitstream says. */
function readExtended(riff: DataView, vp8x: DataView): Header {
  const flags = vp8x.getUint8(0)
  const animated = (flags & ANIMATED) !== 0
  const canvas = { width: 1 + readUint24(vp8x, 4), height: 1 + readUint24(vp8x, 7) }
  let alpha = (flags & WITH_ALPHA) !== 0
  let frames = 0
  let orientation: number | undefined
  let previous = ''
  for (const chunk of chunks(riff)) {
    if (chunk.name === 'EXIF' && flags & WITH_EXIF) orientation ??= exifOrientation(chunk.data)
    if (IMAGES.has(chunk.name)) {
      if (!animated) frames = 1
      // Frames without an image do not count.
      else if (previous === 'ANMF') frames++
      if (animated) alpha ||= showsThrough(chunk, canvas)
    }
    previous = chunk.name
  }
  if (frames === 0) throw corrupt('expected at least one image in the WebP file, found none')
  return { format: 'webp', ...canvas, orientation: orientation ?? 1, frames, alpha }
}

/** As in libvips, a frame that does not fill the canvas makes the animation transparent, whatever the flag says. */
function showsThrough(chunk: Chunk, canvas: { width: number; height: number }): boolean {
  const picture = readPicture(chunk)
  return !picture || picture.alpha || picture.width !== canvas.width || picture.height !== canvas.height
}

function readUint24(view: DataView, offset: number): number {
  return view.getUint16(offset, true) | (view.getUint8(offset + 2) << 16)
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`
}
