import * as z from 'zod'

const bytes = z.int().min(0)
const count = z.int().min(0)
const counted = z.strictObject({ files: count, size_bytes: bytes })
const byFormat = z.record(z.string(), z.strictObject({ files: z.int().min(1), size_bytes: bytes }))
const file = z.strictObject({ path: z.string(), request: z.string(), size_bytes: bytes })

const imageSchema = z.strictObject({
  request: z.string().describe('Path and canonical query, as in the manifest.'),
  source: z.strictObject({ path: z.string(), format: z.string(), width: count, height: count, size_bytes: bytes }),
  cached: z.boolean().describe('Whether every output came from the cache.'),
  elapsed_ms: z.number().min(0).describe('Of the runs that made the outputs.'),
  files: z.array(z.strictObject({ path: z.string(), format: z.string(), width: count, height: count, size_bytes: bytes })),
})

/** What a page, or another entry, can make a browser load. */
export const reportEntrySchema = z.strictObject({
  name: z.string().describe('The page, or the module that a bundle begins with, below the root.'),
  files: count,
  size_bytes: bytes.describe('Most that it can make a modern browser load: of each import the largest file of its first format.'),
  first_size_bytes: bytes.describe('The part of it that needs no dynamic import.'),
})

/** What a build came to. */
export const reportSchema = z.strictObject({
  requests: count,
  cached: count.describe('Requests of which every output came from the cache.'),
  sources: counted,
  outputs: counted,
  source_formats: byFormat.describe('Bytes before, by the format of the source.'),
  formats: byFormat.describe('Bytes after, by the format of the output.'),
  entries: z.array(reportEntrySchema).nullable().describe('Null in the report of a manifest, which does not know them.'),
  largest: z.array(file),
  slowest: z.array(z.strictObject({ request: z.string(), elapsed_ms: z.number().min(0) })),
  failed: z.array(z.strictObject({ request: z.string(), error: z.string() })),
  images: z.array(imageSchema),
})

export interface Report extends z.output<typeof reportSchema> {}
export interface ReportEntry extends z.output<typeof reportEntrySchema> {}
export interface ReportImage extends z.output<typeof imageSchema> {}
