import type { Pixels } from './raster.ts'

/** Of a drawing at most this share of the pixels have colours of their own; a grey photograph is no better there. */
const COLOURS = 0.01
/** And at least this share of its blocks is paper. */
const PAPER = 0.25
const BLOCK = 8

/** Whether a picture is drawn or written on plain ground: few colours, much of it flat. Of most photographs only the first rows are looked at. */
export function isDrawing(pixels: Pixels): boolean {
  return hasFewColours(pixels) && flatShare(pixels) >= PAPER
}

function hasFewColours({ data, width, height, channels }: Pixels): boolean {
  const few = COLOURS * width * height
  const colours = new Set<number>()
  for (let at = 0; at < data.length; at += channels) {
    let colour = 0
    for (let channel = at; channel < at + channels; channel++) colour = colour * 256 + (data[channel] ?? 0)
    colours.add(colour)
    if (colours.size > few) return false
  }
  return true
}

function flatShare({ data, width, height, channels }: Pixels): number {
  let [flat, blocks] = [0, 0]
  for (let y = 0; y + BLOCK <= height; y += BLOCK) {
    for (let x = 0; x + BLOCK <= width; x += BLOCK, blocks++)
      if (isFlat(data, channels, width * channels, (y * width + x) * channels)) flat++
  }
  return flat / Math.max(1, blocks)
}

function isFlat(data: Buffer, channels: number, stride: number, start: number): boolean {
  for (let row = start; row < start + BLOCK * stride; row += stride)
    for (let at = row; at < row + BLOCK * channels; at++) if (data[at] !== data[start + ((at - row) % channels)]) return false
  return true
}
