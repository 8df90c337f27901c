import type { Report } from '../engine/work.ts'
import type { Answer, Findings, Task } from '../engine/worker.ts'
import { ImagemillError } from '../errors.ts'
import type { Output, Source, StoredOutput } from '../types.ts'
import { openProcesses } from './processes.ts'
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
}

interface Waiting {
  output: Output
  attempts: number
  resolve(stored: StoredOutput): void
  reject(error: ImagemillError): void
}

/** Everything that waits for one source and one store. */
interface Group {
  source: Source
  folder: string
  waiting: Waiting[]
}

/** A process that died may have been killed from outside, so its output is tried once more. */
const ATTEMPTS = 2

/** Runs work in child processes of this machine, source by source, within bounds of CPU and memory. */
export function openPool(options: PoolOptions): Queue {
  const processes = openProcesses(options.concurrency)
  const groups = new Map<string, Group>()
  const lanes: (() => void)[] = []
  let running = 0
  let memory = 0
  /** Raised by `close`: what was begun before is given up, not tried again in processes that would be new. */
  let closed = 0

  const add = (source: Source, folder: string, waiting: Waiting): void => {
    const id = `${source.digest} ${source.file} ${folder}`
    const group = groups.get(id) ?? { source, folder, waiting: [] }
    group.waiting.push(waiting)
    groups.set(id, group)
    // Callers that ask in the same turn for more of this source are served by the same decode.
    setImmediate(start)
  }

  const start = (): void => {
    // Questions are short and plans wait for them, so they go first.
    if (running < options.concurrency) lanes.shift()?.()
    for (const [id, group] of groups) {
      const bytes = decodedBytes(group)
      if (running >= options.concurrency || (running > 0 && memory + bytes > options.memory)) return
      groups.delete(id)
      void occupy(bytes, () => runGroup(group))
    }
  }

  const occupy = async <T>(bytes: number, task: () => Promise<T>): Promise<T> => {
    running++
    memory += bytes
    try {
      return await task()
    } finally {
      running--
      memory -= bytes
      start()
    }
  }

  const runGroup = async ({ source, folder, waiting }: Group): Promise<void> => {
    const begun = closed
    const left = new Map(waiting.map((item) => [item.output.key, item]))
    let current: Waiting | undefined
    const onReport = (report: Report): void => {
      const item = left.get(report.key)
      if (report.type === 'started') return void (current = item ?? current)
      left.delete(report.key)
      if (report.type === 'done') item?.resolve(report.output)
      else item?.reject(new ImagemillError(report.error))
    }
    const batch = { source, outputs: waiting.map(({ output }) => output), pixelLimit: options.pixelLimit }
    try {
      unwrap(await processes.run({ type: 'work', batch, folder }, options.timeout, onReport))
    } catch (error) {
      if (!(error instanceof ImagemillError)) throw error
      if (begun !== closed) return giveUp(left.values())
      // Without a report the process failed before any output; then the first one stands for all.
      const culprit = current && left.has(current.output.key) ? current : left.values().next().value
      for (const item of left.values()) {
        if (item === culprit && (++item.attempts >= ATTEMPTS || error.code !== 'WORKER_CRASHED')) item.reject(error)
        else add(source, folder, item)
      }
    }
  }

  const ask = async (task: Task): Promise<Findings> => {
    const begun = closed
    if (running >= options.concurrency) await new Promise<void>((resolve) => lanes.push(resolve))
    if (begun !== closed) throw givenUp()
    return occupy(0, async () => unwrap(await processes.run(task, options.timeout)))
  }

  return {
    encode: (source, output, folder) => new Promise((resolve, reject) => add(source, folder, { output, attempts: 0, resolve, reject })),
    header: async (file, format) => must((await ask({ type: 'header', file, format })).header),
    trim: async (source, question) => must((await ask({ type: 'trim', source, pixelLimit: options.pixelLimit, question })).box),
    versions: async () => must((await ask({ type: 'versions' })).versions),
    async close() {
      closed++
      for (const { waiting } of groups.values()) giveUp(waiting)
      groups.clear()
      await processes.close()
    },
  }
}

function giveUp(waiting: Iterable<Waiting>): void {
  for (const { reject } of waiting) reject(givenUp())
}

function givenUp(): ImagemillError {
  return new ImagemillError({ code: 'WORKER_CRASHED', message: 'the image was given up because the server or the build was closed', hint: 'It is made when it is next asked for.' })
}

function unwrap(answer: Answer): Findings {
  if (answer.ok) return answer.found
  throw new ImagemillError(answer.error)
}

function must<T>(found: T | undefined): T {
  if (found !== undefined) return found
  throw new TypeError('a worker answered something else than it was asked')
}

/** What a source may take when it is decoded, at worst, in bytes. */
function decodedBytes({ source: { header }, waiting }: Group): number {
  const channels = header.alpha ? 4 : 3
  const rasters = waiting.map(({ output: { picture } }) => (picture.frames * (picture.box ?? header).width * (picture.box ?? header).height) / picture.scale ** 2)
  return channels * (header.width * header.height * Math.max(1, ...waiting.map(({ output }) => output.picture.frames)) + Math.max(0, ...rasters))
}
