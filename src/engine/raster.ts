import sharp, { type Sharp, type SharpOptions } from 'sharp'
import type { Box, Picture, Source } from '../types.ts'
import { decodeError } from './failure.ts'

/** Decoded pixels: 8 bit, sRGB unless the source keeps its profile, rows from top to bottom. */
export interface Pixels {
  data: Buffer
  width: number
  height: number
  channels: 1 | 2 | 3 | 4
  /** Present when the rows are those of several frames, one below the other. */
  animation?: Animation
}

export interface Animation {
  frameHeight: number
  /** Times that it is played; 0 is for ever. */
  loop: number
  /** How long each frame is shown, in ms. */
  delay: number[]
}

/** The bytes of a source with what was read of its header before. */
export interface Loaded {
  source: Source
  bytes: Buffer
  pixelLimit: number
  /** ICC profile of a wide gamut that is kept: then pixels are in its colours, and not in sRGB. */
  profile?: Buffer
  /** Whether the source has a profile and more than 8 bits: sharp works on these in Display P3, and has to be told to leave it. */
  deep?: boolean
  /** Where the parts that stand out were found so far, so that each is looked for once. */
  places: Map<string, Promise<{ left: number; top: number }>>
}

/** A sharp pipeline on a source, always from the bytes that were hashed: an SVG given by path could read its neighbours. */
export function openSource(
  { bytes, source, pixelLimit, profile, deep }: Loaded,
  { orient, frames }: Pick<Picture, 'orient' | 'frames'>,
  options: SharpOptions = {},
): Sharp {
  const image = sharp(bytes, { limitInputPixels: pixelLimit, animated: frames > 1, ignoreIcc: profile !== undefined, ...options })
  if (deep) image.withIccProfile('srgb', { attach: false })
  return orient && source.header.orientation > 1 ? image.autoOrient() : image
}

/** Decodes once for all pictures that are cut from the same box at the same scale. */
export async function decodeRaster(loaded: Loaded, picture: Picture): Promise<Pixels> {
  const { box, scale } = picture
  const image = openSource(loaded, picture)
  if (box) image.extract(box)
  if (scale > 1) image.resize({ ...scaledSize(box ?? displayed(loaded, picture), scale), fit: 'fill' })
  return toPixels(image).catch(decodeError)
}

/** An SVG has no pixels of its own: it is drawn at the size that each picture needs. */
export async function drawVector(loaded: Loaded, picture: Picture): Promise<Pixels> {
  const whole = displayed(loaded, picture)
  const box = picture.box ?? { left: 0, top: 0, ...whole }
  const target = picture.resize ?? box
  const factor = Math.max(target.width / box.width, target.height / box.height)
  const image = openSource(loaded, picture, { density: Math.min(100_000, Math.max(1, 72 * factor)) })
  const drawn = await toPixels(image).catch(decodeError)
  if (!picture.box) return drawn
  const [x, y] = [drawn.width / whole.width, drawn.height / whole.height]
  const left = Math.min(drawn.width - 1, Math.round(box.left * x))
  const top = Math.min(drawn.height - 1, Math.round(box.top * y))
  const part = { left, top, width: clampSide(box.width * x, drawn.width - left), height: clampSide(box.height * y, drawn.height - top) }
  return toPixels(fromPixels(drawn).extract(part))
}

export function fromPixels({ data, width, height, channels, animation }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels, ...(animation && { pageHeight: animation.frameHeight }) }, limitInputPixels: false })
}

export async function toPixels(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  if (channels !== 1 && channels !== 2 && channels !== 3 && channels !== 4) throw new TypeError('expected 1 to 4 channels from the decoder')
  return { data, width, height, channels }
}

function displayed({ source }: Loaded, { orient }: Picture): { width: number; height: number } {
  const { width, height, orientation } = source.header
  return orient && orientation >= 5 ? { width: height, height: width } : { width, height }
}

/** Rounded down: libjpeg leaves out work from these divisors on, and for a pixel more it would do all of it. Outputs have whole pixels and so still fit. */
function scaledSize(box: Pick<Box, 'width' | 'height'>, scale: number): { width: number; height: number } {
  return { width: Math.max(1, Math.floor(box.width / scale)), height: Math.max(1, Math.floor(box.height / scale)) }
}

function clampSide(px: number, most: number): number {
  return Math.min(most, Math.max(1, Math.round(px)))
}
