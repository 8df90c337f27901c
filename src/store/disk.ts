import { readFileSync, statSync, utimesSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { systemCode } from '../errors.ts'
import { ifWritable, remove, writeAtomic } from '../files.ts'
import { sha256 } from '../hash.ts'
import { formatRecord, parseRecord } from './record.ts'
import type { Store } from './store.ts'

/** Folder of the layout below; a layout that an older version could misread gets another name. */
export const LAYOUT = 'v1'

/** File of the layout with the bytes of every entry written since it was last counted, a number a line: a killed run is counted too. */
export const WRITTEN = 'written'

/** Where a store keeps bytes, for processes that read them as a file. */
export function blobPath(folder: string, digest: string): string {
  return blobFile(`${folder}${sep}${LAYOUT}`, digest)
}

/**
 * `v1/ac/ab/<key>.json` holds records, `v1/cas/cd/<sha256>` bytes: the names of Bazel's remote cache
 * (https://github.com/bazelbuild/remote-apis). Bytes are written before the record that names them.
 */
export function diskStore(folder: string, close: () => Promise<void> = async () => undefined): Store {
  const root = join(folder, LAYOUT)
  const temp = join(root, 'tmp')
  const recordPath = (key: string): string => recordFile(root, key)
  const damaged = new Set<string>()
  /** Damaged records that could not be removed. */
  const unusable = new Set<string>()

  const forget = (path: string): undefined => {
    damaged.add(path)
    if (!remove(path)) unusable.add(path)
  }

  return {
    folder,
    get damaged() {
      return damaged.size
    },
    get(key) {
      const path = recordPath(key)
      const text = unusable.has(path) ? undefined : readIfThere(path)
      if (text === undefined) return undefined
      const entry = parseRecord(text, key)
      if (!entry) return forget(path)
      touch(path)
      return entry
    },
    async read(key, blob) {
      // An output is small and mostly in memory: handing it to another thread takes longer than reading it.
      const bytes = readBlob(blobPath(folder, blob.digest))
      if (bytes && bytes.length === blob.size_bytes && sha256(bytes) === blob.digest) return bytes
      if (!remove(recordPath(key))) unusable.add(recordPath(key))
      return forget(blobPath(folder, blob.digest))
    },
    async put(key, value, bytes) {
      const blob = bytes && { digest: sha256(bytes), size_bytes: bytes.length }
      if (bytes && blob) await writeAtomic(blobPath(folder, blob.digest), bytes, temp)
      const entry = { key, value, ...(blob && { blob }) }
      const record = formatRecord(entry)
      await writeAtomic(recordPath(key), record, temp)
      await ifWritable(() => appendFile(join(root, WRITTEN), `${record.length + (blob?.size_bytes ?? 0)}\n`))
      return entry
    },
    close,
  }
}

// Not joined: keys and digests are hexadecimal, and a build asks for thousands.

/** The file of a record below the root of a layout. */
export function recordFile(root: string, key: string): string {
  return `${root}${sep}ac${sep}${key.slice(0, 2)}${sep}${key}.json`
}

/** The file of bytes below the root of a layout. */
export function blobFile(root: string, digest: string): string {
  return `${root}${sep}cas${sep}${digest.slice(0, 2)}${sep}${digest}`
}

/** Errors after which there may well be a good record, only not for us and not now. */
const ABSENT: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EMFILE', 'ENFILE'])

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    // What else cannot be read, such as a folder in its place, is damage.
    return ABSENT.has(systemCode(error)) ? undefined : ''
  }
}

function readBlob(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}

/** The time of the last use is exact to this, in ms: writing it down each time would cost as much as reading the record. */
export const USE_PRECISION = 60 * 60 * 1000

/** Eviction goes by last use, and spares what is used while it runs. */
function touch(path: string): void {
  const now = Date.now()
  try {
    // One of the future was written while a clock was wrong, and would never seem old.
    if (Math.abs(statSync(path).mtimeMs - now) > USE_PRECISION) utimesSync(path, now / 1000, now / 1000)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
}
