import { isLossy } from '../engine/usual.ts'
import { canonical, sha256 } from '../hash.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Values } from '../query/request.ts'
import type { SizeTarget, StoredOutput } from '../types.ts'
import type { Shipped } from './shipped.ts'

/** How a file could be as small as it should be. */
export interface Fitting {
  /** The largest quality that fits; undefined where none does, or there is none to choose. */
  quality?: number
  /** In its place a size at which it fits with the quality that it has, as a query says it; undefined where none was found. */
  size?: string
}

/** Encodes that bring a bracket of all qualities down to one. */
const ITERATIONS = 10
/** Sizes that are tried. */
const SIZES = 8
/** A smaller picture has more bytes for each of its pixels, so that a little less is tried than their number says. */
const MARGIN = 0.97

/** Looks for the largest quality below its own with which a file has at most so many bytes, as `target_size` does. */
export async function fittingOf(file: Shipped, limit: number, pipeline: Pipeline): Promise<Fitting> {
  const { planned } = file
  const most = Math.floor(limit)
  if (planned.original || most < 1) return {}
  const { source, output } = planned
  const { quality: asked, auto: _, target: __, ...encoding } = output.encoding
  if (encoding.lossless || !isLossy(encoding.format)) return fittingSize(file, most, pipeline)
  const current = asked ?? searched(await pipeline.make(planned))
  const target: SizeTarget = { size: most, tolerance: 0, min: 1, max: current - 1, iterations: ITERATIONS }
  if (target.max < 1) return fittingSize(file, most, pipeline)
  const key = sha256(`fitting ${output.key} ${canonical(target)}`)
  const found = await pipeline.make({ source, output: { ...output, key, encoding: { ...encoding, target } } })
  return found.size_bytes <= most ? { quality: searched(found) } : fittingSize(file, most, pipeline)
}

function searched({ search }: Pick<StoredOutput, 'search'>): number {
  return search?.quality ?? 100
}

/** A size of the same ratio that is small enough: what is named was made. */
async function fittingSize({ job, output, size_bytes }: Shipped, most: number, pipeline: Pipeline): Promise<Fitting> {
  const { resize, ...picture } = output.picture
  const { width, height } = resize ?? picture
  let [scale, bytes] = [1 / Math.max(1, ...(job.request.values.densities ?? [])), size_bytes]
  for (let attempt = 0; attempt < SIZES; attempt++) {
    scale *= MARGIN * Math.sqrt(most / bytes)
    const [w, h] = [Math.floor(width * scale), Math.max(1, Math.round(height * scale))]
    if (w < 1) return {}
    const sides = sidesOf(job.request.values, w, h)
    bytes = await bytesWith(sides, { job, output, pipeline })
    if (bytes <= most)
      return {
        size: Object.entries(sides)
          .map(([name, [side]]) => `${name}=${side}`)
          .join('&'),
      }
  }
  return {}
}

/** The directives that say how large it is, as far as they are there. */
function sidesOf({ w, h }: Values, width: number, height: number): { w?: [number]; h?: [number] } {
  if (h && !w) return { h: [height] }
  return h ? { w: [width], h: [height] } : { w: [width] }
}

/** The largest file of the same format that the import would have in another size. */
async function bytesWith(
  sides: { w?: [number]; h?: [number] },
  { job, output, pipeline }: Pick<Shipped, 'job' | 'output'> & { pipeline: Pipeline },
): Promise<number> {
  const { placeholder: _, exif: __, prune: ___, ...values } = job.request.values
  const request = { ...job.request, art: [], values: { ...values, ...sides } }
  const { source, plan } = await pipeline.plan(job.source.file, request)
  const outputs = plan.outputs.filter(({ encoding }) => encoding.format === output.encoding.format)
  const made = await Promise.all(outputs.map((each) => pipeline.make({ source, output: each })))
  return Math.max(...made.map(({ size_bytes }) => size_bytes))
}
