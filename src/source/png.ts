import type { Header } from '../types.ts'
import { corrupt } from './corrupt.ts'
import { hdrOfTransfer } from './dynamic-range.ts'
import { exifOrientation, isTiff } from './exif-orientation.ts'
import { fourcc, slice } from './view.ts'

const SIGNATURE_SIZE = 8
/** Length and type before the data of a chunk, CRC after it. */
const CHUNK_HEAD = 8
const CHUNK_TAIL = 4
const MAX_CHUNK = 0x7fffffff

/** Bit depths that each colour type may have. */
const DEPTHS: Readonly<Record<number, readonly number[]>> = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] }
const GREY = 0
const RGB = 2
const PALETTE = 3
const GREY_ALPHA = 4
const RGB_ALPHA = 6

interface Start {
  width: number
  height: number
  depth: number
  colour: number
}

/** Reads the chunks before the pixels; libpng gives sharp no others. CRCs are not checked, as sharp does not. */
export function readPng(view: DataView): Header {
  const start = readStart(view)
  let alpha = start.colour === GREY_ALPHA || start.colour === RGB_ALPHA
  let orientation: number | undefined
  let colours = 0
  let hdr: Header['hdr']
  let moving = 0
  for (let offset = SIGNATURE_SIZE; ;) {
    const name = fourcc(view, offset + 4)
    if (name === 'IDAT') break
    if (name === 'IEND') throw corrupt('the PNG file ends before its first IDAT chunk')
    const data = readChunk(view, offset)
    offset += CHUNK_HEAD + data.byteLength + CHUNK_TAIL
    if (name === 'PLTE') colours = Math.min(Math.floor(data.byteLength / 3), 1 << start.depth)
    else if (name === 'tRNS') alpha ||= isTransparency(data.byteLength, start.colour, colours)
    else if (name === 'acTL' && data.byteLength === 8) moving = data.getUint32(0)
    else if (name === 'cICP' && data.byteLength === 4) hdr = hdrOfTransfer(data.getUint8(1))
    else if (name === 'eXIf' && isTiff(data)) orientation ??= exifOrientation(data)
  }
  if (start.colour === PALETTE && colours === 0)
    throw corrupt('expected a palette (PLTE) before the first IDAT chunk of the PNG file, found none')
  return {
    format: 'png',
    width: start.width,
    height: start.height,
    orientation: orientation ?? 1,
    frames: 1,
    alpha,
    ...(moving > 1 && { unread: moving }),
    ...(hdr && { hdr }),
  }
}

function readStart(view: DataView): Start {
  const name = fourcc(view, SIGNATURE_SIZE + 4)
  if (name !== 'IHDR') throw corrupt(`expected IHDR as the first chunk of the PNG file, found ${JSON.stringify(name)}`)
  const data = readChunk(view, SIGNATURE_SIZE)
  if (data.byteLength !== 13) throw corrupt(`expected an IHDR chunk of 13 bytes in the PNG file, found ${data.byteLength}`)
  const start = { width: data.getUint32(0), height: data.getUint32(4), depth: data.getUint8(8), colour: data.getUint8(9) }
  if (start.width === 0 || start.height === 0 || start.width > MAX_CHUNK || start.height > MAX_CHUNK) {
    throw corrupt(`expected a PNG image of at least 1x1 px, found ${start.width}x${start.height} px`)
  }
  if (!DEPTHS[start.colour]?.includes(start.depth)) {
    throw corrupt(`expected a colour type and bit depth of PNG, found colour type ${start.colour} with ${start.depth} bits`)
  }
  return start
}

function readChunk(view: DataView, offset: number): DataView {
  return slice(view, offset + CHUNK_HEAD, view.getUint32(offset))
}

/** libpng ignores a tRNS chunk that does not fit the colour type, or that comes before the palette. */
function isTransparency(length: number, colour: number, colours: number): boolean {
  if (colour === PALETTE) return length > 0 && length <= colours
  return (colour === GREY && length === 2) || (colour === RGB && length === 6)
}
