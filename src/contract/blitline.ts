import * as z from 'zod'

/** px; empty when the source could not be read */
const size = z.strictObject({ width: z.int().min(1).exactOptional(), height: z.int().min(1).exactOptional() })

/** The document that is posted to `postback_url`. */
export const resultsDocumentSchema = z.strictObject({
  results: z.strictObject({
    original_meta: size,
    images: z.array(z.strictObject({ image_identifier: z.string(), s3_url: z.url(), meta: size })),
    job_id: z.string().min(1),
    errors: z.array(z.string().min(1)).exactOptional(),
    failed_image_identifiers: z.array(z.string()).exactOptional(),
  }),
})
