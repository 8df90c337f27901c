import sharp, { type Sharp } from 'sharp'
import { fromPixels, type Pixels } from './raster.ts'
import type { LossyFormat } from './usual.ts'

/** How much encoded bytes look like the picture they were made from: 100 is the same, and less is worse. */
export type Look = (bytes: Buffer) => Promise<number>

/** Weights that bring the sum of the parts nearest to butteraugli's 3-norm, as bench/quality measures it. */
const STRUCTURE = 4.8
const COLOUR = 6.8
/** What shows where there was nothing; JPEG's ringing beside thin lines is the worst of it. */
const SPECKS: Readonly<Record<LossyFormat, number>> = { webp: 4, jpeg: 10, avif: 4 }

/** Points of the score for one unit of butteraugli's 3-norm. */
const POINTS = 20

/** What lies behind transparency: neither black nor white, which it is drawn with most. */
const BEHIND = '#808080'

/** A measure of encoded candidates against one picture, which is prepared once. */
export async function lookLike(picture: Pixels, format: LossyFormat, matte = BEHIND): Promise<Look> {
  const { hitchhikersSSIM } = await import('@blazediff/ssim/hitchhikers-ssim')
  const source = await opaque(fromPixels(picture), picture, matte)
  const flat = flatBlocks(source)
  return async (bytes) => {
    const candidate = await opaque(sharp(bytes, { animated: true, limitInputPixels: false }), picture, matte)
    // The share of its mean by which structure varies over the picture: a few bad places count more than many that are a bit off.
    const variation = bandwise(
      source,
      (from, to, rows) =>
        1 - hitchhikersSSIM(source.data.subarray(from, to), candidate.data.subarray(from, to), undefined, source.width, rows),
    )
    const distance =
      STRUCTURE * Math.sqrt(variation) +
      COLOUR * Math.sqrt(colourShift(source, candidate)) +
      SPECKS[format] * Math.sqrt(specks(source, candidate, flat))
    return Math.round((100 - POINTS * distance) * 10) / 10
  }
}

/** Four bytes a pixel. */
interface Opaque {
  data: Buffer
  width: number
  height: number
}

/** Structure is compared in windows of 11 px: pictures with sides below this are enlarged. */
const LEAST_SIDE = 44

async function opaque(image: Sharp, { width, height, animation }: Pixels, background: string): Promise<Opaque> {
  const { data } = await image.flatten({ background }).toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  const times = animation ? 1 : Math.ceil(LEAST_SIDE / Math.min(width, height))
  if (times <= 1) return { data, width, height }
  const size = { width: width * times, height: height * times }
  const enlarged = sharp(data, { raw: { width, height, channels: 4 }, limitInputPixels: false }).resize({
    ...size,
    fit: 'fill',
    kernel: 'nearest',
  })
  return { data: await enlarged.raw().toBuffer(), ...size }
}

/** Most px that are compared at a time: a comparison takes some 60 bytes for each. */
const BAND = 1_000_000

/** The root mean square of a measure over bands of rows. */
function bandwise({ width, height }: Opaque, measure: (from: number, to: number, rows: number) => number): number {
  const bands = Math.max(1, Math.min(Math.floor(height / LEAST_SIDE), Math.ceil((width * height) / BAND)))
  let squares = 0
  for (let band = 0; band < bands; band++) {
    const [top, bottom] = [Math.floor((band * height) / bands), Math.floor(((band + 1) * height) / bands)]
    squares += measure(top * width * 4, bottom * width * 4, bottom - top) ** 2
  }
  return Math.sqrt(squares / bands)
}

const BLOCK = 4

/** The first bytes of the blocks that have one colour. */
function flatBlocks({ data, width, height }: Opaque): number[] {
  const { buffer, byteOffset } = data.byteOffset % 4 === 0 ? data : new Uint8Array(data)
  const pixels = new Uint32Array(buffer, byteOffset, width * height)
  const flat: number[] = []
  for (let y = 0; y + BLOCK <= height; y += BLOCK)
    for (let x = 0; x + BLOCK <= width; x += BLOCK) if (isFlat(pixels, width, y * width + x)) flat.push(4 * (y * width + x))
  return flat
}

function isFlat(pixels: Uint32Array, width: number, start: number): boolean {
  const colour = pixels[start]
  for (let row = start; row < start + BLOCK * width; row += width)
    for (let at = row; at < row + BLOCK; at++) if (pixels[at] !== colour) return false
  return true
}

/** By how much brightness is off where the source is flat, from 0 to 1, in the 4-norm over all blocks. */
function specks({ data: a, width, height }: Opaque, { data: b }: Opaque, flat: readonly number[]): number {
  let sum = 0
  for (const start of flat) {
    let squares = 0
    for (let row = start; row < start + 4 * BLOCK * width; row += 4 * width) {
      for (let at = row; at < row + 4 * BLOCK; at += 4) {
        const off = (channel: number): number => (b[at + channel] ?? 0) - (a[at + channel] ?? 0)
        squares += (0.3 * off(0) + 0.59 * off(1) + 0.11 * off(2)) ** 2
      }
    }
    sum += (squares / (BLOCK * BLOCK * 255 * 255)) ** 2
  }
  return (sum / (Math.floor(width / BLOCK) * Math.floor(height / BLOCK))) ** 0.25
}

const TILE = 32

/** By how much red against green is off, from 0 to 1, in the 4-norm over tiles: subsampled chroma bleeds, and grey takes on a tint. */
function colourShift(a: Opaque, b: Opaque): number {
  const { width, height } = a
  let [sum, tiles] = [0, 0]
  for (let y = 0; y < height; y += TILE) {
    for (let x = 0; x < width; x += TILE) {
      const [bottom, right] = [Math.min(height, y + TILE), Math.min(width, x + TILE)]
      let shift = 0
      for (let row = y; row < bottom; row++) {
        const end = 4 * (row * width + right)
        for (let at = 4 * (row * width + x); at < end; at += 4)
          shift += (a.data[at] ?? 0) - (b.data[at] ?? 0) - (a.data[at + 1] ?? 0) + (b.data[at + 1] ?? 0)
      }
      sum += (shift / (255 * (bottom - y) * (right - x))) ** 4
      tiles++
    }
  }
  return (sum / tiles) ** 0.25
}
