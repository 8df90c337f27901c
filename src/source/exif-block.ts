/** A directory of EXIF: of the picture, of the camera, of the position, of the thumbnail. */
export type Directory = 'picture' | 'camera' | 'position' | 'thumbnail' | 'interop'

interface Entry {
  directory: Directory
  tag: number
  type: number
  count: number
  /** Where its 12 bytes are. */
  at: number
  /** Where its value is. */
  valueAt: number
  valueSize: number
}

/** A directory as it lies in the block. */
interface Place {
  directory: Directory
  at: number
  /** Where the offset stands that leads to it; absent for the first. */
  pointerAt?: number
}

interface Block {
  bytes: Buffer
  little: boolean
  places: Place[]
  entries: Entry[]
}

const ORIENTATION = 0x0112
const WIDTH = 0xa002
const HEIGHT = 0xa003
const THUMBNAIL = 0x0201
const THUMBNAIL_SIZE = 0x0202
/** Tags that lead to other directories. */
const POINTERS: Readonly<Record<number, Directory>> = { 0x8769: 'camera', 0x8825: 'position', 0xa005: 'interop' }
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]

/** A copy of an EXIF block without some of its tags. The rest stays where it is, for what cameras add holds offsets of its own. */
export function eraseTags(exif: Uint8Array, isErased: (directory: Directory, tag: number) => boolean): Buffer | undefined {
  const block = parse(exif)
  if (!block) return undefined
  const { bytes } = block
  for (const place of block.places.toReversed()) {
    const own = block.entries.filter(({ directory }) => directory === place.directory)
    const gone = own.filter(({ tag, directory }) => (tag in POINTERS ? leadsNowhere(block, tag) : isErased(directory, tag)))
    if (place.directory === 'thumbnail' && gone.length > 0) eraseThumbnail(block, own)
    for (const { valueAt, valueSize } of gone) bytes.fill(0, valueAt, valueAt + valueSize)
    const left = own.filter((entry) => !gone.includes(entry))
    rewrite(block, place, own, left)
    block.entries = block.entries.filter((entry) => !gone.includes(entry))
  }
  return bytes
}

/** A new EXIF block of some tags alone, undefined when it has none of them. */
export function pickTags(exif: Uint8Array, isKept: (directory: Directory, tag: number) => boolean): Buffer | undefined {
  const block = parse(exif)
  if (!block) return undefined
  const kept = block.entries.filter(({ directory, tag }) => !(tag in POINTERS) && directory !== 'thumbnail' && isKept(directory, tag))
  // The first of each counts; a malicious block could name one value a thousand times.
  const first = new Map(kept.toReversed().map((entry) => [`${entry.directory} ${entry.tag}`, entry]))
  return kept.length > 0 ? serialise(block, [...first.values()]) : undefined
}

/** A copy that is true of a picture of a size: its width and height where it names them, upright, and without a thumbnail. */
export function describePicture(exif: Uint8Array, size: { width: number; height: number }): Buffer | undefined {
  const bare = eraseTags(exif, (directory) => directory === 'thumbnail')
  return bare && describe(bare, size)
}

function describe(exif: Buffer, { width, height }: { width: number; height: number }): Buffer | undefined {
  const block = parse(exif)
  if (!block) return undefined
  for (const entry of block.entries) {
    const value = entry.tag === ORIENTATION ? 1 : entry.tag === WIDTH ? width : entry.tag === HEIGHT ? height : undefined
    if (value !== undefined && entry.count === 1) writeNumber(block, entry, value)
  }
  return block.bytes
}

function parse(exif: Uint8Array): Block | undefined {
  const bytes = Buffer.from(exif)
  const order = bytes.toString('latin1', 0, 4)
  if (bytes.length < 14 || (order !== 'II*\0' && order !== 'MM\0*')) return undefined
  const block: Block = { bytes, little: order === 'II*\0', places: [], entries: [] }
  const next = readDirectory(block, { directory: 'picture', at: long(block, 4) })
  if (next === undefined) return undefined
  // The list grows while it is walked: one directory leads to the next.
  for (const { tag, valueAt, directory } of block.entries) {
    const inner = directory === 'picture' || directory === 'camera' ? POINTERS[tag] : undefined
    // Two of a kind are two stories.
    if (inner && block.places.some((place) => place.directory === inner)) return undefined
    if (inner) readDirectory(block, { directory: inner, at: long(block, valueAt), pointerAt: valueAt })
  }
  if (long(block, next) !== 0) readDirectory(block, { directory: 'thumbnail', at: long(block, next), pointerAt: next })
  return block
}

/** Adds what a directory holds; answers where the offset of the next one stands, or undefined when it is damaged. */
function readDirectory(block: Block, place: Place): number | undefined {
  const { bytes } = block
  const { at, directory } = place
  if (at < 8 || at + 2 > bytes.length || block.places.some((known) => known.at === at)) return undefined
  const end = at + 2 + 12 * short(block, at)
  if (end + 4 > bytes.length) return undefined
  block.places.push(place)
  for (let entry = at + 2; entry < end; entry += 12) {
    const type = short(block, entry + 2)
    const count = long(block, entry + 4)
    const valueSize = (SIZES[type] ?? 0) * count
    const valueAt = valueSize > 4 ? long(block, entry + 8) : entry + 8
    // A value that is not in the block is no value.
    const size = valueAt + valueSize <= bytes.length ? valueSize : 0
    block.entries.push({ directory, tag: short(block, entry), type, count, at: entry, valueAt, valueSize: size })
  }
  return end
}

