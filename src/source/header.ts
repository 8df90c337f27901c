import type { Header } from '../types.ts'
import { corrupt } from './corrupt.ts'
import { readGif } from './gif.ts'
import { readJpeg } from './jpeg.ts'
import { readPng } from './png.ts'
import { readWebp } from './webp.ts'

const READERS = { jpeg: readJpeg, png: readPng, webp: readWebp, gif: readGif } satisfies Record<string, (view: DataView) => Header>
const NAMES = { jpeg: 'JPEG', png: 'PNG', webp: 'WebP', gif: 'GIF' } satisfies Record<keyof typeof READERS, string>

/** What sharp's `metadata()` says of an image that `sniff` took for `format`, without sharp and without decoding. */
export function readHeader(bytes: Uint8Array, format: 'jpeg' | 'png' | 'webp' | 'gif'): Header {
  try {
    return READERS[format](new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch (error) {
    // A DataView never reads past its end: it throws a RangeError, which here means one thing.
    if (!(error instanceof RangeError)) throw error
    throw corrupt(`the ${NAMES[format]} file ends inside its header, after ${bytes.byteLength} bytes`, { cause: error })
  }
}
