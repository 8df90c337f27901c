import pLimit from 'p-limit'
import { ImagemillError, asImagemillError, type ErrorCode } from '../../errors.ts'
import { readWhole } from '../../files.ts'
import { sha256 } from '../../hash.ts'
import { singleFlight } from '../../single-flight.ts'
import { describeEngine, encoderVersions } from '../../source/encoder-versions.ts'
import type { Remote } from '../../store/remote.ts'
import type { Source } from '../../types.ts'
import { cancelled } from '../processes.ts'
import type { Queue } from '../queue.ts'
import type { Connecting } from './connect.ts'
import { openSession, type Session } from './session.ts'
import { sourceKey, type Answer, type Task } from './tasks.ts'

export interface AskerOptions extends Connecting {
  /** Knows the versions of the codecs. */
  pool: Pick<Queue, 'versions'>
  remote: Remote
  /** Told once why the work is done here. */
  warn(error: ImagemillError): void
}

export interface Asker {
  /** What a worker answers; undefined when it is to be done here. */
  ask(source: Source, task: (source: Task['source']) => Task): Promise<Answer | undefined>
  /** What is under way fails as CANCELLED. */
  close(): Promise<void>
}

/** Codes that say something of the others alone: then the work is done here. */
const OTHERS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['QUEUE_UNREACHABLE', 'STORE_UNREACHABLE', 'STORE_REFUSED'])

/** Sources held in memory at a time while they are sent. */
const SENDING = 3

/** Asks workers on other machines, which get the source from the shared store. */
export function openAsker({ pool, remote, warn, ...connecting }: AskerOptions): Asker {
  let opening: Promise<Session | undefined> | undefined
  let told = false
  let closed = 0
  const sources = singleFlight<void>()
  const sent = new Set<string>()
  const sending = pLimit(SENDING)

  const tell = (error: ImagemillError): undefined => {
    if (!told) warn(error)
    told = true
  }

  /** Only what is wrong with the settings is an error; that nobody is there makes it slower. */
  const open = (): Promise<Session | undefined> =>
    (opening ??= (async () => {
      const versions = await encoderVersions(() => pool.versions())
      return openSession({ ...connecting, versions, engine: describeEngine(versions) })
    })().catch((error: unknown) => {
      const known = asImagemillError(error)
      if (known.code !== 'QUEUE_UNREACHABLE') throw known
      return tell(known)
    }))

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
    async ask(asked, task) {
      // The store has told why it cannot be used.
      if (!remote.writes) return undefined
      const turn = closed
      // Connections of Redis do not keep the process alive, for a build does not say when it needs them no more.
      const awake = setInterval(() => undefined, 60_000)
      try {
        const session = await open()
        if (turn !== closed) throw cancelled()
        if (!session) return undefined
        await sources(asked.digest, () => sendSource(asked))
        const { file: _file, local: _local, ...source } = asked
        return await session.run(task(source))
      } catch (error) {
        const known = asImagemillError(error)
        if (turn !== closed) throw cancelled(error)
        if (!OTHERS.has(known.code)) throw known
        return tell(known)
      } finally {
        clearInterval(awake)
      }
    },
    async close() {
      closed++
      const session = await opening?.catch(() => undefined)
      opening = undefined
      await session?.close()
    },
  }
}

const CHANGED = {
  code: 'SOURCE_CHANGED',
  message: 'the file was changed while its images were being made',
  hint: 'Build again, or reload the page.',
} as const
