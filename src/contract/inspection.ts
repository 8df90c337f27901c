import * as z from 'zod'
import { reportEntrySchema } from './report.ts'

const SOURCE_FORMATS = ['png', 'jpeg', 'webp', 'avif', 'gif', 'tiff', 'svg'] as const
const FORMATS = ['png', 'jpeg', 'webp', 'avif', 'gif'] as const
const count = z.int().min(0)
const px = z.int().min(1).describe('px')
const status = z
  .enum(['waiting', 'processing', 'completed', 'failed'])
  .describe('`waiting`: planned, and not asked for yet. The dev server makes an image when a page first asks for it.')

const requestStatus = z
  .enum(['waiting', 'partial', 'processing', 'completed', 'failed'])
  .describe('`partial`: some outputs are made; the others wait until a browser chooses them.')

const errorSchema = z.strictObject({ message: z.string().min(1), code: z.string().min(1), hint: z.string().min(1).exactOptional() })

const dataUri = z.string().regex(/^data:image\//)

/** Files of each format, and their bytes. */
const byFormat = z.record(z.string(), z.strictObject({ files: count, size_bytes: count }))

const searchSchema = z.strictObject({
  target_size: z.number().exactOptional().describe('Most bytes, where a size was the target.'),
  tolerance_percent: z.number().exactOptional(),
  target_score: z.number().exactOptional().describe('Least score, where a look was the target.'),
  tries: z.array(
    z.strictObject({ quality: z.number(), size_bytes: count, score: z.number().exactOptional().describe('Up to 100: the same picture.') }),
  ),
  final_quality: z.number().describe('100 without a try: the own encoding of the source met the target.'),
  final_size: count,
  final_score: z.number().exactOptional(),
  converged: z.boolean(),
})

const outputSchema = z.strictObject({
  key: z.string().describe('Its name in the store.'),
  path: z.string().exactOptional().describe('Below the build folder, or below `base` on the dev server; absent when it is no file.'),
  inlined: z.literal(true).exactOptional().describe('Its bytes are in the code.'),
  original: z.literal(true).exactOptional().describe('It failed, and the source is used in its place.'),
  format: z.enum(FORMATS),
  width: px,
  height: px,
  descriptor: z.string().describe('`320w` or `2x`, as in a srcset.'),
  media: z.string().exactOptional().describe('The condition of its breakpoint.'),
  quality: z.number().exactOptional().describe('What was encoded with; that of a search is known when it has ended.'),
  lossless: z.literal(true).exactOptional(),
  effort: z.number().exactOptional(),
  kept: z.literal(true).exactOptional().describe('The own encoding of the source, which no quality could better.'),
  frames: z.int().min(2).exactOptional(),
  status,
  size_bytes: count.exactOptional(),
  elapsed_ms: z.number().min(0).exactOptional().describe('Wall time of the run that made it.'),
  cached: z.boolean().exactOptional().describe('Whether an earlier run made it.'),
  search: searchSchema.exactOptional(),
  error: errorSchema.exactOptional(),
  data: dataUri.exactOptional().describe('Its bytes, in a report that holds them.'),
  reference: count.exactOptional().describe('Which of `references` it was encoded from.'),
})

const sourceSchema = z.strictObject({
  path: z.string().min(1).describe("Path below the project's root, with `/`, or an address."),
  format: z.enum(SOURCE_FORMATS).exactOptional().describe('What follows is absent when the file could not be read.'),
  width: px.exactOptional().describe('px, as displayed'),
  height: px.exactOptional().describe('px, as displayed'),
  size_bytes: count.exactOptional(),
  sha256: z.string().exactOptional(),
  frames: z.int().min(2).exactOptional(),
  missing: z.literal(true).exactOptional().describe('The file is gone.'),
})

const findingSchema = z.strictObject({
  kind: z.enum(['position', 'date', 'camera', 'copyright']),
  ships: z.boolean().describe('Whether outputs carry it, too.'),
  message: z.string().min(1),
})

const requestSchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  name: z.string().min(1).describe('Path and canonical query, as in the manifest.'),
  job_id: z.string().exactOptional().describe('As in the manifest.'),
  image_identifier: z.string().exactOptional(),
  source: sourceSchema,
  query: z.string().describe('Canonical.'),
  written: z.string().describe('As an import writes it.'),
  importers: z.array(z.strictObject({ file: z.string(), line: z.int().min(1).exactOptional() })),
  operation: z.enum(['resize', 'srcset', 'convert', 'quality']).exactOptional(),
  status: requestStatus,
  error: errorSchema.exactOptional(),
  warnings: z.array(z.string()).exactOptional(),
  cached: z.boolean().describe('Whether an earlier run made all outputs.'),
  outputs: z.array(outputSchema),
  placeholder: z.record(z.string(), z.unknown()).exactOptional().describe('As the import exports it.'),
  exif: z.record(z.string(), z.unknown()).exactOptional().describe('What the EXIF of the source says.'),
  privacy: z.array(findingSchema).exactOptional().describe('What of the source is private, and whether outputs carry it.'),
  thumbnail: dataUri.exactOptional().describe('A small picture, in a report.'),
  references: z
    .array(dataUri)
    .exactOptional()
    .describe('The source at the size of some outputs, without loss, in a report that holds them.'),
})

const totalsSchema = z.strictObject({
  requests: count,
  sources: z.strictObject({ files: count, size_bytes: count, by_format: byFormat }),
  outputs: z.strictObject({ files: count, size_bytes: count, by_format: byFormat }),
  hits: count.describe('Outputs that an earlier run made.'),
  misses: count.describe('Outputs that this run made.'),
  failed: count.describe('Requests that failed, or an output of theirs.'),
  damaged: count.describe('Entries of the store that were damaged and made anew.'),
})

const liveSchema = z.strictObject({
  workers: z.strictObject({ busy: count, most: count }),
  queue: z.strictObject({ waiting: count, processing: count }),
  store: z.strictObject({ size_bytes: count.describe('At most.'), most_bytes: z.number() }),
})

/** Every request of a build or a dev server, with all that is known of it: what the inspector and the report show. */
export const inspectionSchema = z.strictObject({
  version: z.string().describe('Of imagemill.'),
  generated_at: z.iso.datetime().exactOptional(),
  command: z.enum(['build', 'serve']),
  requests: z.array(requestSchema).describe('By name.'),
  totals: totalsSchema,
  left_out: count.exactOptional().describe('Requests whose pictures are not in a report: together they would be too many bytes.'),
  entries: z.array(reportEntrySchema).exactOptional().describe('What pages weigh, where a build knows it.'),
  live: liveSchema.exactOptional().describe('What goes on just now.'),
})

export interface Inspection extends z.output<typeof inspectionSchema> {}
export interface InspectedRequest extends z.output<typeof requestSchema> {}
export interface InspectedOutput extends z.output<typeof outputSchema> {}
export interface InspectedSearch extends z.output<typeof searchSchema> {}
export interface InspectedFinding extends z.output<typeof findingSchema> {}
export interface LiveState extends z.output<typeof liveSchema> {}
export type InspectedStatus = z.output<typeof status>
