import type { SourceFormat } from '../types.ts'
import type { JobResult } from './job-result.ts'

/** The image file that a request is made from. */
export interface ManifestSource {
  /** Path below the project's root, with `/`. */
  path: string
  /** sha256 of the bytes, hex. */
  sha256: string
  format: SourceFormat
  /** px, as displayed */
  width: number
  /** px, as displayed */
  height: number
  size_bytes: number
}

export interface ManifestEntry {
  source: ManifestSource
  /** Hash of everything that the outputs depend on. */
  job_id: string
  /** The `id` of the query. */
  image_identifier?: string
  /** Whether every output came from the cache. */
  cached: boolean
  results: JobResult[]
}

/** Every request of a build, by its path and canonical query, sorted. */
export type Manifest = Record<string, ManifestEntry>
