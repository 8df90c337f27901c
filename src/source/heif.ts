import { fourcc, slice } from './view.ts'

/** An item of a HEIF file that is no picture. */
export interface HeifItem {
  /** `Exif`, or `mime` for XMP. */
  type: 'Exif' | 'mime'
  data: DataView
}

interface Box {
  type: string
  body: DataView
}

const XMP = 'application/rdf+xml'

/** The metadata in an AVIF: items named in `iinf`, found by `iloc`. ISO/IEC 14496-12, 8.11 */
export function* readHeifItems(file: DataView): Generator<HeifItem> {
  const meta = boxesOf(file).find(({ type }) => type === 'meta')?.body
  if (!meta) return
  const boxes = boxesOf(tail(meta, 4))
  const body = (type: string): DataView | undefined => boxes.find((box) => box.type === type)?.body
  const [info, places, inner] = [body('iinf'), body('iloc'), body('idat')]
  if (!info || !places) return
  const types = typesOf(info)
  for (const { id, inside, offset, length } of placesOf(places)) {
    const type = types.get(id)
    const base = inside ? inner : file
    if (type && base) yield { type, data: slice(base, offset, length) }
  }
}

function boxesOf(view: DataView): Box[] {
  const boxes: Box[] = []
  for (let at = 0; at + 8 <= view.byteLength;) {
    const short = view.getUint32(at)
    const head = short === 1 ? 16 : 8
    const size = short === 0 ? view.byteLength - at : short === 1 ? Number(view.getBigUint64(at + 8)) : short
    if (size < head) break
    boxes.push({ type: fourcc(view, at + 4), body: slice(view, at + head, size - head) })
    at += size
  }
  return boxes
}

function typesOf(info: DataView): Map<number, HeifItem['type']> {
  const types = new Map<number, HeifItem['type']>()
  for (const { type, body } of boxesOf(tail(info, info.getUint8(0) === 0 ? 6 : 8))) {
    const version = body.getUint8(0)
    if (type !== 'infe' || version < 2) continue
    const wide = version > 2
    const id = wide ? body.getUint32(4) : body.getUint16(4)
    const named = wide ? 10 : 8
    const item = fourcc(body, named)
    if (item === 'Exif' || (item === 'mime' && latin1(tail(body, named + 4)).includes(XMP))) types.set(id, item)
  }
  return types
}

interface Place {
  id: number
  /** In the `idat` box, not in the file. */
  inside: boolean
  offset: number
  length: number
}

/** Where each item is; metadata that is cut into several parts is not read. */
function* placesOf(view: DataView): Generator<Place> {
  const version = view.getUint8(0)
  const sizes = view.getUint16(4)
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15]
  const indexSize = version === 0 ? 0 : sizes & 15
  let at = 6
  const take = (size: number): number => {
    const value = size === 0 ? 0 : size === 2 ? view.getUint16(at) : size === 4 ? view.getUint32(at) : Number(view.getBigUint64(at))
    at += size
    return value
  }
  const count = take(version < 2 ? 2 : 4)
  for (let item = 0; item < count; item++) {
    const id = take(version < 2 ? 2 : 4)
    const inside = version > 0 && (take(2) & 15) === 1
    take(2)
    const base = take(baseSize)
    const extents = take(2)
    for (let extent = 0; extent < extents; extent++) {
      take(indexSize)
      const offset = base + take(offsetSize)
      const length = take(lengthSize)
      if (extents === 1) yield { id, inside, offset, length }
    }
  }
}

function latin1(view: DataView): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('latin1')
}

function tail(view: DataView, from: number): DataView {
  return slice(view, from, view.byteLength - from)
}
