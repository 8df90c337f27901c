import { randomBytes } from 'node:crypto'
import type { Delivery } from '../contract/delivery.ts'
import type { JobResult } from '../contract/job-result.ts'
import type { Weight } from './weight.ts'

/** A job as it was taken: what the journal keeps of it until it ends. */
export interface AcceptedJob {
  id: string
  /** `resize` and the like; `functions` for what `POST /job` takes. */
  operation: string
  /** Path that it was posted to. */
  endpoint: string
  /** What is asked for, in the words of the command line; outputs are below the folder of the job's results. */
  job: Record<string, unknown>
  /** File name of the upload that it works on, in place of one below the folder of sources. */
  upload?: string
  delivery: Delivery
  /** How much work it is, about. */
  weight: Weight
  /** ms since 1970. */
  queued_ms: number
}

/** A file that a job made. */
export interface ResultFile {
  /** Path below the folder of the job's results, with `/`. */
  name: string
  mime: string
  width?: number
  height?: number
  size_bytes: number
  /** sha256 of the bytes, hex. */
  digest: string
  /** What the caller calls it. */
  image_identifier: string
}

export type EndStatus = 'completed' | 'failed' | 'cancelled'

/** How a job ended. */
export interface JobEnd {
  status: EndStatus
  started_ms: number
  ended_ms: number
  /** How often it was begun since the last start. */
  attempts: number
  /** The record, with the names of files as paths. */
  record: JobResult
  files: ResultFile[]
  /** Which of the files is the result; none of a job that did not complete. */
  main?: ResultFile
  /** Bytes of a small result. */
  base64?: string
  /** Displayed size of the source, where it could be read. */
  original_meta: { width?: number; height?: number }
  /** Identifiers of what was asked for by name and not made, and why. */
  failures: { image_identifier: string; error: string }[]
}

export interface EndedJob extends AcceptedJob {
  end: JobEnd
}

const ID = /^job_[0-9a-f]{24}$/

/** A name that cannot be guessed. */
export function newJobId(): string {
  return `job_${randomBytes(12).toString('hex')}`
}

export function isJobId(text: string): boolean {
  return ID.test(text)
}
