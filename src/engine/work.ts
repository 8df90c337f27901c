import { readFile } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import type { Sharp } from 'sharp'
import { ImagemillError, asImagemillError, systemCode, type ErrorFacts } from '../errors.ts'
import { isUnwritable } from '../files.ts'
import { canonical, sha256 } from '../hash.ts'
import type { Store } from '../store/store.ts'
import { storedOutput } from '../store/output.ts'
import type { Output, Picture, Source, StoredOutput } from '../types.ts'
import { makeFrames, needsFrames } from './frames.ts'
import { encodeUnseen, isEncodedUnseen, makeOutput, type Made } from './output.ts'
import { makePicture, resizedImage } from './picture.ts'
import { withColours } from './profile.ts'
import { decodeRaster, drawVector, type Loaded, type Pixels } from './raster.ts'
import { cutAt, isSmart, smartPlaceIn } from './smart.ts'
import { scalableSvg } from './svg.ts'

/** Outputs of one source that are made together. */
export interface Batch {
  source: Source
  outputs: Output[]
  /** Most px that the source may have. */
  pixelLimit: number
}

/** What a worker tells while it works: which output it is at, and how each one ended. */
export type Report =
  | { type: 'started'; key: string }
  | { type: 'done'; key: string; output: StoredOutput }
  | { type: 'failed'; key: string; error: ErrorFacts }

/**
 * Makes the outputs of a batch: one decode per raster, one resize per size, one encode per output.
 * Bytes go to the store; only facts are reported.
 */
export async function work(batch: Batch, store: Store, report: (report: Report) => void): Promise<void> {
  const [first] = batch.outputs
  if (!first) return
  report({ type: 'started', key: first.key })
  try {
    const loaded = await loadSource(batch)
    for (const group of groupBy(batch.outputs, ({ picture }) => rasterKey(batch.source, picture)))
      await workRaster(loaded, group, store, report)
  } catch (error) {
    for (const { key } of batch.outputs) report({ type: 'failed', key, error: asImagemillError(error).facts() })
  }
}

export async function loadSource({ source, pixelLimit }: Pick<Batch, 'source' | 'pixelLimit'>): Promise<Loaded> {
  const bytes = await readFile(source.local ?? source.file).catch((error: unknown) => {
    throw systemCode(error) === 'ENOENT' ? changed() : error
  })
  if (sha256(bytes) !== source.digest) throw changed()
  return { source, bytes: source.header.format === 'svg' ? scalableSvg(bytes) : bytes, pixelLimit, places: new Map() }
}

function changed(): ImagemillError {
  return new ImagemillError({
    code: 'SOURCE_CHANGED',
    message: 'the file was changed or removed while its images were being made',
    hint: 'Build again, or reload the page.',
  })
}

async function workRaster(given: Loaded, outputs: Output[], store: Store, report: (report: Report) => void): Promise<void> {
  const loaded = outputs[0] ? await withColours(given, outputs[0].picture) : given
  // Kept as promises: what cannot be decoded is not tried again for every output.
  let raster: Promise<Pixels> | undefined
  for (const group of groupBy(outputs, ({ picture }) => canonical(picture))) {
    let pixels: Promise<Pixels> | undefined
    const make = async (output: Output): Promise<Made> => {
      const { picture } = output
      if (picture.frames === 1) {
        raster ??= loaded.source.header.format === 'svg' ? drawVector(loaded, picture) : decodeRaster(loaded, picture)
        const alone = group.length === 1 ? unseen(loaded, await raster, output) : undefined
        if (alone) return encodeUnseen(alone, output)
        pixels ??= stillOf(loaded, await raster, picture)
      } else if (needsFrames(loaded.source.header, picture)) {
        pixels ??= makeFrames(loaded, picture)
      }
      // A search takes several encodes: each of them may take the time of one.
      return makeOutput(loaded, output, await pixels, () => report({ type: 'started', key: output.key }))
    }
    for (const output of group) {
      const start = performance.now()
      report({ type: 'started', key: output.key })
      try {
        const { bytes, search, kept } = await make(output)
        const elapsed_ms = Math.round((performance.now() - start) * 10) / 10
        report({
          type: 'done',
          key: output.key,
          output: storedOutput(await put(store, output.key, { elapsed_ms, ...(search && { search }), ...(kept && { kept }) }, bytes)),
        })
      } catch (error) {
        report({ type: 'failed', key: output.key, error: asImagemillError(error).facts() })
      }
    }
  }
}

/** What goes from its raster straight into the encoder: its pixels take no way through memory, and are the same. */
function unseen({ profile }: Loaded, raster: Pixels, output: Output): Sharp | undefined {
  const { picture } = output
  return !profile && isEncodedUnseen(output) && !isSmart(picture.resize) ? resizedImage(raster, picture) : undefined
}

/** The pixels of a picture that does not move. */
async function stillOf(loaded: Loaded, raster: Pixels, picture: Picture): Promise<Pixels> {
  const { resize } = picture
  if (!isSmart(resize)) return makePicture(raster, picture)
  const cut = await cutAt(raster, await smartPlaceIn(loaded, { ...picture, resize }), resize)
  return makePicture(cut.part, { ...picture, resize: cut.resize })
}

async function put(store: Store, key: string, value: unknown, bytes: Buffer): ReturnType<Store['put']> {
  try {
    return await store.put(key, value, bytes)
  } catch (error) {
    if (!isUnwritable(error)) throw error
    throw new ImagemillError(
      {
        code: 'STORE_UNUSABLE',
        message: `the cache folder ${store.folder} cannot be written (${systemCode(error)})`,
        hint: 'Check its permissions and the free space, or set `cache.dir`.',
      },
      { cause: error },
    )
  }
}

function rasterKey({ header }: Source, { orient, box, scale, frames, resize, colors }: Picture): string {
  return canonical({ orient, box, scale, frames, colors, drawn: header.format === 'svg' && resize })
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return [...groups.values()]
}
