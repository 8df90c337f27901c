import { readFile, rm, stat, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { writeAtomic } from '../files.ts'
import { PROCESS_NAME, hasEnded } from '../process-name.ts'
import { LAYOUT, USE_PRECISION, WRITTEN } from './disk.ts'
import { filesOf, ignoreGone, listEntries, type Kept } from './entries.ts'

export interface Swept {
  entries: number
  bytes: number
}

/** Bytes without a record are work of a process that was killed, or that still runs; after an hour it is the former. */
const HOUR = 60 * 60 * 1000

/**
 * Keeps a store under `maxSize` bytes: the entries used longest ago go first, never those that another
 * running process has used. While what was written fits, nothing else is looked at. What was used last before
 * `since`, in ms since 1970, goes in any case.
 */
export async function sweep(folder: string, maxSize: number, since = 0): Promise<Swept> {
  const root = join(folder, LAYOUT)
  if (since === 0 && (await readWritten(root)) <= maxSize) return { entries: 0, bytes: 0 }
  const entries = await listEntries(root)
  await removeOrphanBlobs(root, entries)
  const protectedSince = (await oldestOtherRun(root)) - USE_PRECISION
  const uses = new Map<string, number>()
  for (const { blob } of entries) if (blob) uses.set(blob.path, (uses.get(blob.path) ?? 0) + 1)
  let total = entries.reduce(
    (sum, entry) => sum + entry.record_bytes + (entry.blob?.bytes ?? 0) / (uses.get(entry.blob?.path ?? '') ?? 1),
    0,
  )
  const swept = { entries: 0, bytes: 0 }
  for (const entry of entries.sort((a, b) => a.usedAt - b.usedAt)) {
    if ((total <= maxSize && entry.usedAt >= since) || entry.usedAt >= protectedSince) break
    const freed = await removeEntry(entry, uses)
    total -= freed
    swept.entries++
    swept.bytes += freed
  }
  await writeAtomic(join(root, WRITTEN), `${Math.round(total)}\n`, join(root, 'tmp'))
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

async function removeOrphanBlobs(root: string, entries: readonly Kept[]): Promise<void> {
  const named = new Set(entries.map(({ blob }) => blob?.path))
  for (const path of await filesOf(join(root, 'cas'))) {
    if (named.has(path)) continue
    const facts = await stat(path).catch(ignoreGone)
    if (facts && Date.now() - facts.mtimeMs > HOUR) await unlink(path).catch(ignoreGone)
  }
}

/** Whether another running process uses a store. */
export async function isInUse(folder: string): Promise<boolean> {
  return (await oldestOtherRun(join(folder, LAYOUT))) < Infinity
}

/** Start of the longest-running other process on this store, in ms since 1970; Infinity when there is none. */
async function oldestOtherRun(root: string): Promise<number> {
  const paths = await filesOf(join(root, 'runs'))
  const others = paths.filter((path) => !basename(path).startsWith(`${PROCESS_NAME}-`) && !hasEnded(basename(path)))
  const starts = await Promise.all(others.map(async (path) => (await stat(path).catch(ignoreGone))?.mtimeMs ?? Infinity))
  return Math.min(Infinity, ...starts)
}

/** Bytes of a store at most. */
export async function storeSize(folder: string): Promise<number> {
  const size = await readWritten(join(folder, LAYOUT))
  return Number.isFinite(size) ? Math.round(size) : 0
}

/** Bytes in the store at most: what was replaced or removed since the last count is in it still. NaN is more than any limit. */
async function readWritten(root: string): Promise<number> {
  const text = (await readFile(join(root, WRITTEN), 'utf8').catch(ignoreGone)) ?? ''
  return text.split('\n').reduce((sum, line) => sum + Number(line), 0)
}
