import type { Inspection } from '../contract/inspection.ts'
import type { Uses } from './manifest.ts'
import type { ReportPictures } from './report-pictures.ts'

/** What is looked at, and how closely. */
export interface Inspected {
  root: string
  command: Inspection['command']
  /** What a build uses, and how; all that is planned without it. */
  uses?: Uses | undefined
  /** What pages weigh, where that is known. */
  entries?: Inspection['entries']
  /** Whether EXIF, placeholders and, for a report, thumbnails are found out too: work that nobody else asked for. @default false */
  whole?: boolean
  /** Of a report, which nothing can be asked for later. */
  pictures?: ReportPictures
}
