import { decode, encode } from 'blurhash'
import sharp from 'sharp'
import { rgbaToThumbHash, thumbHashToRGBA } from 'thumbhash'
import type { Placeholder } from '../contract/facts.ts'
import type { FactQuestion } from '../types.ts'
import { cssGradient, dominantColour, isOpaque, type Rgba } from './colours.ts'
import { makePicture } from './picture.ts'
import { decodeRaster, drawVector, fromPixels, type Loaded, type Pixels } from './raster.ts'

type PlaceholderQuestion = Extract<FactQuestion, { operation: 'placeholder' }>

/** Longest side of what a hash is decoded to, in px: it holds no more detail than that. */
const DECODED = 32

/** A stand-in for the picture that a question describes. */
export async function makePlaceholder(loaded: Loaded, question: PlaceholderQuestion): Promise<Placeholder> {
  const { kind, picture, matte, width = 20 } = question
  const raster = await (loaded.source.header.format === 'svg' ? drawVector(loaded, picture) : decodeRaster(loaded, picture))
  const pixels = toRgba(await makePicture(raster, picture))
  switch (kind) {
    case 'dominant_color': {
      const colour = dominantColour(await fit(pixels, 100))
      return { kind, dominant_color: colour, background: colour }
    }
    case 'css_gradient': {
      const css = cssGradient(await fit(pixels, 24))
      return { kind, css, background: css }
    }
    case 'lqip': {
      const small = await fit(pixels, width, 2 * width)
      const data_uri = await shortUri(small, MOST * Math.max(1, width / 20) ** 2)
      return { kind, data_uri, width: small.width, height: small.height, background: drawn(data_uri) }
    }
    case 'thumbhash': {
      const { width: w, height: h, data } = await fit(pixels, 100)
      const hash = rgbaToThumbHash(w, h, data)
      const shown = thumbHashToRGBA(hash)
      const data_uri = await webpUri({ width: shown.w, height: shown.h, data: Buffer.from(shown.rgba) })
      return { kind, hash: Buffer.from(hash).toString('base64'), data_uri, background: drawn(data_uri) }
    }
    case 'blurhash': {
      const hash = blurHash(await fit(pixels, 64), matte)
      const { width: w, height: h } = within(pixels, DECODED)
      const data_uri = await webpUri({ width: w, height: h, data: Buffer.from(decode(hash, w, h)) })
      return { kind, hash, data_uri, background: drawn(data_uri) }
    }
  }
}

/** Base64 needs no quotes in CSS, and without them the text can stand in an attribute of HTML. */
function drawn(data_uri: string): string {
  return `center / cover no-repeat url(${data_uri})`
}

/** Twelve components or fewer, more of them along the longer side. */
function blurHash({ width, height, data }: Rgba, matte: string | undefined): string {
  const opaque = matte === undefined ? data : onMatte(data, matte)
  const [x, y] = width > height * 1.2 ? [4, 3] : height > width * 1.2 ? [3, 4] : [3, 3]
  return encode(new Uint8ClampedArray(opaque), width, height, x, y)
}

function onMatte(data: Buffer, matte: string): Uint8Array {
  const colour = [1, 3, 5].map((at) => parseInt(matte.slice(at, at + 2), 16))
  return data.map((value, at) => {
    const alpha = (data[at | 3] ?? 255) / 255
    return at % 4 === 3 ? 255 : Math.round(value * alpha + (colour[at % 4] ?? 255) * (1 - alpha))
  })
}

/** Four channels, whatever the decoder gave. */
function toRgba({ data, width, height, channels }: Pixels): Rgba {
  const rgba = Buffer.alloc(width * height * 4, 255)
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) rgba[4 * pixel + channel] = data[channels * pixel + (channels < 3 ? 0 : channel)] ?? 0
    if (channels % 2 === 0) rgba[4 * pixel + 3] = data[channels * (pixel + 1) - 1] ?? 255
  }
  return { data: rgba, width, height }
}

/** The picture within a box; transparent pixels add no colour of their own. */
async function fit(pixels: Rgba, width: number, height = width): Promise<Rgba> {
  const size = within(pixels, width, height)
  if (size.width === pixels.width && size.height === pixels.height) return pixels
  const data = await fromPixels({ ...pixels, channels: 4 })
    .resize({ ...size, fit: 'fill' })
    .raw()
    .toBuffer()
  return { ...size, data }
}

function within({ width, height }: Rgba, most: number, mostHeight = most): { width: number; height: number } {
  const factor = Math.min(1, most / width, mostHeight / height)
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) }
}

/** Most letters of an `lqip` of the usual width, so that a placeholder with its `background` stays below 1 kB. */
const MOST = 440

/** As good as it may be long. */
async function shortUri(pixels: Rgba, most: number): Promise<string> {
  for (const quality of [50, 35, 20, 10]) {
    const uri = await webpUri(pixels, quality)
    if (uri.length <= most) return uri
  }
  return webpUri(pixels, 1)
}

/** What is blurred anyway needs little quality, but its transparency has an edge that shows. */
async function webpUri(pixels: Rgba, quality = 50): Promise<string> {
  const image = sharp(pixels.data, { raw: { width: pixels.width, height: pixels.height, channels: 4 } })
  if (isOpaque(pixels)) image.removeAlpha()
  const bytes = await image.webp({ quality, alphaQuality: Math.min(60, quality + 10), effort: 6, smartSubsample: true }).toBuffer()
  return `data:image/webp;base64,${bytes.toString('base64')}`
}
