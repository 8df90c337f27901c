import { crc32 } from 'node:zlib'
import { isUpright } from './strip-jpeg.ts'

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
/** The pixels, their animation, and the colours they stand for (mDCV and cLLI say how bright those of cICP are). */
const KEPT: ReadonlySet<string> = new Set('IHDR PLTE tRNS IDAT IEND acTL fcTL fdAT gAMA cHRM sRGB iCCP sBIT cICP mDCV cLLI'.split(' '))
/** Length, type and CRC, around the data. */
const FRAMING_SIZE = 12

/** A PNG or APNG without metadata; undefined when it is malformed, turned, or has a critical chunk that is not of the specification. */
export function stripPng(bytes: Buffer): Buffer | undefined {
  if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE)) return undefined
  const kept: Buffer[] = [SIGNATURE]
  const seen = new Set<string>()
  let previous = ''
  let at = SIGNATURE.length
  while (at + FRAMING_SIZE <= bytes.length) {
    const end = at + FRAMING_SIZE + bytes.readUInt32BE(at)
    if (end > bytes.length) return undefined
    const chunk = bytes.subarray(at, end)
    const type = chunk.toString('latin1', 4, 8)
    if (!isInPlace(type, previous, seen) || !isUnderstood(type, chunk)) return undefined
    if (KEPT.has(type)) kept.push(chunk)
    if (type === 'IEND') return seen.has('IDAT') ? Buffer.concat(kept) : undefined
    seen.add(type)
    previous = type
    at = end
  }
  return undefined
}

/** IHDR comes first and once; IDATs are one run, which dropping a chunk inside it would silently mend. */
function isInPlace(type: string, previous: string, seen: ReadonlySet<string>): boolean {
  if ((type === 'IHDR') !== (previous === '')) return false
  return type !== 'IDAT' || previous === 'IDAT' || !seen.has('IDAT')
}

function isUnderstood(type: string, chunk: Buffer): boolean {
  const data = chunk.subarray(8, -4)
  if (crc32(chunk.subarray(4, -4)) !== chunk.readUInt32BE(chunk.length - 4)) return false
  if (type === 'IEND') return data.length === 0
  if (type === 'eXIf') return isUpright(data)
  return KEPT.has(type) || isAncillary(chunk)
}

/** Bit 5 of the type's first letter: https://www.w3.org/TR/png-3/#5Chunk-naming-conventions */
function isAncillary(chunk: Buffer): boolean {
  return (chunk.readUInt8(4) & 0x20) !== 0
}
