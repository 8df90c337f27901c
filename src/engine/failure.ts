import { ImagemillError } from '../errors.ts'

/** What libvips says of a source it cannot decode, as one of our errors. */
export function decodeError(error: unknown): never {
  if (error instanceof ImagemillError || !(error instanceof Error)) throw error
  const detail = firstLine(error.message)
  if (/exceeds pixel limit/.test(detail)) {
    throw new ImagemillError({ code: 'PIXEL_LIMIT', message: `the source has more pixels than allowed (${detail})`, hint: 'Make the file smaller, or raise `limits.pixels` in the options of the plugin.' }, { cause: error })
  }
  if (/unsupported image format|Unsupported (?:codec|feature)|no loader|not enabled/i.test(detail)) {
    throw new ImagemillError({ code: 'FORMAT_UNSUPPORTED', message: `the image cannot be decoded (${detail})`, hint: 'Expected an AVIF, GIF, JPEG, PNG, SVG, TIFF or WebP image; save it as one of these.' }, { cause: error })
  }
  throw new ImagemillError({ code: 'SOURCE_CORRUPT', message: `the image is damaged (${detail})`, hint: 'Replace the file by an undamaged copy, or open it in an image editor and save it again.' }, { cause: error })
}

/** libvips repeats and trails off over many lines; the first that says something is enough. */
function firstLine(message: string): string {
  const lines = message.split('\n').map((line) => line.trim()).filter(Boolean)
  const line = lines.find((text) => !/^Input (buffer|file) has corrupt header:?$/.test(text)) ?? lines[0] ?? 'no reason given'
  return line.replace(/^Input (buffer|file) has corrupt header: /, '')
}
