import { readFile, readdir, rm, stat, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { systemCode } from '../errors.ts'
import { writeAtomic } from '../files.ts'
import { LAYOUT, parseRecord } from './disk.ts'
import { isRunning } from './open.ts'

interface Kept {
  path: string
  usedAt: number
  record_bytes: number
  blob?: { path: string; bytes: number } | undefined
}

export interface Swept {
  entries: number
  bytes: number
}

/** Bytes without a record are work of a process that was killed, or that still runs; after an hour it is the former. */
const HOUR = 60 * 60 * 1000

/**
 * Keeps a store under `maxSize` bytes: the entries used longest ago go first, never those that another
 * running process has used. `written` bytes were added since the last call; while they fit nothing is looked at.
 */
export async function sweep(folder: string, maxSize: number, written: number): Promise<Swept> {
  const root = join(folder, LAYOUT)
  const known = await readTotal(root)
  if (known !== undefined && known + written <= maxSize) {
    await writeTotal(root, known + written)
    return { entries: 0, bytes: 0 }
  }
  const entries = await listEntries(root)
  await removeOrphanBlobs(root, entries)
  const protectedSince = await oldestOtherRun(root)
  const uses = new Map<string, number>()
  for (const { blob } of entries) if (blob) uses.set(blob.path, (uses.get(blob.path) ?? 0) + 1)
  let total = entries.reduce((sum, entry) => sum + entry.record_bytes + (entry.blob?.bytes ?? 0) / (uses.get(entry.blob?.path ?? '') ?? 1), 0)
  const swept = { entries: 0, bytes: 0 }
  for (const entry of entries.sort((a, b) => a.usedAt - b.usedAt)) {
    if (total <= maxSize || entry.usedAt >= protectedSince) break
    const freed = await removeEntry(entry, uses)
    total -= freed
    swept.entries++
    swept.bytes += freed
  }
  await writeTotal(root, total)
  return swept
}

/** The record goes first: bytes without a record are harmless, a record without bytes would be damage. */
async function removeEntry({ path, record_bytes, blob }: Kept, uses: Map<string, number>): Promise<number> {
  await rm(path, { force: true })
  if (!blob) return record_bytes
  const others = (uses.get(blob.path) ?? 1) - 1
  uses.set(blob.path, others)
  if (others > 0) return record_bytes
  await rm(blob.path, { force: true })
  return record_bytes + blob.bytes
}

async function listEntries(root: string): Promise<Kept[]> {
  const paths = await filesOf(join(root, 'ac'))
  const entries = await Promise.all(paths.map((path) => readEntry(root, path)))
  return entries.filter((entry) => entry !== undefined)
}

async function readEntry(root: string, path: string): Promise<Kept | undefined> {
  try {
    const [text, { mtimeMs, size }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    const blob = parseRecord(text, basename(path, '.json'))?.blob
    return { path, usedAt: mtimeMs, record_bytes: size, blob: blob && { path: join(root, 'cas', blob.digest.slice(0, 2), blob.digest), bytes: blob.size_bytes } }
  } catch (error) {
    return ignoreGone(error)
  }
}

async function removeOrphanBlobs(root: string, entries: readonly Kept[]): Promise<void> {
  const named = new Set(entries.map(({ blob }) => blob?.path))
  for (const path of await filesOf(join(root, 'cas'))) {
    if (named.has(path)) continue
    const facts = await stat(path).catch(ignoreGone)
    if (facts && Date.now() - facts.mtimeMs > HOUR) await unlink(path).catch(ignoreGone)
  }
}

/** Start of the longest-running other process on this store, in ms since 1970; Infinity when there is none. */
async function oldestOtherRun(root: string): Promise<number> {
  const paths = await filesOf(join(root, 'runs'))
  const others = paths.filter((path) => Number.parseInt(basename(path), 10) !== process.pid && isRunning(Number.parseInt(basename(path), 10)))
  const starts = await Promise.all(others.map(async (path) => (await stat(path).catch(ignoreGone))?.mtimeMs ?? Infinity))
  return Math.min(Infinity, ...starts)
}

async function filesOf(folder: string): Promise<string[]> {
  const items = (await readdir(folder, { recursive: true, withFileTypes: true }).catch(ignoreGone)) ?? []
  return items.filter((item) => item.isFile()).map((item) => join(item.parentPath, item.name))
}

async function readTotal(root: string): Promise<number | undefined> {
  const total = Number(await readFile(join(root, 'total'), 'utf8').catch(ignoreGone))
  return Number.isFinite(total) ? total : undefined
}

async function writeTotal(root: string, total: number): Promise<void> {
  await writeAtomic(join(root, 'total'), String(Math.round(total)), join(root, 'tmp'))
}

function ignoreGone(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error
}
