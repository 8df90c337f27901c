import * as z from 'zod'
import { FORMATS } from '../query/directives.ts'
import { directiveFields, directiveValue, formatFields, oneOf, path, text, whole, yesOrNo } from './fields.ts'

const input = path('the path of an image file')
const output = path('the path of the file to write')
const outputDir = path('the folder to write to')
const inline = yesOrNo('true or false: whether the record holds the bytes of each file in base64').optional()
const quality = whole('a whole number from 1 to 100', 1, 100)
const format = oneOf([...FORMATS, 'jpg'])
const width = 'a width in px from 1 to 65535'
const widths = z
  .array(whole(width, 1, 65_535), { error: 'a list of widths in px' })
  .min(1, { error: 'a list of at least one width in px' })
  .describe('widths in px; those above the source are made at its size')
const linearRgb = yesOrNo('true or false: whether pixels are resampled in linear light').optional()

/** The job that searches a quality cannot be given one. */
const { format: _format, quality: _quality, ...directives } = directiveFields

/** One file in several sizes. */
export const resizeJobSchema = z.strictObject({
  ...directiveFields,
  ...formatFields,
  operation: z.literal('resize'),
  input,
  output_dir: outputDir,
  widths: widths.optional(),
  scale_percent: z
    .number({ error: 'a number above 0 and up to 1000' })
    .gt(0, { error: 'a number above 0 and up to 1000' })
    .max(1000, { error: 'a number above 0 and up to 1000' })
    .optional()
    .describe('size in per cent of the source; above 100 it is enlarged'),
  max_height: whole('a height in px from 1 to 65535', 1, 65_535).optional(),
  filter: directiveFields.kernel,
  linear_rgb: linearRgb,
  inline,
})

/** One file in several sizes, formats or densities, for a srcset. */
export const srcsetJobSchema = z.strictObject({
  ...directiveFields,
  ...formatFields,
  operation: z.literal('srcset'),
  input,
  output_dir: outputDir,
  widths,
  formats: z
    .array(directiveValue('format'), { error: 'a list of formats' })
    .min(1, { error: 'a list of at least one format' })
    .optional()
    .describe('formats in the order that a browser is to choose from; the last one is the fallback'),
  generate_html: yesOrNo('true or false: whether `metadata` holds a srcset and the HTML of a picture').optional(),
  linear_rgb: linearRgb,
  inline,
})

/** One file in another format. */
export const convertJobSchema = z.strictObject({
  ...directiveFields,
  ...formatFields,
  operation: z.literal('convert'),
  input,
  output,
  format,
  inline,
})

const TARGET_SIZE = 'bytes, as a whole number of at least 1 or such as "50kb"'

/** One file of at most so many bytes. */
export const qualityJobSchema = z.strictObject({
  ...directives,
  operation: z.literal('quality'),
  input,
  output,
  target_size: z.union([whole(TARGET_SIZE, 1, Number.MAX_SAFE_INTEGER), text(TARGET_SIZE)], { error: TARGET_SIZE }).describe(TARGET_SIZE),
  format: oneOf(['jpeg', 'jpg', 'webp', 'avif']),
  tolerance_percent: z.number({ error: 'a number from 0 to 100' }).min(0).max(100).default(5),
  max_iterations: whole('a whole number from 1 to 100', 1, 100).default(10),
  min_quality: quality.default(30),
  max_quality: quality.default(95),
  inline,
})

/** What a page shows until the image is there. */
export const placeholderJobSchema = z.strictObject({
  operation: z.literal('placeholder'),
  input,
  kind: oneOf(['lqip', 'dominant_color', 'dominant', 'css_gradient', 'blurhash', 'thumbhash']).default('lqip'),
  width: whole('a width in px from 1 to 100', 1, 100).default(20),
  output: output.optional(),
  inline: yesOrNo().default(true),
})

/** Tags by their name in the record. */
const EXIF_TAGS = [
  'make',
  'model',
  'orientation',
  'datetime',
  'exposure_time',
  'f_number',
  'iso',
  'lens',
  'focal_length',
  'software',
  'artist',
  'copyright',
  'gps',
] as const

const EXIF_OPS = ['extract', 'strip', 'preserve', 'auto_orient'] as const

/** Reading, removing and keeping what a camera wrote into a file. */
export const exifJobSchema = z
  .strictObject({
    operation: z.literal('exif'),
    input,
    exif_op: oneOf(EXIF_OPS),
    output: output.optional().describe('the file to write; all but `extract` need it'),
    mode: oneOf(['all', 'gps', 'thumbnail', 'camera']).optional(),
    keep: z.array(oneOf(EXIF_TAGS), { error: `a list of tags: ${EXIF_TAGS.join(', ')}` }).optional(),
    return_metadata: yesOrNo().default(true),
    format: format.optional(),
    quality: quality.optional(),
    inline,
  })
  .refine((job) => job.exif_op === 'extract' || job.output !== undefined, { path: ['output'], error: 'the path of the file to write' })

/** One job of those that make one record each. */
export const singleJobSchema = z.discriminatedUnion('operation', [
  resizeJobSchema,
  srcsetJobSchema,
  convertJobSchema,
  qualityJobSchema,
  placeholderJobSchema,
  exifJobSchema,
])

/** Several jobs with one record; their own records are in its metadata. */
export const batchJobSchema = z.strictObject({
  operation: z.literal('batch'),
  jobs: z.array(z.unknown(), { error: 'a list of jobs' }).min(1, { error: 'a list of at least one job' }),
})

export type ResizeJob = z.output<typeof resizeJobSchema>
export type SrcsetJob = z.output<typeof srcsetJobSchema>
export type ConvertJob = z.output<typeof convertJobSchema>
export type QualityJob = z.output<typeof qualityJobSchema>
export type PlaceholderJob = z.output<typeof placeholderJobSchema>
export type ExifJob = z.output<typeof exifJobSchema>
