import type { Format } from '../types.ts'

/** What the dev server knows of a file that a page shows. */
export interface OverlayFacts {
  /** Where the inspector shows it, with the site's base. */
  inspector: string
  /** Path of the image file below the root, and the query as it is written. */
  path: string
  query: string
  /** Width of the image file in px. */
  source_width: number
  format: Format
  width: number
  height: number
  size_bytes?: number
  /** Widths of the files of the same format that the import has, ascending. */
  widths: number[]
}
