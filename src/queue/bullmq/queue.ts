import { ImagemillError, asImagemillError } from '../../errors.ts'
import { sharedWork } from '../../shared-work.ts'
import { diskStore } from '../../store/disk.ts'
import { isOutput, storedOutput } from '../../store/output.ts'
import type { Shared } from '../../store/shared.ts'
import type { Store } from '../../store/store.ts'
import type { Output, Source, StoredOutput } from '../../types.ts'
import { cancelled } from '../processes.ts'
import type { Queue } from '../queue.ts'
import { openAsker, type AskerOptions } from './ask.ts'
import type { Task } from './tasks.ts'

export interface BullmqOptions extends AskerOptions {
  /** Does what the workers cannot do. */
  pool: Queue
  shared: Shared
}

interface Group {
  source: Source
  folder: string
  waiting: Map<string, Waiting>
}

interface Waiting {
  output: Output
  /** Aborted when nobody wants it any longer. */
  signal: AbortSignal
  resolve(stored: StoredOutput): void
  reject(error: ImagemillError): void
}

/** Has work done by workers on other machines; sources and outputs go through the shared store. Without workers it is done by the pool. */
export function openBullmq({ pool, shared, ...options }: BullmqOptions): Queue {
  const { ask, machines, close } = openAsker({ pool, ...options })
  const flight = sharedWork<StoredOutput>()
  const groups = new Map<string, Group>()

  const here = ({ source, folder }: Group, { output, signal, resolve, reject }: Waiting): void =>
    void pool.encode(source, output, folder, signal).then(resolve, (error: unknown) => reject(asImagemillError(error)))

  const fetchOutput = async (group: Group, item: Waiting, store: Store): Promise<void> => {
    try {
      const entry = await shared.fetch(item.output.key, store, isOutput)
      if (entry) item.resolve(storedOutput(entry))
      // It went missing on the way.
      else here(group, item)
    } catch (error) {
      item.reject(asImagemillError(error))
    }
  }

  const runGroup = async (group: Group): Promise<void> => {
    const items = [...group.waiting.values()]
    try {
      const task = (source: Task['source']): Task => ({ type: 'encode', source, outputs: items.map(({ output }) => output) })
      const answer = await ask(group.source, task, allOf(items.map(({ signal }) => signal)))
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

  const add = (source: Source, folder: string, waiting: Waiting): void => {
    const id = `${source.digest} ${source.file} ${folder}`
    const known = groups.get(id)
    if (known) return void known.waiting.set(waiting.output.key, waiting)
    const group = { source, folder, waiting: new Map([[waiting.output.key, waiting]]) }
    groups.set(id, group)
    // What is asked for in the same turn of the same source is done from one decode.
    setImmediate(() => {
      if (groups.delete(id)) void runGroup(group)
    })
  }

  return {
    encode: (source, output, folder, wanted) =>
      // A module of this project is not on other machines, and they load none that a queue names.
      output.picture.transforms
        ? pool.encode(source, output, folder, wanted)
        : flight(
            `${output.key} ${folder}`,
            (signal) =>
              new Promise((resolve, reject) => {
                signal.addEventListener('abort', () => reject(cancelled()), { once: true })
                add(source, folder, { output, signal, resolve, reject })
              }),
            wanted,
          ),
    header: (file, format) => pool.header(file, format),
    versions: () => pool.versions(),
    load: () => pool.load(),
    rest: () => pool.rest(),
    machines,
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
      for (const { waiting } of groups.values()) for (const { reject } of waiting.values()) reject(cancelled())
      groups.clear()
      await close()
      await pool.close()
    },
  }
}

/** Aborted when all of them are: what is made from one decode is stopped when nobody wants any of it. */
function allOf(signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController()
  const stop = (): void => {
    if (signals.every(({ aborted }) => aborted)) controller.abort()
  }
  for (const signal of signals) signal.addEventListener('abort', stop, { once: true })
  stop()
  return controller.signal
}
