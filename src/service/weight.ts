import { open } from 'node:fs/promises'
import { functionsJobSchema, type FunctionStep } from '../contract/functions.ts'
import { ImagemillError, systemCode } from '../errors.ts'
import { SEARCH, pixelWork } from '../progress/work.ts'
import { FORMATS } from '../query/directives.ts'
import { displayedSize } from '../query/plan.ts'
import { readHeader } from '../source/header.ts'
import { sniff } from '../source/sniff.ts'
import type { Format } from '../types.ts'

/** How much work a job is: s of each kind of work, on a machine like ours and before anything was measured on this one. */
export type Weight = Record<string, number>

/** s that a pixel of a JPEG takes to be encoded, and one of a source to be read and resized. */
const ENCODED = 60e-9
const READ = 12e-9

/** What a source is taken for that is not known yet. */
const USUAL = { format: 'jpeg', width: 4000, height: 3000 }

/** Where the headers of nearly all images end. */
const HEAD = 262_144

export interface SourceSize {
  format: string
  width: number
  height: number
}

/** Displayed size of an image by its first bytes; of what cannot be read so, a usual one. */
export async function sourceSize(file: string | undefined): Promise<SourceSize> {
  try {
    const bytes = file === undefined ? Buffer.alloc(0) : await headOf(file)
    const format = sniff(bytes)
    if (format === 'tiff' || format === 'avif' || format === 'svg') return USUAL
    return { format, ...displayedSize(readHeader(bytes, format)) }
  } catch (error) {
    // What is wrong with it is told when the job is done.
    if (error instanceof ImagemillError || systemCode(error) !== undefined) return USUAL
    throw error
  }
}

async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** The work of a job: its source once, and each output by its pixels, its format and how hard that is tried. */
export function weightOf(job: Record<string, unknown>, source: SourceSize): Weight {
  const read = { [`read ${source.format}`]: source.width * source.height * READ }
  if (job['operation'] === undefined) return weightOfSteps(functionsOf(job), source, read)
  if (job['operation'] === 'placeholder' || job['exif_op'] === 'extract') return read
  const formats = listOf(job['formats'] ?? job['format'] ?? source.format).flatMap((format) =>
    format === 'auto' ? (['avif', 'webp', 'jpeg'] as const) : [formatOf(format)],
  )
  const sizes = pixelsOf(job, source)
  const copies = ['densities', 'quality', 'blur', 'rotate'].reduce((product, name) => product * Math.max(1, listOf(job[name]).length), 1)
  const search = job['target_size'] !== undefined || listOf(job['quality']).some((quality) => typeof quality === 'string')
  return [...new Set(formats)].reduce((weight, format) => {
    const effort = job[`${format}.effort`] ?? job['effort']
    const kind = [format, ...(effort === undefined ? [] : [JSON.stringify(effort)]), ...(search ? ['search'] : [])].join(' ')
    const work = sizes.reduce((sum, pixels) => sum + pixelWork(pixels, format), 0)
    return added(weight, kind, work * copies * (search ? SEARCH : 1))
  }, read)
}

/** px of each size of the outputs; the same one is made once. */
function pixelsOf(job: Record<string, unknown>, source: SourceSize): number[] {
  const percent = Number(job['scale_percent'] ?? 100) / 100
  const grows = percent > 1 || job['allowUpscale'] === true
  const [a, b] = (typeof job['aspect'] === 'string' ? job['aspect'] : '').split(':').map(Number)
  const ratio = a && b ? a / b : source.width / source.height
  const height = Number(listOf(job['h'] ?? job['max_height'])[0])
  const widths = listOf(job['widths'] ?? job['w'] ?? (height > 0 ? height * ratio : source.width * percent)).map((width) => {
    const wanted = Number(width) > 0 ? Number(width) : source.width
    return Math.round(grows ? wanted : Math.min(wanted, source.width))
  })
  return [...new Set(widths)].map((width) => width * (job['w'] !== undefined && height > 0 ? height : width / ratio))
}

function functionsOf({ input: _input, ...asked }: Record<string, unknown>): FunctionStep[] {
  return functionsJobSchema.parse(asked).functions
}

/** What is saved is encoded, and what further steps are made from is a PNG between. */
function weightOfSteps(steps: readonly FunctionStep[], source: SourceSize, weight: Weight): Weight {
  return steps.reduce((sum, { name, params = {}, save, functions = [] }) => {
    const width = Number(params['width'] ?? source.width)
    const size = { ...source, width, height: Number(params['height'] ?? (width * source.height) / source.width) }
    const pixels = size.width * size.height
    const format = formatOf(save?.extension?.replace('.', ''))
    const search = save?.max_filesize === undefined ? '' : ' search'
    const saved = save ? added(sum, format + search, pixelWork(pixels, format) * (search ? SEARCH : 1)) : sum
    const between = functions.length === 0 || name === 'no_op' ? saved : added(saved, 'between', pixelWork(pixels, 'webp'))
    return weightOfSteps(functions, size, between)
  }, weight)
}

/** `work` is as of pixels of a JPEG. */
function added(weight: Weight, kind: string, work: number): Weight {
  return { ...weight, [kind]: (weight[kind] ?? 0) + work * ENCODED }
}

function formatOf(name: unknown): Format {
  return FORMATS.find((format) => format === name) ?? 'jpeg'
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value]
}