function leadsNowhere({ entries }: Block, tag: number): boolean {
  const inner = POINTERS[tag]
  return inner !== undefined && !entries.some(({ directory }) => directory === inner)
}

function eraseThumbnail(block: Block, entries: readonly Entry[]): void {
  const valueOf = (tag: number): number => {
    const entry = entries.find((known) => known.tag === tag)
    return entry ? long(block, entry.at + 8) : 0
  }
  const [at, size] = [valueOf(THUMBNAIL), valueOf(THUMBNAIL_SIZE)]
  const end = Math.min(at + size, block.bytes.length)
  if (at < end) block.bytes.fill(0, at, end)
}

/** Puts the entries that are left one behind the other; a directory without any is led to by nothing. */
function rewrite(block: Block, { at, pointerAt }: Place, own: readonly Entry[], left: readonly Entry[]): void {
  const { bytes, little } = block
  const tail = at + 2 + 12 * own.length
  const next = long(block, tail)
  const parts = left.map((entry) => Buffer.from(bytes.subarray(entry.at, entry.at + 12)))
  bytes.fill(0, at, tail + 4)
  if (left.length === 0 && pointerAt !== undefined) return void bytes.writeUInt32LE(0, pointerAt)
  if (little) bytes.writeUInt16LE(left.length, at)
  else bytes.writeUInt16BE(left.length, at)
  for (const [index, part] of parts.entries()) part.copy(bytes, at + 2 + 12 * index)
  writeLong(bytes, little, next, at + 2 + 12 * left.length)
  // What is moved has its short value with it.
  for (const [index, entry] of left.entries()) {
    if (entry.valueSize <= 4) entry.valueAt = at + 2 + 12 * index + 8
    entry.at = at + 2 + 12 * index
  }
}

const ORDER: readonly Directory[] = ['picture', 'camera', 'position']

function serialise({ bytes, little }: Block, kept: readonly Entry[]): Buffer {
  const groups = ORDER.map((directory) => ({ directory, entries: kept.filter((entry) => entry.directory === directory) }))
  const inner = groups.filter(({ directory, entries }) => directory !== 'picture' && entries.length > 0)
  const starts = new Map<Directory, number>()
  let size = 8
  for (const { directory, entries } of groups) {
    const count = entries.length + (directory === 'picture' ? inner.length : 0)
    if (count === 0 && directory !== 'picture') continue
    starts.set(directory, size)
    size += 6 + 12 * count + entries.reduce((sum, { valueSize }) => sum + (valueSize > 4 ? valueSize + (valueSize & 1) : 0), 0)
  }
  const made = Buffer.alloc(size)
  bytes.copy(made, 0, 0, 4)
  writeLong(made, little, 8, 4)
  for (const { directory, entries } of groups) {
    const at = starts.get(directory)
    if (at === undefined) continue
    const pointers =
      directory === 'picture' ? inner.map((group) => ({ tag: pointerTo(group.directory), leads: starts.get(group.directory) ?? 0 })) : []
    writeDirectory({ made, bytes, little }, at, entries, pointers)
  }
  return made
}

function writeDirectory(
  { made, bytes, little }: { made: Buffer; bytes: Buffer; little: boolean },
  at: number,
  entries: readonly Entry[],
  pointers: readonly { tag: number; leads: number }[],
): void {
  const writeShort = (value: number, to: number): number => (little ? made.writeUInt16LE(value, to) : made.writeUInt16BE(value, to))
  const rows = [...entries, ...pointers].sort((a, b) => a.tag - b.tag)
  let free = at + 6 + 12 * rows.length
  writeShort(rows.length, at)
  for (const [index, row] of rows.entries()) {
    const to = at + 2 + 12 * index
    writeShort(row.tag, to)
    writeShort('leads' in row ? 4 : row.type, to + 2)
    writeLong(made, little, 'leads' in row ? 1 : row.count, to + 4)
    if ('leads' in row) writeLong(made, little, row.leads, to + 8)
    else if (row.valueSize <= 4) bytes.copy(made, to + 8, row.valueAt, row.valueAt + row.valueSize)
    else {
      writeLong(made, little, free, to + 8)
      bytes.copy(made, free, row.valueAt, row.valueAt + row.valueSize)
      free += row.valueSize + (row.valueSize & 1)
    }
  }
}

function pointerTo(directory: Directory): number {
  return Number(Object.entries(POINTERS).find(([, inner]) => inner === directory)?.[0])
}

function writeNumber({ bytes, little }: Block, { type, valueAt }: Entry, value: number): void {
  if (type === 3) bytes[little ? 'writeUInt16LE' : 'writeUInt16BE'](Math.min(value, 0xffff), valueAt)
  if (type === 4) writeLong(bytes, little, value, valueAt)
}

function writeLong(bytes: Buffer, little: boolean, value: number, at: number): void {
  if (little) bytes.writeUInt32LE(value, at)
  else bytes.writeUInt32BE(value, at)
}

function short({ bytes, little }: Block, at: number): number {
  return little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
}

function long({ bytes, little }: Block, at: number): number {
  return little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
}

export function isEmptyBlock(exif: Uint8Array): boolean {
  return parse(exif)?.entries.length === 0
}

export function hasTag(exif: Uint8Array, directory: Directory, tag: number): boolean {
  return parse(exif)?.entries.some((entry) => entry.directory === directory && entry.tag === tag) ?? false
}
