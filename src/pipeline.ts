import { ImagemillError } from './errors.ts'
import { ifWritable } from './files.ts'
import { sha256 } from './hash.ts'
import { planRequest, planViews, type Plan } from './query/plan.ts'
import { prunePlan } from './query/prune.ts'
import type { Request } from './query/request.ts'
import type { Load, Machines, Queue } from './queue/queue.ts'
import { sharedWork } from './shared-work.ts'
import { singleFlight } from './single-flight.ts'
import { encoderVersions } from './source/encoder-versions.ts'
import { fileShowsPosition } from './source/position-memo.ts'
import { sourceReader } from './source/reader.ts'
import type { RemoteOptions } from './source/remote-options.ts'
import { trimmedBox } from './source/trim.ts'
import { keptFact } from './store/fact.ts'
import { once } from './store/once.ts'
import { inScratch } from './store/open.ts'
import { isOutput, storedOutput } from './store/output.ts'
import { openRunStore, type RunStore } from './store/run-store.ts'
import type { Shared } from './store/shared.ts'
import type { Store } from './store/store.ts'
import { storeSize } from './store/sweep.ts'
import type { Fact, Output, Source, StoredFact, StoredOutput } from './types.ts'

export interface PipelineOptions {
  /** Absolute path of the cache folder. */
  folder: string
  /** Most bytes the store keeps after a run. */
  maxSize: number
  /** Most px of a source or an output, over all frames. */
  pixelLimit: number
  queue: Queue
  /** Which images of other servers are fetched; none when it is left out. */
  remote?: RemoteOptions | undefined
  /** What other machines made, and what they get. */
  shared?: Shared | undefined
  /** Time without any progress after which another build that makes the same is not waited for any longer, in ms. */
  patience: number
  /** Told once when the store cannot be used. */
  warn(error: ImagemillError): void
}

/** An output together with the source it is made from: all that is needed to make it at any later time. */
export interface PlannedOutput {
  source: Source
  output: Output
}

/** A question together with the source it is about. */
export interface PlannedFact {
  source: Source
  fact: Fact
}

export interface Planned {
  source: Source
  plan: Plan
}

/** The one way from a request to its outputs, shared by plugin, command line and service. */
export interface Pipeline {
  /** Settles a request of a file, or of an address, without decoding a pixel (only `trim` needs to look at them, and `prune` at files). */
  plan(file: string, request: Request): Promise<Planned>
  /**
   * The facts of an output, which is made if the store does not have it. `cached` says that an earlier run did. It is no
   * longer made when the signals of all who asked for it are aborted. `onBegin` is called when its turn has come, if it must
   * be made.
   */
  make(planned: PlannedOutput, signal?: AbortSignal, onBegin?: () => void): Promise<StoredOutput & { cached: boolean }>
  /** The bytes of an output, verified; made anew if they are missing or damaged, which `healed` says. */
  read(planned: PlannedOutput, signal?: AbortSignal): Promise<{ bytes: Buffer; healed: boolean }>
  /** The bytes of an output that is only looked at: it is made for every call, and nothing of it is kept in the store. */
  glimpse(planned: PlannedOutput, signal?: AbortSignal): Promise<Buffer>
  /** The answer to a question, found if the store does not have it. `cached` says that an earlier run did. */
  fact(planned: PlannedFact): Promise<StoredFact & { cached: boolean }>
  /** Whether an image file says where it was taken; what cannot be read as an image does not. */
  showsPosition(file: string): Promise<boolean>
  /** The bytes of an output that an earlier process made, or undefined. */
  find(key: string): Promise<Buffer | undefined>
  /** What is known of an output that this run or an earlier one made; nothing is made. */
  known(key: string): Promise<(StoredOutput & { cached: boolean }) | undefined>
  /** What goes on, and how much the store holds. */
  load(): Promise<Load & { store: { size_bytes: number; most_bytes: number } }>
  /** What is known of other machines that do work; undefined where there are none. */
  machines(): Machines | undefined
  /** Entries that were found damaged and made anew. */
  damaged(): Promise<number>
  /** Brings the store back to its size, after a build. */
  tidy(): Promise<void>
  /** Forgets what was made or found so far, which the store knows: a run without an end must not grow. */
  forget(): void
  /** Gives back the memory of what waits for images to be made; it is there again when there are some. */
  rest(): void
  close(): Promise<void>
}

