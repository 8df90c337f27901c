import type { ErrorFacts } from '../../errors.ts'
import { isRecord, sha256 } from '../../hash.ts'
import type { Box, FactQuestion, Output, Source, StoredFact, TrimQuestion } from '../../types.ts'

/** Raised when tasks or answers change their shape. */
const PROTOCOL = 1

/** All keys of ours in Redis begin with it. */
export const PREFIX = 'imagemill'

/**
 * Workers that may die over a task until it is given up. Encoders have processes of their own, so a worker rarely dies of what
 * it does: machines that go, or are restarted one after the other, are no fault of the image that they happen to be at.
 */
export const DEATHS = 5

/** Why a job failed that nobody waits for any longer. */
export const TAKEN_BACK = 'taken back by those who asked for it'

/** What a worker is asked: a source by its digest, and parameters; bytes go through the shared store. */
export type Task = { source: Omit<Source, 'file' | 'local'> } & (
  | { type: 'encode'; outputs: Output[] }
  | { type: 'trim'; question: TrimQuestion }
  | { type: 'fact'; question: FactQuestion }
)

/** What it answers. Outputs are in the store, those that failed with their reason. */
export interface Answer {
  failed?: { key: string; error: ErrorFacts }[]
  box?: Box
  fact?: StoredFact
  /** Why a question has no answer. */
  error?: ErrorFacts
}

/**
 * The queue of those who make the same bytes of the same parameters: sharp, its codecs, the engine and the platform are in its
 * name. So machines of different versions can share a Redis, as they do while they are updated, and none is given work that it
 * would have to refuse.
 */
export function queueName(versions: string): string {
  return `work-${PROTOCOL}-${sha256(versions).slice(0, 16)}`
}

/** Under which name a source is in the shared store: with a record it is known when it was used, like everything else. */
export function sourceKey(digest: string): string {
  return sha256(`source bytes ${digest}`)
}

/** Two tasks that ask the same have the same. */
export function taskId(task: Task): string {
  const what = task.type === 'encode' ? task.outputs.map(({ key }) => key) : task.question
  return sha256(JSON.stringify([task.type, task.source.digest, what]))
}

/** What comes out of a queue. Its name says who put it there; anything else is refused, not done. */
export function isTask(value: unknown): value is Task {
  if (!isRecord(value) || !isRecord(value['source'])) return false
  const { digest, size_bytes, header } = value['source']
  const isSource = typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest) && typeof size_bytes === 'number' && isRecord(header)
  if (!isSource) return false
  if (value['type'] !== 'encode') return (value['type'] === 'trim' || value['type'] === 'fact') && isRecord(value['question'])
  return Array.isArray(value['outputs']) && value['outputs'].every(isTaskOutput)
}

/** Not one with modules of a project: a queue must not decide what code runs here. */
function isTaskOutput(output: unknown): boolean {
  if (!isRecord(output) || !/^[0-9a-f]{64}$/.test(String(output['key']))) return false
  return isRecord(output['picture']) && output['picture']['transforms'] === undefined
}

export function isAnswer(value: unknown): value is Answer {
  return isRecord(value)
}
