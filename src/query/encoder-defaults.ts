import type { Encoding, Format } from '../types.ts'
import type { LEVELS } from './directives.ts'

/**
 * Encoder settings where the query says nothing, chosen by bytes, butteraugli, SSIMULACRA 2 and CPU together: the table of what
 * else was tried is in bench/quality/results. Against sharp's own defaults, at about the same look, WebP and JPEG need a sixth
 * fewer bytes, and AVIF as many in a fifth of the time.
 */
export const ENCODER_DEFAULTS: Readonly<Record<Format, Omit<Encoding, 'format'>>> = {
  avif: { quality: 56, effort: 3 },
  webp: { quality: 75, effort: 5 },
  jpeg: { quality: 75, effort: 2, progressive: true },
  png: { effort: 9 },
  gif: { effort: 7 },
}

/** What `quality=auto` asks for by level: a score of the engine's metric, looked for between two qualities. */
export interface Looks {
  score: number
  min: number
  max: number
}

/**
 * Chosen by bench/quality. The range keeps what the metric misjudges within what is hardly seen, and spends
 * no bytes to make the hardest picture look as good as the easiest: a little unevenness is much smaller.
 */
export const LOOKS: Readonly<Record<Exclude<Format, 'png' | 'gif'>, Readonly<Record<(typeof LEVELS)[number], Looks>>>> = {
  avif: {
    'auto:low': { score: 67, min: 46, max: 60 },
    auto: { score: 74, min: 54, max: 68 },
    'auto:high': { score: 81, min: 64, max: 80 },
  },
  webp: {
    'auto:low': { score: 67, min: 56, max: 76 },
    auto: { score: 73, min: 66, max: 86 },
    'auto:high': { score: 80, min: 76, max: 92 },
  },
  jpeg: {
    'auto:low': { score: 67, min: 56, max: 80 },
    auto: { score: 73, min: 66, max: 90 },
    'auto:high': { score: 80, min: 76, max: 94 },
  },
}

/** Effort that each encoder knows, from fastest to smallest. PNG: zlib level. JPEG: plain, with trellis, with its scans tried out. */
export const EFFORTS: Readonly<Record<Format, readonly [min: number, max: number]>> = {
  avif: [0, 9],
  webp: [0, 6],
  gif: [1, 10],
  png: [0, 9],
  jpeg: [0, 2],
}

/** Largest width and height that the encoder of each format makes, in px: libheif and libjpeg stop below what their formats can hold. */
export const LARGEST: Readonly<Record<Format, number>> = { avif: 16_384, webp: 16_383, jpeg: 65_500, png: 65_535, gif: 65_535 }

/** Formats that can hold several frames and that sharp can write so. */
export const ANIMATED: ReadonlySet<Format> = new Set<Format>(['gif', 'webp'])

/** Formats that can carry an ICC profile. */
export const PROFILED: ReadonlySet<Format> = new Set<Format>(['avif', 'jpeg', 'png', 'webp'])

/** Formats with pixels that can be transparent. */
export const TRANSPARENT: ReadonlySet<Format> = new Set<Format>(['avif', 'webp', 'png', 'gif'])
