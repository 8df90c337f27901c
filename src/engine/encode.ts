import type { Sharp } from 'sharp'
import { ENCODER_DEFAULTS } from '../query/encoder-defaults.ts'
import type { Encoding } from '../types.ts'
import type { Animation } from './raster.ts'

/** What is known of the pixels that are encoded. */
export interface EncodedPicture {
  animation?: Animation | undefined
  /** Whether it is a drawing, of few colours. */
  drawn?: boolean | undefined
}

/** Sets the encoder of a pipeline. What is fixed here was measured together with `query/encoder-defaults.ts`. */
export function setEncoder(image: Sharp, encoding: Encoding, { animation, drawn }: EncodedPicture = {}): Sharp {
  const { format, quality, effort, lossless, progressive, matte } = encoding
  const full = effort === undefined || effort >= (ENCODER_DEFAULTS[format].effort ?? 0)
  const timing = animation && { loop: animation.loop, delay: animation.delay }
  if (matte) image.flatten({ background: matte })
  switch (format) {
    case 'avif':
      return image.avif({
        ...(quality && { quality }),
        ...(effort !== undefined && { effort }),
        // sharp tunes for another metric, which needs a tenth more bytes for the same look.
        ...(lossless ? { lossless } : { tune: 'ssim' }),
      })
    case 'webp':
      return image.webp({
        ...(quality && { quality }),
        ...(effort !== undefined && { effort }),
        // Half of the CPU that the default effort takes, for sharp red edges: not what lower efforts are asked for.
        ...(lossless ? { lossless } : { smartSubsample: full }),
        ...timing,
      })
    case 'jpeg':
      // Full chroma costs little once mozjpeg's trellis has paid for it, and keeps red edges sharp. Of the quantisation tables
      // the standard's own needs the fewest bytes for a look, by far so for drawings.
      return image.jpeg({
        ...(quality && { quality }),
        // mozjpeg, piece by piece: its own switch would be progressive in any case.
        overshootDeringing: true,
        optimiseScans: full && (progressive ?? true),
        // What it takes away from a photograph is not missed, but thin lines ring.
        trellisQuantisation: effort !== 0 && !drawn,
        quantisationTable: 0,
        progressive: progressive ?? true,
        chromaSubsampling: '4:4:4',
      })
    case 'png':
      return image.png({
        compressionLevel: effort ?? 9,
        progressive: progressive ?? false,
        ...(quality && quality < 100 && { quality, palette: true }),
      })
    case 'gif':
      return image.gif({ ...(effort !== undefined && { effort }), progressive: progressive ?? false, ...timing })
  }
}
