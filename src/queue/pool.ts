import type { Report } from '../engine/work.ts'
import type { Answer, Findings, Task } from '../engine/worker.ts'
import { ImagemillError, asImagemillError } from '../errors.ts'
import { sharedWork } from '../shared-work.ts'
import type { Output, Source, StoredOutput } from '../types.ts'
import { openLanes, type Turn } from './lanes.ts'
import { cancelled, openProcesses, type Processes } from './processes.ts'
import type { Queue } from './queue.ts'

export interface PoolOptions {
  /** Most processes at a time. */
  concurrency: number
  /** Most bytes of decoded images at a time; a larger image is worked on alone. */
  memory: number
  /** Most time for one output, in ms. */
  timeout: number
  /** Most px of a source. */
  pixelLimit: number
  /** How much other processes go before these, 0 to 19. @default 0 */
  niceness?: number | undefined
}

interface Waiting {
  output: Output
  attempts: number
  /** Says that it waits no longer. */
  begin(): void
  /** Takes it out of the batch that it is worked on in. */
  leave?: () => void
  resolve(stored: StoredOutput): void
  reject(error: ImagemillError): void
}

/** Everything that waits for one source and one store. */
interface Group {
  id: string
  source: Source
  folder: string
  waiting: Waiting[]
}

interface Question extends Turn {
  reject(error: ImagemillError): void
}

/** A process that died may have been killed from outside, so its work is tried once more. */
const ATTEMPTS = 2

interface Groups {
  /** The group whose turn it is. */
  next(): Turn | undefined
  add(source: Source, folder: string, waiting: Waiting): void
  /** Takes out an output that nobody wants any longer: of the group that it waits in, or of the work. */
  withdraw(item: Waiting): void
  /** Number of outputs that wait. */
  waiting(): number
  /** Everything that waits, which from then on does not. */
  drain(): Waiting[]
}

function openGroups({ processes, timeout, pixelLimit, start }: GroupsOptions): Groups {
  const groups = new Map<string, Group>()

  const add: Groups['add'] = (source, folder, waiting) => {
    const id = `${source.digest} ${source.file} ${folder}`
    delete waiting.leave
    const group = groups.get(id) ?? { id, source, folder, waiting: [] }
    group.waiting.push(waiting)
    groups.set(id, group)
    // Callers that ask in the same turn for more of this source are served by the same decode.
    setImmediate(start)
  }

  const runGroup = async ({ id, source, folder, waiting }: Group): Promise<void> => {
    groups.delete(id)
    const left = new Map(waiting.map((item) => [item.output.key, item]))
    const stop = new AbortController()
    let current: Waiting | undefined
    for (const item of waiting) {
      item.leave = () => {
        left.delete(item.output.key)
        // An encode cannot be stopped but with its process; what else was to be made in it is made in another one.
        if (item === current || left.size === 0) stop.abort()
      }
    }
    const onReport = (report: Report): void => {
      const item = left.get(report.key)
      if (report.type === 'started') {
        current = item
        item?.begin()
        // It is about to make what nobody wants any longer.
        if (!item) stop.abort()
        return
      }
      left.delete(report.key)
      if (report.type === 'done') item?.resolve(report.output)
      else item?.reject(new ImagemillError(report.error))
    }
    const batch = { source, outputs: waiting.map(({ output }) => output), pixelLimit }
    const ended = await processes.run({ type: 'work', batch, folder }, timeout, { onReport, signal: stop.signal }).catch(asImagemillError)
    if (left.size === 0) return
    const error = ended instanceof ImagemillError ? ended : failureOf(ended)
    // Without a report the process failed before any output; then the first one stands for all.
    const culprit = current && left.has(current.output.key) ? current : left.values().next().value
    for (const item of left.values()) {
      if (stop.signal.aborted || mayGoOn(error, item === culprit ? ++item.attempts : 0)) add(source, folder, item)
      else item.reject(error)
    }
  }

  return {
    add,
    next() {
      const [group] = groups.values()
      return group && { bytes: decodedBytes(group), begin: () => runGroup(group) }
    },
    withdraw(item) {
      for (const group of groups.values()) {
        group.waiting = group.waiting.filter((other) => other !== item)
        if (group.waiting.length === 0) groups.delete(group.id)
      }
      item.reject(cancelled())
      item.leave?.()
    },
    waiting: () => [...groups.values()].reduce((sum, { waiting }) => sum + waiting.length, 0),
    drain() {
      const waiting = [...groups.values()].flatMap((group) => group.waiting)
      groups.clear()
      return waiting
    },
  }
}

