import { ImagemillError } from '../errors.ts'
import { ifWritable, readWhole } from '../files.ts'
import { canonical, isRecord, sha256 } from '../hash.ts'
import type { Store } from '../store/store.ts'
import { showsPosition } from './position.ts'
import { identify, inDoubt } from './read.ts'
import { sniff } from './sniff.ts'

/** Whether an image file says where it was taken. What was found out before is trusted while size, times and inode are the same. */
export async function fileShowsPosition(file: string, store: Store): Promise<boolean> {
  try {
    const identity = identify(file)
    const key = sha256(`position ${file}`)
    const known = store.get(key)?.value
    if (isRecord(known) && typeof known['shows'] === 'boolean' && known['identity'] === canonical(identity)) return known['shows']
    const seen_ms = Date.now()
    const bytes = await readWhole(file)
    const shows = showsPosition(bytes, sniff(bytes))
    // A file that was changed just now may change again without a trace in its times.
    if (!inDoubt(identity, seen_ms)) await ifWritable(() => store.put(key, { identity: canonical(identity), shows }))
    return shows
  } catch (error) {
    // No image, or gone: whatever it is, it is not for us to report.
    if (error instanceof ImagemillError) return false
    throw error
  }
}
