import { ifWritable } from '../files.ts'
import { canonical, isRecord, sha256 } from '../hash.ts'
import { croppedBox, displayedSize } from '../query/plan.ts'
import type { Request } from '../query/request.ts'
import type { Shared } from '../store/shared.ts'
import type { Store } from '../store/store.ts'
import type { Box, Source, TrimQuestion } from '../types.ts'

/** The part of a source that `trim` leaves, or undefined when the request does not trim. Only pixels can tell, so the answer is kept. */
export async function trimmedBox(
  request: Request,
  source: Source,
  { store, shared, find }: { store: Store; shared?: Shared | undefined; find: (question: TrimQuestion) => Promise<Box> },
): Promise<Box | undefined> {
  const [threshold] = request.values.trim ?? []
  if (threshold === undefined || threshold === false) return undefined
  const orient = !(request.values.noAutoOrient?.[0] ?? false)
  const whole = displayedSize(source.header, orient)
  const crop = request.values.crop?.[0]
  const box = crop === undefined ? { left: 0, top: 0, ...whole } : croppedBox(crop, whole)
  const question = { orient, box, threshold: threshold === true ? undefined : threshold }
  const key = sha256(canonical({ trim: question, source: source.digest }))
  const known = (store.get(key) ?? (await shared?.find(source.digest, key, store, ({ value }) => isBox(value))))?.value
  if (isBox(known)) return known
  const found = await find(question)
  if (await ifWritable(() => store.put(key, found))) shared?.send(key, store)
  return found
}

function isBox(value: unknown): value is Box {
  return isRecord(value) && ['left', 'top', 'width', 'height'].every((key) => typeof value[key] === 'number')
}
