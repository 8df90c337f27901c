const SOI = 0xd8
const EOI = 0xd9
const SOS = 0xda
const APP0 = 0xe0
const APP1 = 0xe1
const APP2 = 0xe2
const APP14 = 0xee
const APP15 = 0xef
const COM = 0xfe
/** DHT, DAC, DQT, DNL and DRI. */
const TABLES: ReadonlySet<number> = new Set([0xc4, 0xcc, 0xdb, 0xdc, 0xdd])
/** Up to its thumbnail, whose width and height are the last two bytes. */
const JFIF_SIZE = 18
const ADOBE_SIZE = 16
const ORIENTATION = 0x0112
const NOTHING = Buffer.alloc(0)

/** A JPEG without metadata; undefined when it is malformed, hierarchical or turned. */
export function stripJpeg(bytes: Buffer): Buffer | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== SOI) return undefined
  const kept = [bytes.subarray(0, 2)]
  let frames = 0
  let scans = 0
  let at = 2
  while (bytes[at] === 0xff) {
    // any marker may be preceded by fill bytes
    while (bytes[at + 1] === 0xff) at++
    const marker = bytes[at + 1]
    if (marker === EOI) return frames === 1 && scans > 0 ? Buffer.concat([...kept, bytes.subarray(at, at + 2)]) : undefined
    if (marker === undefined || at + 4 > bytes.length) return undefined
    const segmentEnd = at + 2 + bytes.readUInt16BE(at + 2)
    if (segmentEnd < at + 4 || segmentEnd > bytes.length) return undefined
    const end = marker === SOS ? scanEnd(bytes, segmentEnd) : segmentEnd
    const part = keptOfSegment(marker, bytes.subarray(at, end))
    if (part === undefined) return undefined
    kept.push(part)
    if (isFrame(marker)) frames++
    if (marker === SOS) scans++
    at = end
  }
  return undefined
}

/** What stays of a segment, undefined when its meaning is not certain. */
function keptOfSegment(marker: number, segment: Buffer): Buffer | undefined {
  if (marker === SOS || isFrame(marker) || TABLES.has(marker)) return segment
  const startsWith = (name: string): boolean => segment.toString('latin1', 4, 4 + name.length) === name
  if (marker === APP0 && startsWith('JFIF\0')) return cut(segment, JFIF_SIZE)?.fill(0, JFIF_SIZE - 2)
  if (marker === APP1 && startsWith('Exif')) return isUpright(segment.subarray(4)) ? NOTHING : undefined
  if (marker === APP2 && startsWith('ICC_PROFILE\0')) return segment
  if (marker === APP14 && startsWith('Adobe')) return cut(segment, ADOBE_SIZE)
  return (marker >= APP0 && marker <= APP15) || marker === COM ? NOTHING : undefined
}

/** The first bytes of a JFIF or Adobe header: all that decoders read of it. */
function cut(segment: Buffer, size: number): Buffer | undefined {
  if (segment.length < size) return undefined
  const head = Buffer.from(segment.subarray(0, size))
  head.writeUInt16BE(size - 2, 2)
  return head
}

/** SOF0 to SOF15, less the markers of other kinds in that range. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}

/** Where the coded data ends: at a marker that is neither a stuffed 0xff nor a restart. */
function scanEnd(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(0xff, from)
  while (at !== -1) {
    const next = bytes[at + 1]
    if (next === undefined || (next !== 0 && (next < 0xd0 || next > 0xd7))) return at
    at = bytes.indexOf(0xff, at + 2)
  }
  return bytes.length
}

/** Whether an EXIF block, with or without its JPEG prefix, is sure to leave the picture as it is stored. */
export function isUpright(exif: Buffer): boolean {
  const tiff = exif.toString('latin1', 0, 5) === 'Exif\0' ? exif.subarray(6) : exif
  const order = tiff.toString('latin1', 0, 4)
  if (tiff.length < 8 || (order !== 'II*\0' && order !== 'MM\0*')) return false
  const little = order === 'II*\0'
  const short = (at: number): number => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
  const long = (at: number): number => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at))
  const entries = long(4) + 2
  if (entries > tiff.length) return false
  const end = entries + 12 * short(entries - 2)
  if (end > tiff.length) return false
  for (let at = entries; at < end; at += 12) {
    if (short(at) === ORIENTATION && (short(at + 2) !== 3 || long(at + 4) !== 1 || short(at + 8) !== 1)) return false
  }
  return true
}
