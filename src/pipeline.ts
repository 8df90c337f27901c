import { ImagemillError } from './errors.ts'
import { planRequest, displayedSize, type Plan } from './query/plan.ts'
import { cropBox } from './query/size.ts'
import type { Request } from './query/request.ts'
import type { Queue } from './queue/queue.ts'
import { singleFlight } from './single-flight.ts'
import { encoderVersions } from './source/encoder-versions.ts'
import { readSource } from './source/read.ts'
import { openStore, temporaryStore } from './store/open.ts'
import { diskStore } from './store/disk.ts'
import { storedOutput } from './store/output.ts'
import { once } from './store/once.ts'
import { sweep } from './store/sweep.ts'
import type { Store } from './store/store.ts'
import { ifWritable, isUnwritable } from './files.ts'
import { canonical, isRecord, sha256 } from './hash.ts'
import type { Box, Output, Source, StoredOutput } from './types.ts'

export interface PipelineOptions {
  /** Absolute path of the cache folder. */
  folder: string
  /** Most bytes the store keeps after a run. */
  maxSize: number
  /** Most px of a source or an output, over all frames. */
  pixelLimit: number
  queue: Queue
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

export interface Planned {
  source: Source
  plan: Plan
}

/** The one way from a request to its outputs, shared by plugin, command line and service. */
export interface Pipeline {
  /** Settles a request without decoding a pixel (only `trim` needs to look at them). */
  plan(file: string, request: Request): Promise<Planned>
  /** The facts of an output, which is made if the store does not have it. `cached` says that an earlier run did. */
  make(planned: PlannedOutput): Promise<StoredOutput & { cached: boolean }>
  /** The bytes of an output, verified; made anew if they are missing or damaged. */
  read(planned: PlannedOutput): Promise<Buffer>
  /** The bytes of an output that an earlier process made, or undefined. */
  find(key: string): Promise<Buffer | undefined>
  /** Entries that were found damaged and made anew. */
  damaged(): Promise<number>
  /** Brings the store back to its size, after a build. */
  tidy(): Promise<void>
  close(): Promise<void>
}

/** A damaged entry is made anew at once; if it is damaged again the disk is failing. */
const READS = 3

export function openPipeline({ folder, maxSize, pixelLimit, queue, patience, warn }: PipelineOptions): Pipeline {
  const flight = singleFlight<StoredOutput & { cached: boolean }>()
  let opening: Promise<Store> | undefined
  let encoder: Promise<string> | undefined
  /** What was made or found so far, so that it is looked up once. */
  const known = new Map<string, StoredOutput>()
  /** Keys made since the last `tidy`: the rest came from the cache. */
  const fresh = new Set<string>()

  const open = (): Promise<Store> => (opening ??= orElse(openTidy(), () => (opening = undefined)))

  /** Opens the store, within its size even if the last run was killed. */
  const openTidy = async (): Promise<Store> => {
    try {
      const store = await openStore(folder)
      await ifWritable(() => sweep(folder, maxSize))
      return store
    } catch (error) {
      return fallBack(diskStore(folder), error)
    }
  }

  const fallBack = async (store: Store, error: unknown): Promise<Store> => {
    if (!isUnusable(error)) throw error
    warn(error)
    try {
      return await temporaryStore(store)
    } catch (cause) {
      throw isUnwritable(cause) ? full(cause) : cause
    }
  }

  const full = (cause: unknown): ImagemillError => new ImagemillError({ code: 'DISK_FULL', message: `neither the cache folder ${folder} nor a temporary one can be written`, hint: 'Free some space on the disk.' }, { cause })

  /** Makes an output in the store; when that cannot be written to, in a temporary one. */
  const encode = async ({ source, output }: PlannedOutput): Promise<StoredOutput> => {
    const opened = open()
    const store = await opened
    try {
      const make = (): Promise<StoredOutput> => queue.encode(source, output, store.folder)
      return await (store.folder === folder ? once(folder, output.key, { patience, make, find: () => findIn(store, output.key) }) : make())
    } catch (error) {
      if (!isUnusable(error)) throw error
      if (store.folder !== folder) throw full(error)
      // Several outputs fail together; the first one opens the temporary store for all.
      if (opening === opened) opening = orElse(fallBack(store, error), () => (opening = undefined))
      return encode({ source, output })
    }
  }

  const make = (planned: PlannedOutput): Promise<StoredOutput & { cached: boolean }> =>
    flight(planned.output.key, async () => {
      const { key } = planned.output
      const found = known.get(key) ?? findIn(await open(), key)
      const stored = found ?? (await encode(planned))
      known.set(key, stored)
      if (!found) fresh.add(key)
      return { ...stored, cached: !fresh.has(key) }
    })

  const trimmed = async (request: Request, source: Source): Promise<Box | undefined> => {
    const [threshold] = request.values.trim ?? []
    if (threshold === undefined || threshold === false) return undefined
    const orient = !(request.values.noAutoOrient?.[0] ?? false)
    const whole = displayedSize(source.header, orient)
    const crop = request.values.crop?.[0]
    const box = (crop === undefined ? undefined : cropBox(crop, whole)) ?? { left: 0, top: 0, ...whole }
    const question = { orient, box, threshold: threshold === true ? undefined : threshold }
    const store = await open()
    const key = sha256(canonical({ trim: question, source: source.digest }))
    const known = store.get(key)?.value
    if (isBox(known)) return known
    const found = await queue.trim(source, question)
    await ifWritable(() => store.put(key, found))
    return found
  }

  const tidy = async (): Promise<void> => {
    fresh.clear()
    if (opening && (await opening).folder === folder) await ifWritable(() => sweep(folder, maxSize))
  }

  return {
    make,
    async plan(file, request) {
      const store = await open()
      encoder ??= orElse(encoderVersions(() => queue.versions()), () => (encoder = undefined))
      const source = await readSource(file, { store, inspect: (path, format) => queue.header(path, format) })
      const plan = planRequest(request, source, { encoder: await encoder, pixelLimit, trimmed: await trimmed(request, source) })
      return { source, plan }
    },
    async read(planned) {
      for (let attempt = 0; attempt < READS; attempt++) {
        const { key, digest, size_bytes } = await make(planned)
        const bytes = await (await open()).read(key, { digest, size_bytes })
        if (bytes) return bytes
        known.delete(key)
      }
      throw new ImagemillError({ code: 'STORE_UNUSABLE', message: `an image was damaged in the cache folder ${folder} ${READS} times in a row`, hint: 'Check the disk, or set `cache.dir` to another one.' })
    },
    async find(key) {
      const store = await open()
      const blob = store.get(key)?.blob
      return blob && store.read(key, blob)
    },
    damaged: async () => (opening ? (await open()).damaged : 0),
    tidy,
    async close() {
      await queue.close()
      await tidy()
      const closing = opening
      opening = undefined
      await (await closing)?.close()
    },
  }
}

function findIn(store: Store, key: string): StoredOutput | undefined {
  const entry = store.get(key)
  return entry && storedOutput(entry)
}

/** A failure is not kept: the next caller tries anew. */
function orElse<T>(promise: Promise<T>, forget: () => void): Promise<T> {
  promise.catch(forget)
  return promise
}

function isUnusable(error: unknown): error is ImagemillError {
  return error instanceof ImagemillError && error.code === 'STORE_UNUSABLE'
}

function isBox(value: unknown): value is Box {
  return isRecord(value) && ['left', 'top', 'width', 'height'].every((key) => typeof value[key] === 'number')
}
