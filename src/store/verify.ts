import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { remove } from '../files.ts'
import { sha256 } from '../hash.ts'
import { LAYOUT } from './disk.ts'
import { ignoreGone, listEntries, type Kept } from './entries.ts'

export interface Verified {
  entries: number
  bytes: number
  /** Entries that were damaged and are removed, so that they are made anew when they are needed. */
  damaged: number
  /** Damaged entries that could not be removed. */
  left: number
}

/** Reads every entry of a store to the last byte. Nothing is told of when it was used. */
export async function verify(folder: string): Promise<Verified> {
  const verified: Verified = { entries: 0, bytes: 0, damaged: 0, left: 0 }
  for (const kept of await listEntries(join(folder, LAYOUT))) {
    verified.entries++
    verified.bytes += kept.record_bytes + (kept.blob?.bytes ?? 0)
    if (await isWhole(kept)) continue
    verified.damaged++
    const gone = [kept.path, ...(kept.blob ? [kept.blob.path] : [])].map(remove)
    if (gone.includes(false)) verified.left++
  }
  return verified
}

async function isWhole({ entry, blob }: Kept): Promise<boolean> {
  if (!entry) return false
  if (!blob || !entry.blob) return true
  const bytes = await readFile(blob.path).catch(ignoreGone)
  return bytes !== undefined && bytes.length === entry.blob.size_bytes && sha256(bytes) === entry.blob.digest
}
