import * as z from 'zod'

const finalQuality = z.int().min(1).max(100).describe("100 with 0 iterations: the source's own encoding.")
const finalSize = z.int().min(0).describe('bytes')
const iterations = z.int().min(0).describe('Encodes that it took.')

/** `metadata` of a `quality` record whose quality was looked for by size. */
export const qualityMetadataSchema = z.strictObject({
  target_size: z.int().min(1).describe('bytes'),
  final_quality: finalQuality,
  final_size: finalSize,
  deviation_percent: z.number().min(0).describe('How far the file is from the target, in per cent of it, to one decimal.'),
  iterations,
  converged: z.boolean().describe('Whether the size is at or under the target and within the tolerance.'),
})

/** `metadata` of a `quality` record whose quality was looked for by its look (`quality=auto`). */
export const lookMetadataSchema = z.strictObject({
  final_quality: finalQuality,
  final_size: finalSize,
  iterations,
  converged: z.boolean().describe('Whether the score is reached.'),
  score: z.number().max(100).describe('How much the file looks like the source, up to 100.'),
  target_score: z.number().max(100),
})

/** `metadata` of an `exif` record. */
export const exifMetadataSchema = z.strictObject({
  has_exif: z.boolean(),
  make: z.string().exactOptional(),
  model: z.string().exactOptional(),
  orientation: z.int().min(1).max(8).exactOptional(),
  datetime: z
    .string()
    .regex(/^\d{4}:\d{2}:\d{2} \d{2}:\d{2}:\d{2}$/)
    .exactOptional()
    .describe('`YYYY:MM:DD HH:MM:SS`, as it is stored.'),
  exposure_time: z.string().exactOptional().describe('Seconds, as `1/250` or `2`.'),
  f_number: z
    .string()
    .regex(/^f\/[\d.]+$/)
    .exactOptional()
    .describe('As `f/2.8`.'),
  iso: z.number().exactOptional(),
  lens: z.string().exactOptional(),
  focal_length: z.number().exactOptional().describe('mm'),
  software: z.string().exactOptional(),
  artist: z.string().exactOptional(),
  copyright: z.string().exactOptional(),
  gps: z
    .strictObject({
      latitude: z.number().min(-90).max(90).describe('Degrees, south is negative.'),
      longitude: z.number().min(-180).max(180).describe('Degrees, west is negative.'),
      altitude: z.number().exactOptional().describe('Metres above the sea.'),
    })
    .exactOptional(),
})

const dataUri = z.string().regex(/^data:image\//)
const background = z.string().min(1).describe('A value of the CSS property `background`.')

/** `metadata` of a `placeholder` record, by kind. */
export const placeholderMetadataSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('lqip'), data_uri: dataUri, width: z.int().min(1), height: z.int().min(1), background }),
  z.strictObject({ kind: z.literal('dominant_color'), dominant_color: z.string().regex(/^#[0-9a-f]{6}$/), background }),
  z.strictObject({ kind: z.literal('css_gradient'), css: z.string().min(1), background }),
  z.strictObject({ kind: z.literal('blurhash'), hash: z.string().min(1), data_uri: dataUri, background }),
  z.strictObject({ kind: z.literal('thumbhash'), hash: z.string().min(1), data_uri: dataUri, background }),
])

/** `metadata` of a `srcset` record that was asked for HTML. */
export const srcsetMetadataSchema = z.strictObject({
  srcset: z.string().min(1).describe('Every candidate of the last format.'),
  html: z.string().min(1).describe('A `<picture>`, or an `<img>` where there is one format.'),
})
