import { readFileSync, statSync, utimesSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../errors.ts'
import { ifWritable, remove, writeAtomic } from '../files.ts'
import { isRecord, sha256 } from '../hash.ts'
import type { Blob, Entry, Store } from './store.ts'

/** Folder of the layout below; a layout that an older version could misread gets another name. */
export const LAYOUT = 'v1'

/** File of the layout with the bytes of every entry written since it was last counted, a number a line: a killed run is counted too. */
export const WRITTEN = 'written'

/**
 * `v1/ac/ab/<key>.json` holds records, `v1/cas/cd/<sha256>` bytes: the names of Bazel's remote cache
 * (https://github.com/bazelbuild/remote-apis). Bytes are written before the record that names them.
 */
export function diskStore(folder: string, close: () => Promise<void> = async () => undefined): Store {
  const root = join(folder, LAYOUT)
  const temp = join(root, 'tmp')
  const recordPath = (key: string): string => join(root, 'ac', key.slice(0, 2), `${key}.json`)
  const blobPath = (digest: string): string => join(root, 'cas', digest.slice(0, 2), digest)
  const opened_ms = Date.now()
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
      touch(path, opened_ms)
      return entry
    },
    async read(key, blob) {
      // An output is small and mostly in memory: handing it to another thread takes longer than reading it.
      const bytes = readBlob(blobPath(blob.digest))
      if (bytes && bytes.length === blob.size_bytes && sha256(bytes) === blob.digest) return bytes
      if (!remove(recordPath(key))) unusable.add(recordPath(key))
      return forget(blobPath(blob.digest))
    },
    async put(key, value, bytes) {
      const blob = bytes && { digest: sha256(bytes), size_bytes: bytes.length }
      if (bytes && blob) await writeAtomic(blobPath(blob.digest), bytes, temp)
      const entry = { key, value, ...(blob && { blob }) }
      const record = formatRecord(entry)
      await writeAtomic(recordPath(key), record, temp)
      await ifWritable(() => appendFile(join(root, WRITTEN), `${record.length + (blob?.size_bytes ?? 0)}\n`))
      return entry
    },
    close,
  }
}

function formatRecord(entry: Entry): string {
  const text = JSON.stringify(entry)
  return `${sha256(text)}\n${text}\n`
}

/** A record is its own digest, a line break, and JSON; anything else is damage. */
export function parseRecord(text: string, key: string): Entry | undefined {
  const [digest = '', body = ''] = text.split('\n')
  if (sha256(body) !== digest || text !== `${digest}\n${body}\n`) return undefined
  const entry: unknown = JSON.parse(body)
  if (!isRecord(entry) || entry['key'] !== key) return undefined
  const { blob } = entry
  return { key, value: entry['value'], ...(isBlob(blob) && { blob }) }
}

function isBlob(value: unknown): value is Blob {
  return isRecord(value) && typeof value['digest'] === 'string' && typeof value['size_bytes'] === 'number'
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

/** Eviction goes by last use, and spares what was used since another process began: so once in each run, not less. */
function touch(path: string, opened_ms: number): void {
  const now = new Date()
  try {
    if (statSync(path).mtimeMs < opened_ms) utimesSync(path, now, now)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
}
