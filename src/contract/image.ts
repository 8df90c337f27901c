import type { Format } from '../types.ts'
import type { Exif, Placeholder } from './facts.ts'

/** What an image import exports when it does not say `as`. */
export interface Image {
  /** Address of the largest output of the last format. */
  src: string
  /** Its width in px. */
  width: number
  /** Its height in px. */
  height: number
  /** Every candidate of the last format. */
  srcset: string
  /** The attributes of one `<img>`; `srcset` is there when there is a choice. */
  img: { src: string; srcset?: string; width: number; height: number }
  /** The `<source>`s of a `<picture>`: those with a media condition first, then one for each format, in the order asked for. */
  sources: ImageSource[]
  outputs: { path: string; format: Format; width: number; height: number }[]
  /** What stands in for the image until it is there; with the directive `placeholder`. */
  placeholder?: Placeholder
  /** What the EXIF of the source says; with the directive `exif`. */
  exif?: Exif
}

/** An image with the attributes of React, as the option `attributes: 'react'` gives them. */
export interface ReactImage extends Omit<Image, 'img' | 'sources'> {
  img: { src: string; srcSet?: string; width: number; height: number }
  sources: (Omit<ImageSource, 'srcset'> & { srcSet: string })[]
}

/** The attributes of one `<source>`. */
export interface ImageSource {
  /** The condition of a breakpoint; absent for all other screens. */
  media?: string
  type: string
  srcset: string
  /** Width in px of the largest candidate, where a breakpoint has a picture of its own. */
  width?: number
  /** Its height in px. */
  height?: number
}

/** A `<source>` of a breakpoint. */
export type ArtSource = Required<ImageSource>

/** What an import with `as=img` exports. */
export interface Img {
  src: string
  /** Width in px. */
  w: number
  /** Height in px. */
  h: number
  /** There when there is a choice. */
  srcset?: string
  placeholder?: Placeholder
  exif?: Exif
}

/** What an import with `as=picture` exports. */
export interface Picture {
  /** The `<source>`s of breakpoints. */
  art?: ArtSource[]
  /** The srcset of each format, in the order asked for. */
  sources: Record<string, string>
  img: { src: string; w: number; h: number }
  placeholder?: Placeholder
  exif?: Exif
}
