import type { Redis } from './load.ts'
import { PREFIX } from './tasks.ts'

export interface Ends {
  completed(id: string, answer: unknown): void
  failed(id: string, reason: string): void
  removed(id: string): void
}

/** Time of one reading, and of a pause after one that failed, in ms. */
const BLOCK = 5000
const PAUSE = 500

/**
 * Tells of the jobs of a queue that end, from the stream that BullMQ writes for its `QueueEvents`; that class has timers that
 * keep a finished build alive. Ends with its client. `since` is an id of the stream.
 */
export async function tellOfEnds(client: Redis, queue: string, since: string, ends: Ends): Promise<void> {
  let id = since
  while (client.status !== 'end') {
    try {
      const found = await client.xread('BLOCK', BLOCK, 'STREAMS', `${PREFIX}:${queue}:events`, id)
      for (const [, entries] of found ?? []) {
        for (const [at, fields] of entries) {
          id = at
          tell(fields ?? [], ends)
        }
      }
    } catch {
      // Redis is away, or told to go. What is missed is found by looking.
      await new Promise((resolve) => setTimeout(resolve, PAUSE).unref())
    }
  }
}

function tell(fields: readonly string[], ends: Ends): void {
  const facts = new Map<string | undefined, string>()
  for (let at = 0; at + 1 < fields.length; at += 2) facts.set(fields[at], fields[at + 1] ?? '')
  const [event, id] = [facts.get('event'), facts.get('jobId') ?? '']
  if (event === 'completed') ends.completed(id, parse(facts.get('returnvalue') ?? ''))
  if (event === 'failed') ends.failed(id, facts.get('failedReason') ?? '')
  if (event === 'removed') ends.removed(id)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
