/** A value of a tag: text, a SHORT, a list of rationals, or bytes. */
export type TagValue = string | number | [numerator: number, denominator: number][] | Uint8Array

/** Tags by their number, for each directory of EXIF. */
export interface ExifTags {
  picture?: Record<number, TagValue>
  camera?: Record<number, TagValue>
  position?: Record<number, TagValue>
  /** A JPEG. */
  thumbnail?: Uint8Array
}

/** A block of EXIF, written from the TIFF specification and from nothing of ours. */
export function exifBlock({ picture = {}, camera, position, thumbnail }: ExifTags, little = true): Buffer {
  const chunks: Buffer[] = []
  let size = 8
  const short = (value: number): Buffer => {
    const bytes = Buffer.alloc(2)
    if (little) bytes.writeUInt16LE(value)
    else bytes.writeUInt16BE(value)
    return bytes
  }
  const long = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    if (little) bytes.writeUInt32LE(value)
    else bytes.writeUInt32BE(value)
    return bytes
  }
  const put = (bytes: Buffer): number => {
    const at = size
    const even = Buffer.concat([bytes, Buffer.alloc(bytes.length & 1)])
    chunks.push(even)
    size += even.length
    return at
  }
  const encode = (value: TagValue): { type: number; count: number; data: Buffer } => {
    if (typeof value === 'string') return { type: 2, count: Buffer.byteLength(value) + 1, data: Buffer.from(`${value}\0`) }
    if (typeof value === 'number') return { type: 3, count: 1, data: short(value) }
    if (value instanceof Uint8Array) return { type: value.length === 1 ? 1 : 7, count: value.length, data: Buffer.from(value) }
    return { type: 5, count: value.length, data: Buffer.concat(value.flatMap(([a, b]) => [long(a), long(b)])) }
  }
  /** Rows of a directory; LONGs are given as rows already. */
  const directory = (tags: Record<number, TagValue>, longs: Record<number, number>, next = 0): number => {
    const rows = [
      ...Object.entries(tags).map(([tag, value]) => {
        const { type, count, data } = encode(value)
        const field = data.length > 4 ? long(put(data)) : Buffer.concat([data, Buffer.alloc(4 - data.length)])
        return { tag: Number(tag), row: Buffer.concat([short(Number(tag)), short(type), long(count), field]) }
      }),
      ...Object.entries(longs).map(([tag, value]) => ({
        tag: Number(tag),
        row: Buffer.concat([short(Number(tag)), short(4), long(1), long(value)]),
      })),
    ].sort((a, b) => a.tag - b.tag)
    return put(Buffer.concat([short(rows.length), ...rows.map(({ row }) => row), long(next)]))
  }
  const cameraAt = camera && directory(camera, {})
  const positionAt = position && directory(position, {})
  const thumbnailAt = thumbnail && put(Buffer.from(thumbnail))
  const next = thumbnail && thumbnailAt ? directory({ 0x0103: 6 }, { 0x0201: thumbnailAt, 0x0202: thumbnail.length }) : 0
  const first = directory(picture, { ...(cameraAt && { 0x8769: cameraAt }), ...(positionAt && { 0x8825: positionAt }) }, next)
  return Buffer.concat([Buffer.from(little ? 'II*\0' : 'MM\0*', 'latin1'), long(first), ...chunks])
}

/** A JPEG with a block of EXIF, and XMP, before all other segments. */
export function withBlocks(jpeg: Uint8Array, exif?: Uint8Array, xmp?: string): Buffer {
  const segment = (name: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(name, 'latin1'), data])
    const head = Buffer.from([0xff, 0xe1, (body.length + 2) >> 8, (body.length + 2) & 0xff])
    return Buffer.concat([head, body])
  }
  return Buffer.concat([
    jpeg.subarray(0, 2),
    ...(exif ? [segment('Exif\0\0', exif)] : []),
    ...(xmp === undefined ? [] : [segment('http://ns.adobe.com/xap/1.0/\0', Buffer.from(xmp))]),
    jpeg.subarray(2),
  ])
}

/** A position as degrees, minutes and seconds. */
export function dms(degrees: number): [number, number][] {
  const seconds = Math.round(Math.abs(degrees) * 360_000)
  return [
    [Math.floor(seconds / 360_000), 1],
    [Math.floor((seconds % 360_000) / 6000), 1],
    [seconds % 6000, 100],
  ]
}

/** Everything that a camera writes: 33.8568° S, 151.2153° W, 12.5 m below the sea. */
export const CAMERA: ExifTags = {
  picture: {
    0x010f: 'Canon',
    0x0110: 'EOS 5D',
    0x0112: 6,
    0x0131: 'Firmware 1.0',
    0x0132: '2024:02:20 20:20:20',
    0x013b: 'Ana Photographer',
    0x8298: '2024 Ana Photographer',
  },
  camera: {
    0x829a: [[1, 250]],
    0x829d: [[28, 10]],
    0x8827: 400,
    0x9003: '2024:01:15 10:30:00',
    0x920a: [[50, 1]],
    0x927c: Buffer.from('private notes of the maker'),
    0xa002: 120,
    0xa003: 80,
    0xa431: 'SERIAL-0042',
    0xa434: 'EF 50mm',
  },
  position: {
    1: 'S',
    2: dms(33.8568),
    3: 'W',
    4: dms(151.2153),
    5: Uint8Array.of(1),
    6: [[125, 10]],
  },
}

/** What a record says of `CAMERA`. */
export const CAMERA_RECORD = {
  has_exif: true,
  make: 'Canon',
  model: 'EOS 5D',
  orientation: 6,
  datetime: '2024:01:15 10:30:00',
  exposure_time: '1/250',
  f_number: 'f/2.8',
  iso: 400,
  lens: 'EF 50mm',
  focal_length: 50,
  software: 'Firmware 1.0',
  artist: 'Ana Photographer',
  copyright: '2024 Ana Photographer',
  gps: { latitude: -33.8568, longitude: -151.2153, altitude: -12.5 },
}
