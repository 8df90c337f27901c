import type { Allows } from '../net/allow.ts'
import type { SourceFormat } from '../types.ts'

/** Which images of other servers are fetched, and how. */
export interface RemoteOptions {
  /** Which URLs may be asked for, redirects included. */
  allows: Allows
  /** Whether addresses of this machine and of private networks may be asked. */
  allowPrivate: boolean
  /** What an image may be. */
  formats: readonly SourceFormat[]
  /** Most bytes of one image. */
  maxBytes: number
  /** Most time for one image, redirects included, in ms. */
  timeout: number
}
