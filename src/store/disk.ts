import { readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../errors.ts'
import { writeAtomic } from '../files.ts'
import { isRecord, sha256 } from '../hash.ts'
import type { Blob, Entry, Store } from './store.ts'

/** Folder of the layout below; a layout that an older version could misread gets another name. */
export const LAYOUT = 'v1'

const DAY = 24 * 60 * 60 * 1000

/**
 * `v1/ac/ab/<key>.json` holds records, `v1/cas/cd/<sha256>` bytes: the names of Bazel's remote cache
 * (https://github.com/bazelbuild/remote-apis). Bytes are written before the record that names them.
 */
export function diskStore(folder: string, close: () => Promise<void> = async () => undefined): Store {
  const root = join(folder, LAYOUT)
  const temp = join(root, 'tmp')
  const recordPath = (key: string): string => join(root, 'ac', key.slice(0, 2), `${key}.json`)
  const blobPath = (digest: string): string => join(root, 'cas', digest.slice(0, 2), digest)
  let damaged = 0

  const forget = (path: string): undefined => {
    damaged++
    removeQuietly(path)
  }

  return {
    folder,
    get damaged() {
      return damaged
    },
    get(key) {
      const path = recordPath(key)
      const text = readIfThere(path)
      if (text === undefined) return undefined
      const entry = parseRecord(text, key)
      if (!entry) return forget(path)
      touch(path)
      return entry
    },
    async read(key, blob) {
      const bytes = await readFile(blobPath(blob.digest)).catch(missing)
      if (bytes && bytes.length === blob.size_bytes && sha256(bytes) === blob.digest) return bytes
      removeQuietly(recordPath(key))
      return forget(blobPath(blob.digest))
    },
    async put(key, value, bytes) {
      const blob = bytes && { digest: sha256(bytes), size_bytes: bytes.length }
      if (bytes && blob) await writeAtomic(blobPath(blob.digest), bytes, temp)
      const entry = { key, value, ...(blob && { blob }) }
      await writeAtomic(recordPath(key), formatRecord(entry), temp)
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

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    // A record that cannot be read (a folder in its place, no permission) is as good as none.
    return ''
  }
}

function missing(error: unknown): undefined {
  if (systemCode(error) === undefined) throw error
}

/** Eviction goes by last use; once a day is exact enough and spares the disk. */
function touch(path: string): void {
  const now = new Date()
  try {
    if (now.getTime() - statSync(path).mtimeMs > DAY) utimesSync(path, now, now)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
}

/** On a read-only disk a damaged file stays; it is still never used. */
function removeQuietly(path: string): undefined {
  try {
    rmSync(path, { force: true })
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
}
