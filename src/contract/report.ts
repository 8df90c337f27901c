import * as z from 'zod'

const file = z.strictObject({ path: z.string(), request: z.string(), size_bytes: z.int().min(0) })

/** What a manifest comes to. */
export const reportSchema = z.strictObject({
  requests: z.int().min(0),
  cached: z.int().min(0).describe('Requests of which every output came from the cache.'),
  sources: z.strictObject({ files: z.int().min(0), size_bytes: z.int().min(0) }),
  outputs: z.strictObject({ files: z.int().min(0), size_bytes: z.int().min(0) }),
  formats: z.record(z.string(), z.strictObject({ files: z.int().min(1), size_bytes: z.int().min(0) })),
  largest: z.array(file),
  slowest: z.array(z.strictObject({ request: z.string(), elapsed_ms: z.number().min(0) })),
  failed: z.array(z.strictObject({ request: z.string(), error: z.string() })),
})

export type Report = z.output<typeof reportSchema>
