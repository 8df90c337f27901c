import type { Header } from '../types.ts'
import { fourcc, slice } from './view.ts'

/** How a source says more light than sRGB can show. */
type Hdr = NonNullable<Header['hdr']>

/** Transfer functions by their number in ITU-T H.273. */
const TRANSFERS: Readonly<Record<number, Hdr>> = { 16: 'PQ', 18: 'HLG' }

export function hdrOfTransfer(number: number): Hdr | undefined {
  return TRANSFERS[number]
}

const SOS = 0xda
const APP1 = 0xe1
const APP2 = 0xe2
/** In XMP of Adobe and Google, in that of Apple, and the name of ISO 21496-1. */
const GAIN_MAP = /hdrgm:Version|hdrgainmap|urn:iso:std:iso:ts:21496/i
/** `MPF` and a NUL, before the index of a Multi-Picture file. */
const MPF = 0x4d504600
const MPF_ENTRIES = 0xb002
const MPF_ENTRY_SIZE = 16

/** Where the further pictures of a JPEG file begin, counted from the payload of the APP2 segment that lists them; CIPA DC-007. */
export function furtherPictures(segment: DataView): number[] {
  if (segment.byteLength < 8 || segment.getUint32(0) !== MPF) return []
  return lenient([], () => {
    const tiff = slice(segment, 4, segment.byteLength - 4)
    const little = tiff.getUint16(0) === 0x4949
    const directory = tiff.getUint32(4, little)
    for (let index = 0, at = directory + 2; index < tiff.getUint16(directory, little); index++, at += 12) {
      if (tiff.getUint16(at, little) !== MPF_ENTRIES) continue
      const count = tiff.getUint32(at + 4, little) / MPF_ENTRY_SIZE
      const entries = tiff.getUint32(at + 8, little)
      const offsets = Array.from({ length: Math.min(count, 64) }, (_, entry) =>
        tiff.getUint32(entries + entry * MPF_ENTRY_SIZE + 8, little),
      )
      // Of the first picture it is zero, of others it counts from the byte after `MPF`.
      return offsets.filter((offset) => offset > 0).map((offset) => 4 + offset)
    }
    return []
  })
}

/** Whether a picture inside of a JPEG file says in its header that it is a gain map, and not a depth map or a preview. */
export function isGainMap(view: DataView, start: number): boolean {
  return lenient(false, () => {
    if (view.getUint16(start) !== 0xffd8) return false
    for (let at = start + 2; view.getUint8(at) === 0xff && view.getUint8(at + 1) !== SOS;) {
      const marker = view.getUint8(at + 1)
      const size = view.getUint16(at + 2)
      if ((marker === APP1 || marker === APP2) && GAIN_MAP.test(latin1(slice(view, at + 4, Math.max(0, size - 2))))) return true
      at += 2 + Math.max(2, size)
    }
    return false
  })
}

/** From the `meta` box of an AVIF file: an image that is tone-mapped from two others, the transfer of the colours, or an auxiliary image. */
export function hdrOfAvif(bytes: Uint8Array): Hdr | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return lenient(undefined, () => {
    for (let at = 0; at + 8 <= view.byteLength;) {
      const size = view.getUint32(at)
      if (fourcc(view, at + 4) === 'meta') {
        const meta = latin1(slice(view, at, Math.min(size, view.byteLength - at)))
        if (/infe.{8}(?:.{2})?tmap/s.test(meta)) return 'gain map'
        const [, transfer] = /colrnclx.{3}(.)/s.exec(meta) ?? []
        const hdr = transfer && hdrOfTransfer(transfer.charCodeAt(0))
        return hdr || (meta.includes('aux:hdrgainmap') ? 'gain map' : undefined)
      }
      at += Math.max(8, size)
    }
    return undefined
  })
}

/** What these blocks say only leads to a warning: when they are cut short, there is none. */
function lenient<T>(otherwise: T, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError) return otherwise
    throw error
  }
}

function latin1(view: DataView): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('latin1')
}
