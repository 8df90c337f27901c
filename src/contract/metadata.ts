import * as z from 'zod'

/** `metadata` of a `quality` record. */
export const qualityMetadataSchema = z.strictObject({
  /** bytes */
  target_size: z.int().min(1),
  final_quality: z.int().min(1).max(100),
  /** bytes */
  final_size: z.int().min(0),
  deviation_percent: z.number().min(0),
  /** Encodes that it took. */
  iterations: z.int().min(1),
  /** Whether the size is at or under the target and within the tolerance. */
  converged: z.boolean(),
})

/** `metadata` of an `exif` record; other tags than these may follow. */
export const exifMetadataSchema = z.looseObject({
  has_exif: z.boolean(),
  make: z.string().exactOptional(),
  model: z.string().exactOptional(),
  orientation: z.int().min(1).max(8).exactOptional(),
  /** `YYYY:MM:DD HH:MM:SS`, as it is stored. */
  datetime: z
    .string()
    .regex(/^\d{4}:\d{2}:\d{2} \d{2}:\d{2}:\d{2}$/)
    .exactOptional(),
  /** Seconds, as `1/250` or `2`. */
  exposure_time: z.string().exactOptional(),
  /** As `f/2.8`. */
  f_number: z
    .string()
    .regex(/^f\/[\d.]+$/)
    .exactOptional(),
  iso: z.number().exactOptional(),
  gps: z
    .looseObject({
      /** Degrees, south is negative. */
      latitude: z.number().min(-90).max(90).exactOptional(),
      /** Degrees, west is negative. */
      longitude: z.number().min(-180).max(180).exactOptional(),
      /** Metres above the sea. */
      altitude: z.number().exactOptional(),
    })
    .exactOptional(),
})

const dataUri = z.string().regex(/^data:image\//)

/** `metadata` of a `placeholder` record, by kind. */
export const placeholderMetadataSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('lqip'), data_uri: dataUri, width: z.int().min(1), height: z.int().min(1) }),
  z.strictObject({ kind: z.literal('dominant_color'), dominant_color: z.string().regex(/^#[0-9a-f]{6}$/) }),
  z.strictObject({ kind: z.literal('css_gradient'), css: z.string().min(1) }),
  z.strictObject({ kind: z.literal('blurhash'), hash: z.string().min(1), data_uri: dataUri }),
  z.strictObject({ kind: z.literal('thumbhash'), hash: z.string().min(1), data_uri: dataUri }),
])

/** `metadata` of a `srcset` record that was asked for HTML. */
export const srcsetMetadataSchema = z.strictObject({
  /** Every candidate of the last format. */
  srcset: z.string().min(1),
  /** A `<picture>`, or an `<img>` where there is one format. */
  html: z.string().min(1),
})
