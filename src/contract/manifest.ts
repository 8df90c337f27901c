import * as z from 'zod'
import { jobResultSchema } from './job-result.ts'

export const manifestSourceSchema = z.strictObject({
  path: z.string().min(1).describe("Path below the project's root, with `/`."),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('sha256 of the bytes, hex.'),
  format: z.enum(['png', 'jpeg', 'webp', 'avif', 'gif', 'tiff', 'svg']),
  width: z.int().min(1).describe('px, as displayed'),
  height: z.int().min(1).describe('px, as displayed'),
  size_bytes: z.int().min(0),
})

/** The image file that a request is made from. */
export interface ManifestSource extends z.output<typeof manifestSourceSchema> {}

export const manifestEntrySchema = z.strictObject({
  source: manifestSourceSchema,
  job_id: z.string().min(1).describe('Hash of everything that the outputs depend on.'),
  image_identifier: z.string().exactOptional().describe('The `id` of the query.'),
  cached: z.boolean().describe('Whether every output came from the cache.'),
  results: z.array(jobResultSchema),
})

export interface ManifestEntry extends z.output<typeof manifestEntrySchema> {}

/** Every request of a build, by its path and canonical query, sorted. */
export const manifestSchema = z.record(z.string(), manifestEntrySchema)

/** Every request of a build, by its path and canonical query, sorted. */
export type Manifest = Record<string, ManifestEntry>
