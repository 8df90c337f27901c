import sharp from 'sharp'
import { ImagemillError } from '../errors.ts'
import type { Box, Header, SourceFormat, TrimQuestion } from '../types.ts'
import { hdrOfAvif } from '../source/dynamic-range.ts'
import { decodeError } from './failure.ts'
import { openSource, type Loaded } from './raster.ts'
import { scalableSvg } from './svg.ts'

/** The header of formats that only a real decoder reads rightly: transformations in AVIF, units in SVG, pages in TIFF. */
export async function inspectHeader(bytes: Buffer, format: SourceFormat): Promise<Header> {
  const { width, height, orientation, hasAlpha, pages, pageHeight, compression } = await sharp(
    format === 'svg' ? scalableSvg(bytes) : bytes,
    { limitInputPixels: false },
  )
    .metadata()
    .catch(decodeError)
  if (format === 'avif' && compression !== 'av1') {
    throw new ImagemillError({
      code: 'FORMAT_UNSUPPORTED',
      message: `the image is HEIF compressed as ${compression ?? 'something unknown'}: expected AV1`,
      hint: 'Export it as AVIF, JPEG or PNG.',
    })
  }
  const hdr = format === 'avif' ? hdrOfAvif(bytes) : undefined
  // Pages of a TIFF are other pictures, not frames: the first one is the image.
  const frames = format === 'tiff' || format === 'svg' ? 1 : (pages ?? 1)
  return {
    format,
    width,
    height: pageHeight ?? height,
    orientation: orientation ?? 1,
    frames: format === 'avif' ? 1 : frames,
    alpha: hasAlpha,
    ...(hdr && { hdr }),
  }
}

/** The rectangle that is left when the borders of one colour are cut off. */
export async function trimmedBox(loaded: Loaded, { orient, box, threshold }: TrimQuestion): Promise<Box> {
  // sharp looks for a border only where there can be something inside it.
  if (box.width < 3 || box.height < 3) return box
  const part = await openSource(loaded, { orient, frames: 1 }).extract(box).png({ compressionLevel: 0 }).toBuffer().catch(decodeError)
  const trimmed = await sharp(part, { limitInputPixels: false })
    .trim(threshold === undefined ? {} : { threshold })
    .toBuffer({ resolveWithObject: true })
    .catch(decodeError)
  const { width, height, trimOffsetLeft = 0, trimOffsetTop = 0 } = trimmed.info
  return { left: box.left - trimOffsetLeft, top: box.top - trimOffsetTop, width, height }
}
