/** What a store keeps under a key: a small JSON value and, where there are any, the bytes it describes. */
export interface Entry {
  key: string
  value: unknown
  blob?: Blob | undefined
}

/** The identity of bytes: `digest` is their sha256 in hex. */
export interface Blob {
  digest: string
  size_bytes: number
}

/**
 * A persistent content-addressed store, shared by any number of processes. What it answers is verified;
 * what is damaged counts as missing, so that the next `put` heals it.
 */
export interface Store {
  /** The folder that can be written to; a worker opens it by this name. */
  readonly folder: string
  get(key: string): Entry | undefined
  /** The bytes of a key, or undefined when they are missing or damaged; then the key is forgotten too. */
  read(key: string, blob: Blob): Promise<Buffer | undefined>
  put(key: string, value: unknown, bytes?: Uint8Array): Promise<Entry>
  /** Number of entries found damaged so far. */
  readonly damaged: number
  close(): Promise<void>
}
