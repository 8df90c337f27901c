import pLimit from 'p-limit'
import { ImagemillError, asImagemillError, type ErrorCode } from '../../errors.ts'
import { readWhole } from '../../files.ts'
import { sha256 } from '../../hash.ts'
import { singleFlight } from '../../single-flight.ts'
import type { Remote } from '../../store/remote.ts'
import type { Source } from '../../types.ts'
import { cancelled } from '../processes.ts'
import type { Machines } from '../queue.ts'
import { openKeeper, type KeeperOptions } from './keeper.ts'
import { sourceKey, type Answer, type Task } from './tasks.ts'

export interface AskerOptions extends KeeperOptions {
  remote: Remote
}

export interface Asker {
  /** What a worker answers; undefined when it is to be done here. It is stopped when the signal is aborted. */
  ask(source: Source, task: (source: Task['source']) => Task, signal?: AbortSignal): Promise<Answer | undefined>
  machines(): Machines
  /** What is under way fails as CANCELLED. */
  close(): Promise<void>
}

/** Codes that say something of the others alone: then the work is done here. */
const OTHERS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['QUEUE_UNREACHABLE', 'STORE_UNREACHABLE', 'STORE_REFUSED'])

/** Sources held in memory at a time while they are sent. */
const SENDING = 3

/** Asks workers on other machines, which get the source from the shared store. */
export function openAsker({ remote, ...options }: AskerOptions): Asker {
  const keeper = openKeeper(options)
  let closed = 0
  const sources = singleFlight<void>()
  const sent = new Set<string>()
  const sending = pLimit(SENDING)

  const sendSource = async ({ file, local, digest, size_bytes }: Source): Promise<void> => {
    if (sent.has(digest)) return
    const key = sourceKey(digest)
    if (!(await remote.get(key))) {
      await sending(async () => {
        const bytes = await readWhole(local ?? file)
        if (sha256(bytes) !== digest) throw new ImagemillError(CHANGED)
        await remote.put(key, { size_bytes }, bytes)
      })
    }
    sent.add(digest)
  }

  return {
    async ask(asked, task, signal) {
      // The store has told why it cannot be used.
      if (!remote.writes) return undefined
      const turn = closed
      // Connections of Redis do not keep the process alive, for a build does not say when it needs them no more.
      const awake = setInterval(() => undefined, 60_000)
      try {
        const session = await keeper.session()
        if (turn !== closed) throw cancelled()
        if (!session) return undefined
        await sources(asked.digest, () => sendSource(asked))
        const { file: _file, local: _local, ...source } = asked
        const answer = await session.run(task(source), signal)
        keeper.praise()
        return answer
      } catch (error) {
        const known = asImagemillError(error)
        if (turn !== closed) throw cancelled(error)
        if (!OTHERS.has(known.code)) throw known
        // The store may have lost it.
        sent.delete(asked.digest)
        // The store tells by itself why it is not used; of its failures that pass only a build, which tries it but once, is told.
        const isTold = !remote.writes || (options.onBack && known.code !== 'QUEUE_UNREACHABLE')
        if (!isTold) keeper.complain(known)
        return undefined
      } finally {
        clearInterval(awake)
      }
    },
    machines: keeper.machines,
    async close() {
      closed++
      await keeper.close()
    },
  }
}

const CHANGED = {
  code: 'SOURCE_CHANGED',
  message: 'the file was changed while its images were being made',
  hint: 'Build again, or reload the page.',
} as const
