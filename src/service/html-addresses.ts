import type { JobSuccess } from '../contract/job-result.ts'
import { srcsetMetadataSchema } from '../contract/metadata.ts'
import { readdressed } from '../module/picture-html.ts'

/** Metadata of a job that was asked for HTML, with other addresses in it; any other as it is. */
export function withAddresses(metadata: JobSuccess['metadata'], addressOf: (path: string) => string): JobSuccess['metadata'] {
  const { data } = srcsetMetadataSchema.safeParse(metadata)
  return data ? readdressed(data, addressOf) : metadata
}
