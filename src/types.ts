/** Formats that outputs are written in. */
export type Format = 'png' | 'jpeg' | 'webp' | 'avif' | 'gif'

/** Formats that sources are read from. */
export const SOURCE_FORMATS = ['avif', 'gif', 'jpeg', 'png', 'svg', 'tiff', 'webp'] as const
export type SourceFormat = (typeof SOURCE_FORMATS)[number]

/** What the header of a source says, without decoding a pixel. */
export interface Header {
  format: SourceFormat
  /** Stored width of one frame in px, before EXIF orientation. */
  width: number
  /** Stored height of one frame in px, before EXIF orientation. */
  height: number
  /** EXIF orientation, 1 to 8; 1 when there is none. */
  orientation: number
  /** Number of frames; 1 when the image does not move. */
  frames: number
  /** Frames that are in the file but cannot be decoded, where there are any: those of an animated PNG. */
  unread?: number
  /** Whether the image can have transparent pixels. */
  alpha: boolean
  /** What makes it brighter than a usual screen can show; outputs do not have it. */
  hdr?: 'gain map' | 'PQ' | 'HLG'
}

/** A source image: its file, the identity of its bytes, and its header. */
export interface Source {
  /** Absolute path, or the address of an image of another server. */
  file: string
  /** Of the latter, the absolute path of its bytes. */
  local?: string
  /** sha256 of the bytes, hex. */
  digest: string
  size_bytes: number
  header: Header
}

/** A rectangle in px of the source as displayed (after EXIF orientation). */
export interface Box {
  left: number
  top: number
  width: number
  height: number
}

export type Fit = 'cover' | 'contain' | 'fill' | 'inside' | 'outside'
export type Kernel = 'nearest' | 'cubic' | 'mitchell' | 'lanczos2' | 'lanczos3'

/** Settled pixel effects, applied by sharp in its own fixed order; absent means not applied. */
export interface Effects {
  blur?: number | true
  sharpen?: number | true
  median?: number
  grayscale?: true
  invert?: true
  normalize?: true
  /** Background colour `#rrggbb` that transparency is laid on. */
  flatten?: string
  tint?: string
  hue?: number
  saturation?: number
  brightness?: number
}

/** Settled parameters of the pixels of an output, before they are encoded. */
export interface Picture {
  /** Size of the output in px. */
  width: number
  height: number
  /** Whether EXIF orientation is applied. */
  orient: boolean
  /** How the output is cut from the source; the whole of it when absent. */
  box?: Box
  /** How the box is brought to `size`; absent when no pixel is resampled. */
  resize?: {
    width: number
    height: number
    fit: Fit
    position?: string
    kernel: Kernel
    linear?: true
    background?: string
    /** Ratio that was asked for, where the pixels decide what is kept: with it, all sizes keep the same part. */
    aspect?: number
  }
  /** Degrees clockwise, after resizing; the corners take `background`. */
  rotate?: { angle: number; background?: string }
  flip?: true
  flop?: true
  effects?: Effects
  /** What modules of the project do to the pixels, in turn, after everything else. */
  transforms?: PixelTransform[]
  /** Frames kept; 1 for a still. */
  frames: number
  /** Whether a wide gamut of the source is kept, with its profile; everything is sRGB when absent. */
  colors?: 'keep'
  /** Divisor of the shared raster that the output is resized from; 1 is full resolution. */
  scale: number
}

/** A module of the project that changes pixels. */
export interface TransformModule {
  /** Address that a process can import it from; no part of a key. */
  url: string
  /** sha256 of its text, hex. */
  digest: string
}

export interface PixelTransform extends TransformModule {
  name: string
  /** What the query gives it; empty where it gives nothing. */
  value: string
}

/** Settled encoder parameters. */
export interface Encoding {
  format: Format
  quality?: number
  effort?: number
  lossless?: true
  progressive?: boolean
  /** In place of `quality`: the largest file of at most so many bytes. */
  target?: SizeTarget
  /** In place of `quality`: the smallest file that looks like this. */
  auto?: LookTarget
  /** Colour `#rrggbb` that transparent pixels are laid on, where the format has none. */
  matte?: string
  /** What stays of the source's metadata; nothing when absent. */
  metadata?: 'copyright' | 'keep'
}

/** Between which qualities, and in how many encodes at most, one is looked for. */
export interface SearchRange {
  min: number
  max: number
  iterations: number
}

export interface SizeTarget extends SearchRange {
  /** Most bytes. */
  size: number
  /** How far below `size` a file is near enough, in per cent of it. */
  tolerance: number
}

export interface LookTarget extends SearchRange {
  /** Least score of the engine's own metric. */
  score: number
}

/** How the quality of an output was found. */
export interface Search {
  quality: number
  /** Encodes that it took. */
  iterations: number
  /** Whether the target was met. */
  converged: boolean
  /** Score of what was chosen, where a score was the target. */
  score?: number
  /** Every quality that was tried with the bytes it gave, in turn, and the score where that was the target. */
  tries: [quality: number, size_bytes: number, score?: number][]
}

/** One encoded file that a request asks for, with everything that its bytes depend on. */
export interface Output {
  /** Hash of source digest, picture, encoding and encoder versions: its name in the store. */
  key: string
  picture: Picture
  encoding: Encoding
  /** `320w` or `2x`, as written in a srcset. */
  descriptor: string
}

/** What a store knows of an encoded output. */
export interface StoredOutput {
  key: string
  /** sha256 of the bytes, hex. */
  digest: string
  size_bytes: number
  /** Wall time of the run that made it, in ms. */
  elapsed_ms: number
  /** How its quality was found, where it was looked for. */
  search?: Search
  /** Whether it is the own encoding of the source, which was smaller than any of ours. */
  kept?: true
}

/** What is asked of the pixels of a source to trim it. */
export interface TrimQuestion {
  orient: boolean
  /** The part of the source that is looked at. */
  box: Box
  /** How far a pixel may be from the colour of the top left one, 0 to 255; sharp's default when undefined. */
  threshold: number | undefined
}

/** What can stand in for a picture until it is there. */
export type PlaceholderKind = 'lqip' | 'dominant_color' | 'css_gradient' | 'blurhash' | 'thumbhash'

/** What is asked of a source whose answer is a small value and no file. */
export type FactQuestion =
  | {
      operation: 'placeholder'
      kind: PlaceholderKind
      /** The picture that is stood in for, in a small size. */
      picture: Picture
      /** Width of an `lqip` in px. */
      width?: number
      /** Colour `#rrggbb` that transparent pixels are laid on, for a kind that has none. */
      matte?: string
    }
  | { operation: 'exif' }

/** A job whose answer is a small value, with everything that the answer depends on. */
export interface Fact {
  /** Hash of source digest, question and encoder versions: its name in the store. */
  key: string
  question: FactQuestion
}

/** The answer of such a job. */
export interface StoredFact {
  metadata: Record<string, unknown>
  /** What was wrong with the source although there is an answer, in words for the user. */
  warning?: string
  /** Wall time of the run that made it, in ms. */
  elapsed_ms: number
}
