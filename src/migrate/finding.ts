/** Something in the text of a file that vite-imagetools takes otherwise. */
export interface Finding {
  /** Where it is in the text. */
  index: number
  /** Whether it has to be written in another way; otherwise it merely comes out otherwise. */
  must: boolean
  /** What it is, as it is written. */
  what: string
  /** What is other about it. */
  change: string
  /** What to do. */
  instead: string
}