/** A damaged entry is made anew at once; if it is damaged again the disk is failing. */
const READS = 3

export function openPipeline({ folder, maxSize, pixelLimit, queue, remote, shared, patience, warn }: PipelineOptions): Pipeline {
  const store = openRunStore({ folder, maxSize, warn })
  const flight = sharedWork<StoredOutput & { cached: boolean }>()
  /** What was made or found so far, so that it is looked up once. */
  const seen = new Map<string, StoredOutput>()
  /** Keys made since the last `tidy`: the rest came from the cache. */
  const fresh = new Set<string>()
  const look = sourceReader({ inspect: (path, format) => queue.header(path, format), remote, shared, store, warn })
  const encode = outputMaker({ folder, queue, shared, patience, write: store.write })
  const versions = encoderHash(queue)

  const answer = (stored: StoredOutput): StoredOutput & { cached: boolean } => ({ ...stored, cached: !fresh.has(stored.key) })

  const make: Pipeline['make'] = async (planned, signal, onBegin) => {
    const { key } = planned.output
    const known = seen.get(key)
    return known ? answer(known) : flight(key, (stop, begin) => findOrMake(planned, stop, begin), signal, onBegin)
  }

  const findOrMake = async (planned: PlannedOutput, signal: AbortSignal, begin: () => void): ReturnType<Pipeline['make']> => {
    const { key } = planned.output
    const found = findIn(await store.open(), key)
    let isMade = !found
    const stored = found ?? (await encode(planned, signal, { onFetched: () => (isMade = false), begin }))
    seen.set(key, stored)
    if (isMade) fresh.add(key)
    return answer(stored)
  }

  return {
    make,
    fact: factFinder({ queue, shared, fresh, open: () => store.open() }),
    async plan(file, request) {
      const opened = await store.open()
      const encoderVersion = await versions()
      const source = await look.read(file, request, opened)
      const settle = async (part: Request): Promise<Plan> => {
        const trimmed = await trimmedBox(part, source, { store: opened, shared, find: (question) => queue.trim(source, question) })
        return planRequest(part, source, { encoder: encoderVersion, pixelLimit, trimmed })
      }
      return { source, plan: await planWhole(request, settle, async (output) => (await make({ source, output })).size_bytes) }
    },
    async read(planned, signal) {
      for (let attempt = 0; attempt < READS; attempt++) {
        const { key, digest, size_bytes } = await make(planned, signal)
        const bytes = await (await store.open()).read(key, { digest, size_bytes })
        if (bytes) return { bytes, healed: attempt > 0 }
        seen.delete(key)
      }
      throw failing(folder)
    },
    glimpse: async (planned, signal) => glimpseOf(planned, queue, signal),
    showsPosition: async (file) => fileShowsPosition(file, await store.open()),
    async find(key) {
      const opened = await store.open()
      const blob = opened.get(key)?.blob
      return blob && opened.read(key, blob)
    },
    known: async (key) => {
      const stored = seen.get(key) ?? findIn(await store.open(), key)
      return stored && answer(stored)
    },
    load: async () => ({ ...queue.load(), store: { size_bytes: await storeSize(folder), most_bytes: maxSize } }),
    machines: () => queue.machines?.(),
    damaged: () => store.damaged(),
    async tidy() {
      fresh.clear()
      look.forget()
      await look.written()
      await shared?.settle()
      await store.tidy()
    },
    forget() {
      seen.clear()
      look.forget()
    },
    rest: () => queue.rest(),
    async close() {
      await queue.close()
      await look.written()
      await shared?.settle()
      await shared?.close()
      await store.close()
    },
  }
}

