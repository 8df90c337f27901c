import * as z from 'zod'
import { jobResultSchema } from './job-result.ts'

export const manifestSourceSchema = z.strictObject({
  /** Path below the project's root, with `/`. */
  path: z.string().min(1),
  /** sha256 of the bytes, hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  format: z.enum(['png', 'jpeg', 'webp', 'avif', 'gif', 'tiff', 'svg']),
  /** px, as displayed */
  width: z.int().min(1),
  /** px, as displayed */
  height: z.int().min(1),
  size_bytes: z.int().min(0),
})

/** The image file that a request is made from. */
export interface ManifestSource extends z.output<typeof manifestSourceSchema> {}

export const manifestEntrySchema = z.strictObject({
  source: manifestSourceSchema,
  /** Hash of everything that the outputs depend on. */
  job_id: z.string().min(1),
  /** The `id` of the query. */
  image_identifier: z.string().exactOptional(),
  /** Whether every output came from the cache. */
  cached: z.boolean(),
  results: z.array(jobResultSchema),
})

export interface ManifestEntry extends z.output<typeof manifestEntrySchema> {}

/** Every request of a build, by its path and canonical query, sorted. */
export const manifestSchema = z.record(z.string(), manifestEntrySchema)

/** Every request of a build, by its path and canonical query, sorted. */
export type Manifest = Record<string, ManifestEntry>
