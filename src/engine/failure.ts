import { ImagemillError } from '../errors.ts'

/** What libvips says of a source it cannot decode, as one of our errors. */
export function decodeError(error: unknown): never {
  if (error instanceof ImagemillError || !(error instanceof Error)) throw error
  const detail = firstLine(error.message)
  if (/exceeds pixel limit/.test(detail)) {
    throw new ImagemillError(
      {
        code: 'PIXEL_LIMIT',
        message: `the source has more pixels than allowed (${detail})`,
        hint: 'Make the file smaller, or raise `limits.pixels` in the options of the plugin.',
      },
      { cause: error },
    )
  }
  if (
    /unsupported image format|Unsupported (?:codec|feature)|no loader|not enabled|not configured|not implemented|channel limit|Maximum supported/i.test(
      detail,
    )
  ) {
    throw new ImagemillError(
      {
        code: 'FORMAT_UNSUPPORTED',
        message: `the image cannot be decoded (${detail})`,
        hint: 'Expected an AVIF, GIF, JPEG, PNG, SVG, TIFF or WebP image; save it as one of these.',
      },
      { cause: error },
    )
  }
  throw new ImagemillError(
    {
      code: 'SOURCE_CORRUPT',
      message: `the image is damaged (${detail})`,
      hint: 'Replace the file by an undamaged copy, or open it in an image editor and save it again.',
    },
    { cause: error },
  )
}

/** What libvips says besides the reason, or in place of one. */
const NOISE =
  /^(?:Input (?:buffer|file) has corrupt header:?|source: bad seek to \d+|Warning treated as error due to failOn setting|Unknown error|vips2png: unable to write to target.*|VipsIcc: .*|.*TIFF_SETGET_UNDEFINED.*)$/

/** libvips repeats and trails off over many lines; the first that says something is enough. */
function firstLine(message: string): string {
  const lines = message.split('\n').map((line) => line.trim().replace(/^Input (buffer|file) has corrupt header: /, ''))
  return lines.find((line) => line !== '' && !NOISE.test(line)) ?? 'its decoder met data that cannot be right'
}
