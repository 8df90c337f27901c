import { ImagemillError } from '../errors.ts'
import type { Sharp } from 'sharp'
import type { Encoding, Output, Picture, Search, SizeTarget } from '../types.ts'
import { isDrawing } from './drawing.ts'
import { setEncoder } from './encode.ts'
import { decodeError } from './failure.ts'
import { isEncodedGrey } from './grey.ts'
import { finish, keptMetadata, keptSource, setProfile, withMetadata, type Kept } from './kept.ts'
import { applyChanges, changesPixels } from './picture.ts'
import { hasOutputColours, profiledPixels } from './profile.ts'
import { openSource, toPixels, type Animation, type Loaded, type Pixels } from './raster.ts'
import { reachLook } from './reach-look.ts'
import { isConverged, reachSize } from './reach-size.ts'
import { isLossy } from './usual.ts'

export interface Made {
  bytes: Buffer
  /** How its quality was found, where it was looked for. */
  search?: Search
  /** Whether they are those of the source. */
  kept?: true
}

/** Encodes an output, as often as its search takes; never larger than the source itself where that says the same. */
export async function makeOutput(loaded: Loaded, output: Output, pixels: Pixels | undefined, progress: () => void): Promise<Made> {
  const { picture, encoding } = output
  const { target } = encoding
  const untouched = await unchangedSource(loaded, picture, encoding)
  if (untouched && target && untouched.length <= target.size) return asItIs(untouched, target)
  const made = await encodeOrSeek(loaded, output, pixels, progress)
  if (!untouched || untouched.length >= made.bytes.length) return made
  return made.search ? asItIs(untouched, target, made.search.tries) : { bytes: untouched, kept: true }
}

/** The source's own encoding, which no quality of ours can better. */
function asItIs(bytes: Buffer, target: SizeTarget | undefined, tries: Search['tries'] = []): Made {
  const converged = target ? isConverged(bytes.length, target) : true
  return { bytes, kept: true, search: { quality: 100, iterations: tries.length, converged, ...(!target && { score: 100 }), tries } }
}

/** Whether an output is encoded once, whatever its pixels are: then nobody needs to hold them. */
export function isEncodedUnseen({ encoding: { format, target, auto, metadata } }: Output): boolean {
  return (format === 'webp' || format === 'avif') && !target && !auto && !metadata
}

/** Encodes a picture as it comes out of a pipeline. */
export async function encodeUnseen(image: Sharp, { picture, encoding }: Output): Promise<Made> {
  return { bytes: await bytesOf(setEncoder(image.toColourspace('srgb'), encoding), picture) }
}

async function encodeOrSeek(
  loaded: Loaded,
  { picture, encoding }: Output,
  pixels: Pixels | undefined,
  progress: () => void,
): Promise<Made> {
  const { format, target, auto, matte } = encoding
  const kept = encoding.metadata && (await keptMetadata(loaded, picture, encoding.metadata))
  const encode = (quality: number): Promise<Buffer> => {
    progress()
    return encodeOutput(loaded, picture, { ...encoding, quality }, pixels, kept)
  }
  if (target && isLossy(format)) return reachSize(encode, target, { format, pixels: picture.width * picture.height * picture.frames })
  if (auto && isLossy(format)) {
    // Loaded by those who ask for it alone.
    const { lookLike } = await import('./look.ts')
    return reachLook(encode, await lookLike(pixels ?? (await animatedPixels(loaded, picture)), format, matte), auto, format)
  }
  return { bytes: await encodeOutput(loaded, picture, encoding, pixels, kept) }
}

async function encodeOutput(
  loaded: Loaded,
  picture: Picture,
  encoding: Encoding,
  pixels: Pixels | undefined,
  kept: Kept | undefined,
): Promise<Buffer> {
  const drawn = encoding.format === 'jpeg' && pixels !== undefined && isDrawing(pixels)
  const image = pixels ? await stillPipeline(loaded, pixels, encoding, kept) : animatedPipeline(loaded, picture)
  const encoder = setEncoder(image, encoding, { animation: pixels?.animation, drawn })
  if (kept && !loaded.profile) setProfile(encoder, kept)
  const data = await bytesOf(encoder, picture).catch(pixels ? undefined : decodeError)
  return kept ? finish(data, encoding.format, kept) : data
}

async function bytesOf(encoder: Sharp, picture: Picture): Promise<Buffer> {
  const { data, info } = await encoder.toBuffer({ resolveWithObject: true })
  const height = info.pageHeight ?? info.height
  if (info.width !== picture.width || height !== picture.height) {
    throw new ImagemillError({
      code: 'INTERNAL',
      message: `the image came out at ${info.width} × ${height} px: expected ${picture.width} × ${picture.height} px`,
      hint: 'This is a fault in imagemill; please report it with the image and the query.',
    })
  }
  return data
}

/** Pixels as sharp works on them, with the profile and the metadata that their file is to have. */
async function stillPipeline(
  { profile }: Loaded,
  pixels: Pixels,
  encoding: Encoding,
  kept: Kept | undefined,
): Promise<ReturnType<typeof profiledPixels>> {
  if (kept) return withMetadata(pixels, kept, encoding.format, profile)
  const image = profiledPixels(pixels, profile)
  return !profile && isEncodedGrey(pixels, encoding) ? image.toColourspace('b-w') : image
}

/** An animation as sharp works on it: decoded anew for every output, but with its palette and timing kept. */
function animatedPipeline(loaded: Loaded, picture: Picture): ReturnType<typeof openSource> {
  const image = openSource(loaded, picture)
  if (loaded.profile) image.keepIccProfile()
  if (picture.box) image.extract(picture.box)
  return applyChanges(image, picture)
}

async function animatedPixels(loaded: Loaded, picture: Picture): Promise<Pixels> {
  const animation: Animation = { frameHeight: picture.height, loop: 0, delay: [] }
  return { ...(await toPixels(animatedPipeline(loaded, picture)).catch(decodeError)), animation }
}

/** The source itself, rid of private metadata, where an output asks for nothing but its own format: re-encoding must not make it larger. */
async function unchangedSource(loaded: Loaded, picture: Picture, { format, metadata }: Encoding): Promise<Buffer | undefined> {
  const { header } = loaded.source
  // Of frames that cannot be read, those of other sizes would not move.
  const sameFrames = header.frames === picture.frames && header.unread === undefined
  if (header.format !== format || format === 'avif' || !sameFrames || picture.box || changesPixels(picture)) return undefined
  const untouched = keptSource(loaded.bytes, format, metadata)
  return untouched && (await hasOutputColours(loaded)) ? untouched : undefined
}
