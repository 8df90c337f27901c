import type { Encoding } from '../types.ts'
import type { Pixels } from './raster.ts'

/** Whether pixels are worth to be encoded without colour: they have none, and the format is smaller for it. */
export function isEncodedGrey({ data, channels }: Pixels, { format, quality, matte }: Encoding): boolean {
  if (channels < 3 || (format !== 'jpeg' && !(format === 'png' && quality === undefined)) || !isGreyColour(matte)) return false
  // The first coloured pixel of a photograph ends it.
  for (let at = 0; at < data.length; at += channels) if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return false
  return true
}

/** Of `#rrggbb`. */
function isGreyColour(colour: string | undefined): boolean {
  return colour === undefined || /^#(..)\1\1$/.test(colour)
}
