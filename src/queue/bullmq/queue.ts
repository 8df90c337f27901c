import { ImagemillError, asImagemillError, type ErrorCode } from '../../errors.ts'
import { readWhole } from '../../files.ts'
import { sha256 } from '../../hash.ts'
import { singleFlight } from '../../single-flight.ts'
import { describeEngine, encoderVersions } from '../../source/encoder-versions.ts'
import { diskStore } from '../../store/disk.ts'
import { isOutput, storedOutput } from '../../store/output.ts'
import type { Remote } from '../../store/remote.ts'
import type { Shared } from '../../store/shared.ts'
import type { Output, Source, StoredOutput } from '../../types.ts'
import pLimit from 'p-limit'
import { cancelled } from '../processes.ts'
import type { Queue } from '../queue.ts'
import type { Connecting } from './connect.ts'
import { openSession, type Session } from './session.ts'
import { sourceKey, type Answer, type Task } from './tasks.ts'

export interface BullmqOptions extends Connecting {
  /** Does what the workers cannot do. */
  pool: Queue
  remote: Remote
  shared: Shared
  /** Told once why the work is done here. */
  warn(error: ImagemillError): void
}

interface Group {
  source: Source
  folder: string
  waiting: Map<string, Waiting>
}

interface Waiting {
  output: Output
  resolve(stored: StoredOutput): void
  reject(error: ImagemillError): void
}

/** Codes that say something of the others alone: then the work is done here. */
const OTHERS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['QUEUE_UNREACHABLE', 'STORE_UNREACHABLE', 'STORE_REFUSED'])

/** Sources held in memory at a time while they are sent. */
const SENDING = 3

/** Has work done by workers on other machines; sources and outputs go through the shared store. Without workers it is done by the pool. */
export function openBullmq({ pool, remote, shared, warn, ...connecting }: BullmqOptions): Queue {
  let opening: Promise<Session | undefined> | undefined
  let told = false
  let closed = 0
  const flight = singleFlight<StoredOutput>()
  const sources = singleFlight<void>()
  const sent = new Set<string>()
  const sending = pLimit(SENDING)
  const groups = new Map<string, Group>()

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

  /** What a worker answers; undefined when it is to be done here. */
  const ask = async ({ file, local, ...source }: Source, task: (source: Task['source']) => Task): Promise<Answer | undefined> => {
    // The store has told why it cannot be used.
    if (!remote.writes) return undefined
    const turn = closed
    // Connections of Redis do not keep the process alive, for a build does not say when it needs them no more.
    const awake = setInterval(() => undefined, 60_000)
    try {
      const session = await open()
      if (turn !== closed) throw cancelled()
      if (!session) return undefined
      await sources(source.digest, () => sendSource({ file, ...(local !== undefined && { local }), ...source }))
      return await session.run(task(source))
    } catch (error) {
      const known = asImagemillError(error)
      if (turn !== closed) throw cancelled(error)
      if (!OTHERS.has(known.code)) throw known
      return tell(known)
    } finally {
      clearInterval(awake)
    }
  }

  const here = ({ source, folder }: Group, { output, resolve, reject }: Waiting): void =>
    void pool.encode(source, output, folder).then(resolve, (error: unknown) => reject(asImagemillError(error)))

  const runGroup = async (group: Group): Promise<void> => {
    const items = [...group.waiting.values()]
    try {
      const answer = await ask(group.source, (source) => ({ type: 'encode', source, outputs: items.map(({ output }) => output) }))
      const failed = new Map(answer?.failed?.map(({ key, error }) => [key, error]))
      const store = diskStore(group.folder)
      for (const item of items) {
        const error = failed.get(item.output.key)
        if (error) item.reject(new ImagemillError(error))
        else if (answer) void fetchOutput(group, item, store)
        else here(group, item)
      }
    } catch (error) {
      for (const { reject } of items) reject(asImagemillError(error))
    }
  }

  const fetchOutput = async (group: Group, item: Waiting, store: ReturnType<typeof diskStore>): Promise<void> => {
    try {
      const entry = await shared.fetch(item.output.key, store, isOutput)
      if (entry) item.resolve(storedOutput(entry))
      // It went missing on the way.
      else here(group, item)
    } catch (error) {
      item.reject(asImagemillError(error))
    }
  }

  const add = (source: Source, folder: string, waiting: Waiting): void => {
    const id = `${source.digest} ${source.file} ${folder}`
    const group = groups.get(id) ?? { source, folder, waiting: new Map<string, Waiting>() }
    group.waiting.set(waiting.output.key, waiting)
    if (groups.has(id)) return
    groups.set(id, group)
    // What is asked for in the same turn of the same source is done from one decode.
    setImmediate(() => {
      if (groups.delete(id)) void runGroup(group)
    })
  }

  return {
    encode: (source, output, folder) =>
      flight(`${output.key} ${folder}`, () => new Promise((resolve, reject) => add(source, folder, { output, resolve, reject }))),
    header: (file, format) => pool.header(file, format),
    versions: () => pool.versions(),
    async trim(source, question) {
      const answer = await ask(source, (its) => ({ type: 'trim', source: its, question }))
      if (answer?.error) throw new ImagemillError(answer.error)
      return answer?.box ?? pool.trim(source, question)
    },
    async fact(source, question) {
      const answer = await ask(source, (its) => ({ type: 'fact', source: its, question }))
      if (answer?.error) throw new ImagemillError(answer.error)
      return answer?.fact ?? pool.fact(source, question)
    },
    async close() {
      closed++
      for (const { reject } of [...groups.values()].flatMap(({ waiting }) => [...waiting.values()])) reject(cancelled())
      groups.clear()
      const session = await opening?.catch(() => undefined)
      opening = undefined
      await session?.close()
      await pool.close()
    },
  }
}

const CHANGED = {
  code: 'SOURCE_CHANGED',
  message: 'the file was changed while its images were being made',
  hint: 'Build again, or reload the page.',
} as const
