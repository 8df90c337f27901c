import { readFile, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { systemCode } from '../errors.ts'
import { blobFile } from './disk.ts'
import { parseRecord } from './record.ts'
import type { Entry } from './store.ts'

/** An entry of a store as it lies on the disk. */
export interface Kept {
  /** File of the record. */
  path: string
  /** ms since 1970 */
  usedAt: number
  record_bytes: number
  blob?: { path: string; bytes: number } | undefined
  /** What the record says; undefined when it is damaged. */
  entry: Entry | undefined
}

const PARALLEL = 64

/** Every entry below the root of a layout. */
export async function listEntries(root: string): Promise<Kept[]> {
  const paths = await filesOf(join(root, 'ac'))
  const entries: Kept[] = []
  // Some at a time: all at once would take more open files than many systems allow.
  for (let at = 0; at < paths.length; at += PARALLEL) {
    const part = await Promise.all(paths.slice(at, at + PARALLEL).map((path) => readEntry(root, path)))
    entries.push(...part.filter((entry) => entry !== undefined))
  }
  return entries
}

async function readEntry(root: string, path: string): Promise<Kept | undefined> {
  try {
    const [text, { mtimeMs, size }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    const entry = parseRecord(text, basename(path, '.json'))
    const blob = entry?.blob
    return {
      path,
      usedAt: mtimeMs,
      record_bytes: size,
      entry,
      blob: blob && { path: blobFile(root, blob.digest), bytes: blob.size_bytes },
    }
  } catch (error) {
    return ignoreGone(error)
  }
}

export async function filesOf(folder: string): Promise<string[]> {
  const items = (await readdir(folder, { recursive: true, withFileTypes: true }).catch(ignoreGone)) ?? []
  return items.filter((item) => item.isFile()).map((item) => join(item.parentPath, item.name))
}

/** What another process has removed meanwhile is not there, which is no failure. */
export function ignoreGone(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error
}
