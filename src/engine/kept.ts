import sharp, { type Sharp } from 'sharp'
import { readMetadata, type Metadata } from '../source/metadata.ts'
import type { Encoding, Format, Picture } from '../types.ts'
import { embedMetadata } from './embed.ts'
import { describePicture, pickTags } from '../source/exif-block.ts'
import { profiledPixels } from './profile.ts'
import { openSource, type Loaded, type Pixels } from './raster.ts'
import { stripMetadata } from './strip.ts'

/** Artist and copyright, also as Windows writes the former. */
const COPYRIGHT: ReadonlySet<number> = new Set([0x013b, 0x8298, 0x9c9d])

/** What of the source's metadata goes into an output. The thumbnail never does: it shows another picture. */
export interface Kept extends Metadata {
  /** Whether the source had a profile, and so the output shall say what its colours are. */
  profile: boolean
}

export async function keptMetadata(loaded: Loaded, picture: Picture, policy: NonNullable<Encoding['metadata']>): Promise<Kept> {
  const found = readMetadata(loaded.bytes, loaded.source.header.format)
  const { icc } = await openSource(loaded, { orient: false, frames: 1 }).metadata()
  return { profile: icc !== undefined, ...(policy === 'keep' ? everything(found, loaded, picture) : copyrightOnly(found.exif)) }
}

/** Artist and copyright alone, as a block of EXIF. */
export function copyrightOnly(exif: Uint8Array | undefined): Metadata {
  const picked = exif && pickTags(exif, (directory, tag) => directory === 'picture' && COPYRIGHT.has(tag))
  return picked ? { exif: picked } : {}
}

function everything({ exif, xmp }: Metadata, { source }: Loaded, picture: Picture): Metadata {
  // A TIFF source has its pixels in the same structure.
  const own = exif && source.header.format === 'tiff' ? pickTags(exif, (directory, tag) => directory !== 'picture' || isWords(tag)) : exif
  // What cannot be read cannot be made true of the new picture.
  const described = own && describePicture(own, picture)
  return { ...(described && { exif: described }), ...(xmp && { xmp: uprightXmp(xmp) }) }
}

/** Description, camera, software, date, artist and copyright: the tags of a TIFF picture that are not about its pixels. */
function isWords(tag: number): boolean {
  return [0x010e, 0x010f, 0x0110, 0x0131, 0x0132, 0x013b, 0x8298].includes(tag)
}

/** A digit for a digit, so that nothing else moves. */
function uprightXmp(xmp: Uint8Array): Uint8Array {
  const text = Buffer.from(xmp).toString('latin1')
  return Buffer.from(text.replace(/(tiff:Orientation(?:="|>))[2-8]/g, '$11'), 'latin1')
}

/** Sets a pipeline to say what its colours are, where the source did. Pixels are sRGB by then. */
export function setProfile(image: Sharp, { profile }: Kept): Sharp {
  return profile ? image.withIccProfile('srgb') : image
}

/** A pipeline on pixels. AVIF has no place where metadata could be put in later, so they come with it. */
export async function withMetadata(pixels: Pixels, kept: Kept, format: Format, profile: Buffer | undefined): Promise<Sharp> {
  if (format !== 'avif') return profiledPixels(pixels, profile)
  const carrier = await profiledPixels(pixels, profile).png({ compressionLevel: 0 }).toBuffer()
  const image = sharp(embedMetadata(carrier, 'png', kept), { limitInputPixels: false })
  if (profile) image.keepIccProfile()
  if (kept.exif) image.keepExif()
  if (kept.xmp) image.keepXmp()
  return image
}

/** The encoded picture with its metadata. */
export function finish(bytes: Buffer, format: Format, kept: Kept): Buffer {
  return format === 'avif' || format === 'gif' ? bytes : embedMetadata(bytes, format, kept)
}

/** The source itself with what may stay of its metadata; undefined when it is malformed or turned. */
export function keptSource(bytes: Buffer, format: Exclude<Format, 'avif'>, policy: Encoding['metadata']): Buffer | undefined {
  const stripped = stripMetadata(bytes, format)
  if (!stripped || policy === undefined || format === 'gif') return stripped
  return policy === 'keep' ? bytes : embedMetadata(stripped, format, copyrightOnly(readMetadata(bytes, format).exif))
}
