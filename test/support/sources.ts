import sharp, { type Sharp } from 'sharp'
import { photo, quarters } from './images.ts'

/** A picture with every degree of transparency. */
export function fading(width: number, height: number): Sharp {
  const data = Buffer.from(Array.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? ((i >> 2) * 37) % 256 : (i * 11) % 256)))
  return sharp(data, { raw: { width, height, channels: 4 } })
}

export interface Timing {
  loop?: number
  delay?: number[]
}

/** One frame of each colour, with a white left half, so that the frames and their sides can be told apart. */
export async function animation(
  format: 'gif' | 'webp',
  width: number,
  height: number,
  colours = ['#ff0000', '#00ff00', '#0000ff'],
  { loop = 3, delay = [40, 90, 130] }: Timing = {},
): Promise<Buffer> {
  const white = { create: { width: Math.max(1, Math.floor(width / 2)), height, channels: 3 as const, background: '#ffffff' } }
  const frames = await Promise.all(
    colours.map((background) =>
      sharp({ create: { width, height, channels: 3, background } })
        .composite([{ input: white, gravity: 'west' }])
        .png()
        .toBuffer(),
    ),
  )
  const joined = sharp(frames, { join: { animated: true } })
  return format === 'gif' ? joined.gif({ loop, delay }).toBuffer() : joined.webp({ lossless: true, loop, delay }).toBuffer()
}

export function svg(width: number, height: number): Buffer {
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><rect width="50%" height="100%" fill="#f00"/><rect x="50%" width="50%" height="100%" fill="#00f"/></svg>`,
  )
}

/** A picture whose pixels are stored as `orientation` says, so that it is displayed as quarters: red, green, blue, white. */
export async function oriented(orientation: number, width: number, height: number): Promise<Buffer> {
  const shown = quarters(width, height)
  const stored: Readonly<Record<number, (image: Sharp) => Sharp>> = {
    2: (image) => image.flop(),
    3: (image) => image.rotate(180),
    4: (image) => image.flip(),
    5: (image) => image.flip().rotate(90),
    6: (image) => image.rotate(270),
    7: (image) => image.flip().rotate(270),
    8: (image) => image.rotate(90),
  }
  const { data, info } = await (stored[orientation]?.(shown) ?? shown).raw().toBuffer({ resolveWithObject: true })
  return sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
    .withMetadata({ orientation })
    .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    .toBuffer()
}

/** Every kind of source in one small size: what a decoder can hand to the engine. */
export const KINDS = {
  jpeg: (width: number, height: number) => photo(width, height).jpeg().toBuffer(),
  'progressive jpeg': (width: number, height: number) => photo(width, height).jpeg({ progressive: true }).toBuffer(),
  'CMYK jpeg': (width: number, height: number) => photo(width, height).toColourspace('cmyk').jpeg().toBuffer(),
  'grey jpeg': (width: number, height: number) => photo(width, height).toColourspace('b-w').jpeg().toBuffer(),
  png: (width: number, height: number) => photo(width, height).png().toBuffer(),
  'png with alpha': (width: number, height: number) => fading(width, height).png().toBuffer(),
  '16 bit png': (width: number, height: number) => fading(width, height).toColourspace('rgb16').png().toBuffer(),
  'grey png': (width: number, height: number) => photo(width, height).toColourspace('b-w').png().toBuffer(),
  'grey png with alpha': (width: number, height: number) => fading(width, height).toColourspace('b-w').png().toBuffer(),
  'palette png': (width: number, height: number) => fading(width, height).png({ palette: true }).toBuffer(),
  webp: (width: number, height: number) => photo(width, height).webp().toBuffer(),
  'webp with alpha': (width: number, height: number) => fading(width, height).webp().toBuffer(),
  avif: (width: number, height: number) => photo(width, height).avif({ effort: 0 }).toBuffer(),
  tiff: (width: number, height: number) => photo(width, height).tiff().toBuffer(),
  gif: (width: number, height: number) => photo(width, height).gif().toBuffer(),
  'moving gif': (width: number, height: number) => animation('gif', width, height),
  'moving webp': (width: number, height: number) => animation('webp', width, height),
  svg: async (width: number, height: number) => svg(width, height),
  'wide gamut png': (width: number, height: number) => photo(width, height).withIccProfile('p3').png().toBuffer(),
} as const satisfies Record<string, (width: number, height: number) => Promise<Buffer>>

export type Kind = keyof typeof KINDS
