import { performance } from 'node:perf_hooks'
import type { FactQuestion, StoredFact } from '../types.ts'
import { readExif } from './exif.ts'
import { makePlaceholder } from './placeholder.ts'
import type { Loaded } from './raster.ts'

/** Answers a question about a source. */
export async function findFact(loaded: Loaded, question: FactQuestion): Promise<StoredFact> {
  const start = performance.now()
  const { metadata, warning } =
    question.operation === 'exif'
      ? await readExif(loaded.bytes, loaded.source.header.format)
      : { metadata: await makePlaceholder(loaded, question), warning: undefined }
  const elapsed_ms = Math.round((performance.now() - start) * 10) / 10
  return { metadata: { ...metadata }, ...(warning !== undefined && { warning }), elapsed_ms }
}
