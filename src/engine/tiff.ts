import type { Pixels } from './raster.ts'

const HEAD_SIZE = 8
const ENTRY_SIZE = 12
const SHORT = 3
const LONG = 4
const UNDEFINED = 7

/** Uncompressed pixels as a TIFF file with an ICC profile; the frames of an animation are its pages. */
export function tiffOf({ data, width, height, channels, animation }: Pixels, icc: Buffer): Buffer {
  if (channels < 3) throw new TypeError(`expected the pixels of a colour profile to have 3 or 4 channels, received ${channels}`)
  const rows = animation?.frameHeight ?? height
  const pages = height / rows
  const size = width * rows * channels
  const directorySize = 2 + (channels === 4 ? 11 : 10) * ENTRY_SIZE + 4
  const depthsAt = HEAD_SIZE + pages * directorySize
  const iccAt = depthsAt + 2 * channels
  const pixelsAt = iccAt + icc.length + (icc.length & 1)
  const head = Buffer.alloc(pixelsAt)
  head.write('II*\0', 'latin1')
  head.writeUInt32LE(HEAD_SIZE, 4)
  for (let channel = 0; channel < channels; channel++) head.writeUInt16LE(8, depthsAt + 2 * channel)
  icc.copy(head, iccAt)
  for (let page = 0; page < pages; page++) {
    const entries: [tag: number, type: number, count: number, value: number][] = [
      [256, LONG, 1, width],
      [257, LONG, 1, rows],
      [258, SHORT, channels, depthsAt],
      // neither compressed nor anything but RGB
      [259, SHORT, 1, 1],
      [262, SHORT, 1, 2],
      [273, LONG, 1, pixelsAt + page * size],
      [277, SHORT, 1, channels],
      [278, LONG, 1, rows],
      [279, LONG, 1, size],
      // transparency that the colours are not multiplied by
      ...(channels === 4 ? [[338, SHORT, 1, 2] as [number, number, number, number]] : []),
      [34_675, UNDEFINED, icc.length, iccAt],
    ]
    const at = HEAD_SIZE + page * directorySize
    head.writeUInt16LE(entries.length, at)
    entries.forEach(([tag, type, count, value], index) => {
      const entry = at + 2 + index * ENTRY_SIZE
      head.writeUInt16LE(tag, entry)
      head.writeUInt16LE(type, entry + 2)
      head.writeUInt32LE(count, entry + 4)
      head.writeUInt32LE(value, entry + 8)
    })
    head.writeUInt32LE(page + 1 < pages ? at + directorySize : 0, at + directorySize - 4)
  }
  return Buffer.concat([head, data])
}
