import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { sha256 } from '../../src/hash.ts'
import { parseRecord } from '../../src/store/record.ts'

/** Paths of the files of a store below one of its folders. */
export function entryFiles(folder: string, kind: 'ac' | 'cas' | 'tmp' | 'runs' | 'claims'): string[] {
  const below = join(folder, 'v1', kind)
  if (!existsSync(below)) return []
  const items = readdirSync(below, { recursive: true, withFileTypes: true }).filter((item) => item.isFile())
  return items.map((item) => join(item.parentPath, item.name)).sort()
}

/** Number of times that anything was put into a store since its bytes were last counted. */
export function putsOf(folder: string): number {
  return readFileSync(join(folder, 'v1', 'written'), 'utf8').split('\n').length - 1
}

/** Files of a store that are not what their name says. */
export function damagedFiles(folder: string): string[] {
  const records = entryFiles(folder, 'ac').filter((path) => !parseRecord(readFileSync(path, 'utf8'), basename(path, '.json')))
  const blobs = entryFiles(folder, 'cas').filter((path) => sha256(readFileSync(path)) !== basename(path))
  return [...records, ...blobs]
}
