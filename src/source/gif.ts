import type { Header } from '../types.ts'
import { corrupt } from './corrupt.ts'

const EXTENSION = 0x21
const COMMENT = 0xfe
const GRAPHIC_CONTROL = 0xf9
const DESCRIPTOR = 0x2c
const DESCRIPTOR_SIZE = 10
const TRAILER = 0x3b
const MAX_CODE_SIZE = 11

/** Sizes of the screens that old programs wrote in place of the image's: libnsgif takes the first frame's size instead. */
const SCREENS: ReadonlySet<string> = new Set(['640x480', '640x512', '800x600', '1024x768', '1280x1024', '1600x1200'])

interface Canvas {
  width: number
  height: number
}

interface Extensions {
  end: number
  transparent: boolean
}

/** Walks the blocks as libnsgif does: a file cut short is fine when its first frame is whole, and what is left of a last frame counts. */
export function readGif(view: DataView): Header {
  const canvas = readScreen(view)
  let offset = 13 + colourTableSize(view.getUint8(10))
  let frames = 0
  let alpha = false
  while (offset < view.byteLength && view.getUint8(offset) !== TRAILER) {
    const extensions = skipExtensions(view, offset)
    if (!extensions || view.byteLength - extensions.end < DESCRIPTOR_SIZE) break
    const data = findImageData(view, extensions.end)
    if (data === undefined) break
    const end = skipBlocks(view, data + 1)
    if (end === undefined && frames === 0) break
    if (frames === 0) growCanvas(canvas, view, extensions.end)
    frames++
    alpha ||= extensions.transparent
    if (end === undefined) break
    offset = end
  }
  if (frames === 0) throw corrupt(`expected at least one whole frame in the GIF file, found none in ${view.byteLength} bytes`)
  return { format: 'gif', width: canvas.width, height: canvas.height, orientation: 1, frames, alpha }
}

function readScreen(view: DataView): Canvas {
  const width = view.getUint16(6, true)
  const height = view.getUint16(8, true)
  const unknown = SCREENS.has(`${width}x${height}`) || width === 0 || height === 0 || width > 2048 || height > 2048
  return unknown ? { width: 1, height: 1 } : { width, height }
}

function colourTableSize(flags: number): number {
  return flags & 0x80 ? 3 * (2 << (flags & 7)) : 0
}

/** The extensions before a frame; undefined when the file ends in them. */
function skipExtensions(view: DataView, start: number): Extensions | undefined {
  let offset = start
  let transparent = false
  while (offset < view.byteLength && view.getUint8(offset) === EXTENSION) {
    if (offset + 4 > view.byteLength) return undefined
    const label = view.getUint8(offset + 1)
    if (label === GRAPHIC_CONTROL) transparent ||= (view.getUint8(offset + 3) & 1) === 1
    // The first block of a comment may be its terminator; other extensions begin with a block that is theirs, even when it is empty.
    const end = skipBlocks(view, label === COMMENT ? offset + 2 : offset + 3 + view.getUint8(offset + 2))
    if (end === undefined) return undefined
    offset = end
  }
  return { end: offset, transparent }
}

/** The offset after a chain of sub-blocks; undefined when the file ends before it. */
function skipBlocks(view: DataView, start: number): number | undefined {
  let offset = start
  while (offset < view.byteLength) {
    const size = view.getUint8(offset++)
    if (size === 0) return offset
    offset += size
  }
  return undefined
}

/** Where the image data of a frame begins; undefined when the file ends before there is any. */
function findImageData(view: DataView, offset: number): number | undefined {
  const found = view.getUint8(offset)
  if (found !== DESCRIPTOR)
    throw corrupt(`expected a frame at byte ${offset} of the GIF file, found 0x${found.toString(16).padStart(2, '0')}`)
  const data = offset + DESCRIPTOR_SIZE + colourTableSize(view.getUint8(offset + 9))
  if (data + 3 > view.byteLength) return undefined
  const codeSize = view.getUint8(data)
  if (codeSize === TRAILER) return undefined
  if (codeSize > MAX_CODE_SIZE)
    throw corrupt(`expected a code size of at most ${MAX_CODE_SIZE} at byte ${data} of the GIF file, found ${codeSize}`)
  return data
}

/** The first frame may be larger than the screen. */
function growCanvas(canvas: Canvas, view: DataView, frame: number): void {
  canvas.width = Math.max(canvas.width, view.getUint16(frame + 1, true) + view.getUint16(frame + 5, true))
  canvas.height = Math.max(canvas.height, view.getUint16(frame + 3, true) + view.getUint16(frame + 7, true))
}