interface GroupsOptions extends Pick<PoolOptions, 'timeout' | 'pixelLimit'> {
  processes: Processes
  /** Begins what there is room for. */
  start(): void
}

/** Runs work in child processes of this machine, source by source, within bounds of CPU and memory. */
export function openPool({ concurrency, memory, timeout, pixelLimit, niceness = 0 }: PoolOptions): Queue {
  const processes = openProcesses(niceness)
  const flight = sharedWork<StoredOutput>()
  const questions: Question[] = []
  // Questions are short and plans wait for them, so they go first.
  const lanes = openLanes({ concurrency, memory, next: () => questions[0] ?? groups.next() })
  const groups = openGroups({ processes, timeout, pixelLimit, start: lanes.fill })

  const ask = (task: Task, bytes = 0): Promise<Findings> =>
    new Promise((resolve, reject) => {
      const begin = async (): Promise<void> => {
        questions.shift()
        const again = (error: unknown): Promise<Answer> => {
          if (!mayGoOn(asImagemillError(error), 1)) throw error
          return processes.run(task, timeout)
        }
        const answer = await processes.run(task, timeout).catch(again).catch(asFailure)
        if (answer.ok) resolve(answer.found)
        else reject(new ImagemillError(answer.error))
      }
      questions.push({ bytes, begin, reject })
      lanes.fill()
    })

  return {
    encode: (source, output, folder, wanted, onBegin) =>
      flight(
        `${output.key} ${folder}`,
        (signal, begin) =>
          new Promise((resolve, reject) => {
            const item: Waiting = { output, attempts: 0, begin, resolve, reject }
            signal.addEventListener('abort', () => groups.withdraw(item), { once: true })
            groups.add(source, folder, item)
          }),
        wanted,
        onBegin,
      ),
    header: async (file, format) => must((await ask({ type: 'header', file, format })).header),
    trim: async (source, question) =>
      must((await ask({ type: 'trim', source, pixelLimit, question }, TRIM_COPIES * headerBytes(source))).box),
    fact: async (source, question) =>
      must((await ask({ type: 'fact', source, pixelLimit, question }, question.operation === 'exif' ? 0 : headerBytes(source))).fact),
    versions: async () => must((await ask({ type: 'versions' })).versions),
    load: () => ({ busy: lanes.busy(), most: concurrency, waiting: questions.length + groups.waiting() }),
    rest: () => processes.rest(),
    async close() {
      for (const { reject } of [...questions.splice(0), ...groups.drain()]) reject(cancelled())
      await processes.close()
    },
  }
}

function asFailure(error: unknown): Answer {
  return { ok: false, error: asImagemillError(error).facts() }
}

/** What a worker that lives has to say against its outputs; one that says nothing has forgotten some. */
function failureOf(answer: Answer): ImagemillError {
  return answer.ok ? asImagemillError(new TypeError('a worker left out an output')) : new ImagemillError(answer.error)
}

/** Whether an output may go on after its process ended at the `attempt`th time at this output; 0 when it was at another one. */
function mayGoOn({ code }: ImagemillError, attempt: number): boolean {
  if (code === 'WORKER_CRASHED') return attempt < ATTEMPTS
  return code === 'TIMEOUT' && attempt === 0
}

function must<T>(found: T | undefined): T {
  if (found !== undefined) return found
  throw new TypeError('a worker answered something else than it was asked')
}

/** Decoded, as an uncompressed PNG, and decoded again. */
const TRIM_COPIES = 3

function headerBytes({ header: { alpha, width, height } }: Source): number {
  return (alpha ? 4 : 3) * width * height
}

/** For each pixel that a candidate is compared in: both pictures in four bytes, one of them decoded before. */
const LOOK_BYTES = 12

/** What a source may take when it is decoded, at worst, in bytes. */
function decodedBytes({ source, waiting }: Group): number {
  const { header } = source
  const frames = Math.max(...waiting.map(({ output }) => output.picture.frames))
  const rasters = waiting.map(
    ({ output: { picture } }) => (picture.frames * (picture.box ?? header).width * (picture.box ?? header).height) / picture.scale ** 2,
  )
  const looks = waiting.map(({ output: { picture, encoding } }) => (encoding.auto ? picture.frames * picture.width * picture.height : 0))
  return headerBytes(source) * frames + (header.alpha ? 4 : 3) * Math.max(...rasters) + LOOK_BYTES * Math.max(...looks)
}
