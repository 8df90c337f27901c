import { isUpright } from './strip-jpeg.ts'

interface Chunk {
  id: string
  body: Buffer
  /** Id, size, body and padding. */
  raw: Buffer
}

const EXIF_AND_XMP = 0x08 | 0x04
const ANIMATION = 0x02
const VP8X_SIZE = 10
/** What stands before the chunks of an animation frame. */
const FRAME_HEADER_SIZE = 16
const KEPT: ReadonlySet<string> = new Set(['ICCP', 'ANIM', 'ALPH', 'VP8 ', 'VP8L'])
const KEPT_OF_FRAME: ReadonlySet<string> = new Set(['ALPH', 'VP8 ', 'VP8L'])
const NOTHING = Buffer.alloc(0)

/** A WebP without metadata; undefined when it is malformed or turned. https://developers.google.com/speed/webp/docs/riff_container */
export function stripWebp(bytes: Buffer): Buffer | undefined {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WEBP') return undefined
  const end = 8 + bytes.readUInt32LE(4)
  const chunks = end <= bytes.length ? readChunks(bytes.subarray(12, end)) : undefined
  if (chunks === undefined || !isComplete(chunks)) return undefined
  const kept: Buffer[] = []
  for (const chunk of chunks) {
    const part = keptOfChunk(chunk)
    if (part === undefined) return undefined
    kept.push(part)
  }
  return write('RIFF', [Buffer.from('WEBP'), ...kept])
}

/** One picture, or an animation of at least one frame. */
function isComplete(chunks: Chunk[]): boolean {
  const [first, ...rest] = chunks
  if (first === undefined || rest.some(({ id }) => id === 'VP8X')) return false
  if (first.id !== 'VP8X') return isPicture(first) && rest.every((chunk) => !isPicture(chunk) && chunk.id !== 'ANMF')
  if (first.body.length !== VP8X_SIZE) return false
  const pictures = rest.filter(isPicture).length
  const frames = rest.filter(({ id }) => id === 'ANMF').length
  return first.body.readUInt8(0) & ANIMATION ? pictures === 0 && frames > 0 : pictures === 1 && frames === 0
}

function isPicture({ id }: Chunk): boolean {
  return id === 'VP8 ' || id === 'VP8L'
}

/** What stays of a chunk, undefined when its meaning is not certain. */
function keptOfChunk({ id, body, raw }: Chunk): Buffer | undefined {
  if (KEPT.has(id)) return raw
  if (id === 'ANMF') return keptOfFrame(body)
  if (id === 'EXIF') return isUpright(body) ? NOTHING : undefined
  if (id !== 'VP8X') return NOTHING
  const header = Buffer.from(raw)
  header.writeUInt8(body.readUInt8(0) & ~EXIF_AND_XMP, 8)
  return header
}

/** A frame is a list of chunks too, and may have unknown ones. */
function keptOfFrame(body: Buffer): Buffer | undefined {
  const chunks = readChunks(body.subarray(FRAME_HEADER_SIZE))
  if (chunks === undefined || chunks.filter(isPicture).length !== 1) return undefined
  const kept = chunks.filter(({ id }) => KEPT_OF_FRAME.has(id)).map(({ raw }) => raw)
  return write('ANMF', [body.subarray(0, FRAME_HEADER_SIZE), ...kept])
}

function readChunks(bytes: Buffer): Chunk[] | undefined {
  const chunks: Chunk[] = []
  let at = 0
  while (at < bytes.length) {
    if (at + 8 > bytes.length) return undefined
    const bodyEnd = at + 8 + bytes.readUInt32LE(at + 4)
    const end = bodyEnd + ((bodyEnd - at) % 2)
    if (end > bytes.length) return undefined
    chunks.push({ id: bytes.toString('latin1', at, at + 4), body: bytes.subarray(at + 8, bodyEnd), raw: bytes.subarray(at, end) })
    at = end
  }
  return chunks
}

/** A chunk of parts that are each of even size, so that it needs no padding. */
function write(id: string, parts: Buffer[]): Buffer {
  const header = Buffer.from(`${id}    `, 'latin1')
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  header.writeUInt32LE(size, 4)
  return Buffer.concat([header, ...parts])
}
