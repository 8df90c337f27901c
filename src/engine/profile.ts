import sharp from 'sharp'
import type { Picture, SourceFormat } from '../types.ts'
import { decodeError } from './failure.ts'
import { fromPixels, type Loaded, type Pixels } from './raster.ts'
import { tiffOf } from './tiff.ts'

/** Formats of 8 bits: what they hold becomes sRGB by itself. */
const SHALLOW: ReadonlySet<SourceFormat> = new Set<SourceFormat>(['gif', 'jpeg', 'svg', 'webp'])

/** The loaded source with what has to be known of its colours for a picture. Grey and inks are no gamut that outputs can have. */
export async function withColours(loaded: Loaded, { colors }: Pick<Picture, 'colors'>): Promise<Loaded> {
  if (colors !== 'keep' && SHALLOW.has(loaded.source.header.format)) return loaded
  const { profile, deep } = await coloursOf(loaded)
  return colors === 'keep' && profile ? { ...loaded, profile } : { ...loaded, deep }
}

/** Whether the stored colours are those that the outputs of a picture are to have: sRGB, or the gamut that it keeps. */
export async function hasOutputColours(loaded: Loaded): Promise<boolean> {
  const { inks, profile } = await coloursOf(loaded)
  return !inks && (profile === undefined || loaded.profile !== undefined)
}

/** Pixels as a pipeline that writes their profile into what it encodes. */
export function profiledPixels(pixels: Pixels, profile: Buffer | undefined): ReturnType<typeof fromPixels> {
  // sharp cannot give raw pixels a profile without converting them to it; an uncompressed TIFF carries both.
  return profile
    ? sharp(tiffOf(pixels, profile), { animated: pixels.animation !== undefined, limitInputPixels: false }).keepIccProfile()
    : fromPixels(pixels)
}

interface Colours {
  /** Stored as the inks of a press. */
  inks: boolean
  /** More than 8 bits, and a profile that says of which colours. */
  deep: boolean
  /** The RGB profile, when its gamut is not that of sRGB. */
  profile: Buffer | undefined
}

async function coloursOf({ bytes }: Loaded): Promise<Colours> {
  const { icc, space } = await sharp(bytes, { limitInputPixels: false }).metadata().catch(decodeError)
  const isRgb = icc !== undefined && (space === 'srgb' || space === 'rgb16') && icc.toString('latin1', 16, 20) === 'RGB '
  return { inks: space === 'cmyk', deep: icc !== undefined && space === 'rgb16', profile: isRgb && !isSrgbGamut(icc) ? icc : undefined }
}

/** Red, green and blue of sRGB as profiles state them, in XYZ under D50. */
const SRGB = { rXYZ: [0.436, 0.2225, 0.0139], gXYZ: [0.3851, 0.7169, 0.0971], bXYZ: [0.1431, 0.0606, 0.7139] }
const TABLE = 128
const ENTRY_SIZE = 12

/** https://www.color.org/specification/ICC.1-2022-05.pdf, 7.3 and 10.31; a profile of tables, not of three colours, is taken for wide. */
function isSrgbGamut(icc: Buffer): boolean {
  if (icc.length < TABLE + 4) return false
  const found = new Map<string, number[]>()
  for (let index = 0, at = TABLE + 4; index < icc.readUInt32BE(TABLE) && at + ENTRY_SIZE <= icc.length; index++, at += ENTRY_SIZE) {
    const offset = icc.readUInt32BE(at + 4) + 8
    if (offset + 12 > icc.length) continue
    found.set(
      icc.toString('latin1', at, at + 4),
      [0, 4, 8].map((part) => icc.readInt32BE(offset + part) / 65_536),
    )
  }
  return Object.entries(SRGB).every(([name, wanted]) =>
    wanted.every((value, part) => Math.abs((found.get(name)?.[part] ?? 9) - value) < 0.004),
  )
}