function glimpseOf({ source, output }: PlannedOutput, queue: Queue, signal?: AbortSignal): Promise<Buffer> {
  return inScratch(async (scratch) => {
    const { key, digest, size_bytes } = await queue.encode(source, output, scratch.folder, signal)
    const bytes = await scratch.read(key, { digest, size_bytes })
    if (!bytes) throw failing(scratch.folder)
    return bytes
  })
}

/** Versions of the encoders as a hash, which says as much, and is part of every key. */
function encoderHash(queue: Queue): () => Promise<string> {
  let encoder: Promise<string> | undefined
  return () => {
    encoder ??= encoderVersions(() => queue.versions()).then(sha256)
    // A failure is not kept: the next caller tries anew.
    encoder.catch(() => (encoder = undefined))
    return encoder
  }
}

function failing(folder: string): ImagemillError {
  return new ImagemillError({
    code: 'STORE_UNUSABLE',
    message: `an image was damaged in the cache folder ${folder} ${READS} times in a row`,
    hint: 'Check the disk, or set `cache.dir` to another one.',
  })
}

/** The plan of a request and its breakpoints; what loses to a later format is known only when it is made. */
async function planWhole(
  request: Request,
  settle: (part: Request) => Promise<Plan>,
  sizeOf: (output: Output) => Promise<number>,
): Promise<Plan> {
  const main = await settle(request)
  const art = await Promise.all(request.art.map((part) => settle(part.request)))
  const plan = art.length === 0 ? main : planViews(request, main, art)
  return request.values.prune?.[0] ? prunePlan(plan, sizeOf) : plan
}

/** Has an output from other machines, or makes it: once for all builds that share the store; a temporary one is ours alone. */
function outputMaker({
  folder,
  queue,
  shared,
  patience,
  write,
}: Pick<PipelineOptions, 'folder' | 'queue' | 'shared' | 'patience'> & Pick<RunStore, 'write'>): (
  planned: PlannedOutput,
  signal: AbortSignal,
  tell: { onFetched(): void; begin(): void },
) => Promise<StoredOutput> {
  return ({ source, output }, signal, { onFetched, begin }): Promise<StoredOutput> =>
    write((opened) => {
      const make = async (): Promise<StoredOutput> => {
        const made = await queue.encode(source, output, opened.folder, signal, begin)
        shared?.send(output.key, opened)
        return made
      }
      const work = async (): Promise<StoredOutput> => {
        const fetched = await shared?.find(source.digest, output.key, opened, isOutput)
        if (!fetched) return make()
        onFetched()
        return storedOutput(fetched)
      }
      return opened.folder === folder ? once(folder, output.key, { patience, make: work, find: () => findIn(opened, output.key) }) : work()
    })
}

function findIn(store: Store, key: string): StoredOutput | undefined {
  const entry = store.get(key)
  return entry && storedOutput(entry)
}

/** Answers questions about sources, each once for all who ask; an answer is kept in the store. */
interface FactContext {
  queue: Queue
  shared: Shared | undefined
  fresh: Set<string>
  open(): Promise<Store>
}

function factFinder({ queue, shared, fresh, open }: FactContext): Pipeline['fact'] {
  const flight = singleFlight<StoredFact>()
  const seen = new Map<string, StoredFact>()
  const find = async ({ source, fact: { key, question } }: PlannedFact): Promise<StoredFact> => {
    const store = await open()
    const kept = keptFact(store.get(key)?.value)
    if (kept) return kept
    const fetched = keptFact((await shared?.find(source.digest, key, store, ({ value }) => keptFact(value) !== undefined))?.value)
    if (fetched) return fetched
    const found = await queue.fact(source, question)
    fresh.add(key)
    // What cannot be kept is found out again next time.
    if (await ifWritable(() => store.put(key, found))) shared?.send(key, store)
    return found
  }
  return async (planned) => {
    const { key } = planned.fact
    const found = seen.get(key) ?? (await flight(key, () => find(planned)))
    seen.set(key, found)
    return { ...found, cached: !fresh.has(key) }
  }
}
