import { stripJpeg } from './strip-jpeg.ts'
import { stripPng } from './strip-png.ts'
import { stripWebp } from './strip-webp.ts'

/**
 * An encoded image without its private metadata, its pixels not re-encoded.
 * Undefined when that is not certain to leave the picture as it is: it is malformed, unusual, or turned by its EXIF orientation.
 */
export function stripMetadata(bytes: Buffer, format: 'jpeg' | 'png' | 'webp' | 'gif'): Buffer | undefined {
  return STRIPPERS[format](bytes)
}

const STRIPPERS = { jpeg: stripJpeg, png: stripPng, webp: stripWebp, gif: stripGif }

const IMAGE = 0x2c
const EXTENSION = 0x21
const TRAILER = 0x3b
const GRAPHIC_CONTROL = 0xf9
const COMMENT = 0xfe
const APPLICATION = 0xff
const SCREEN_SIZE = 13
const DESCRIPTOR_SIZE = 10
const LOOPS: ReadonlySet<string> = new Set(['NETSCAPE2.0', 'ANIMEXTS1.0'])
const NOTHING = Buffer.alloc(0)

/** https://www.w3.org/Graphics/GIF/spec-gif89a.txt */
function stripGif(bytes: Buffer): Buffer | undefined {
  if (!['GIF87a', 'GIF89a'].includes(bytes.toString('latin1', 0, 6))) return undefined
  let at = SCREEN_SIZE + tableSize(bytes[10])
  const kept = [bytes.subarray(0, at)]
  let images = 0
  while (at < bytes.length) {
    if (bytes[at] === TRAILER) return images > 0 ? Buffer.concat([...kept, bytes.subarray(at, at + 1)]) : undefined
    const end = blockEnd(bytes, at)
    if (end === undefined) return undefined
    const part = keptOfBlock(bytes.subarray(at, end))
    if (part === undefined) return undefined
    kept.push(part)
    if (bytes[at] === IMAGE) images++
    at = end
  }
  return undefined
}

/** What stays of a block, undefined when its meaning is not certain. */
function keptOfBlock(block: Buffer): Buffer | undefined {
  if (block[0] === IMAGE) return block
  switch (block[1]) {
    case GRAPHIC_CONTROL:
      return block.length === 8 ? block : undefined
    case COMMENT:
      return NOTHING
    case APPLICATION:
      return LOOPS.has(block.toString('latin1', 3, 14)) ? keptOfLoop(block) : NOTHING
    // plain text is a frame of its own, though browsers do not draw it
    default:
      return undefined
  }
}

/** A loop count and nothing else; readers differ on what they make of the other forms. */
function keptOfLoop(block: Buffer): Buffer | undefined {
  return block.length === 19 && block[2] === 11 && block[14] === 3 && block[15] === 1 ? block : undefined
}

function blockEnd(bytes: Buffer, at: number): number | undefined {
  if (bytes[at] === EXTENSION) return subBlocksEnd(bytes, at + 2)
  if (bytes[at] === IMAGE) return subBlocksEnd(bytes, at + DESCRIPTOR_SIZE + tableSize(bytes[at + 9]) + 1)
  return undefined
}

function subBlocksEnd(bytes: Buffer, from: number): number | undefined {
  for (let at = from, size = bytes[at]; size !== undefined; size = bytes[at]) {
    at += size + 1
    if (size === 0) return at
  }
  return undefined
}

/** Size in bytes of the colour table that a flags byte announces. */
function tableSize(flags = 0): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0
}
