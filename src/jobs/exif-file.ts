import type { Exif } from '../contract/facts.ts'
import type { ExifName, ExifPart } from '../engine/edit-exif.ts'
import type { ExifFound } from '../engine/exif.ts'
import type { Pipeline } from '../pipeline.ts'
import { displayedSize } from '../query/plan.ts'
import { parseRequest } from '../query/request.ts'
import { readSourceFile } from '../source/read.ts'
import { isHeic, sniff } from '../source/sniff.ts'
import type { Format, Source } from '../types.ts'

/** An `exif` operation that makes a file. */
export interface ExifJob {
  exif_op: 'strip' | 'preserve' | 'auto_orient'
  /** What `strip` takes out. @default 'all' */
  mode?: 'all' | ExifPart | undefined
  /** What stays nevertheless, by its name in the record; of everything, without `mode`. @default none with `strip`, all with `preserve` */
  keep?: readonly ExifName[] | undefined
  /** Format of the file; the source's own, or one near to it, when absent. */
  format?: Format | undefined
  /** 1 to 100; without it and without a change of format nothing is encoded again unless it must be. */
  quality?: number | undefined
}

export interface ExifOutput {
  bytes: Buffer
  format: Format
  width: number
  height: number
  /** What the EXIF of the file says now. */
  metadata: Exif
  warning?: string
  /** Whether its pixels were encoded again. */
  encoded: boolean
}

/** What the EXIF of a file says, of HEIC photographs too, whose pixels are not read. */
export async function extractExif(file: string): Promise<ExifFound> {
  const bytes = await readSourceFile(file)
  const { readExif } = await import('../engine/exif.ts')
  return readExif(bytes, isHeic(bytes) ? 'avif' : sniff(bytes))
}

/** The file of an `exif` operation. Pixels are encoded anew only when they must be turned, or for another format or quality. */
export async function runExifJob(pipeline: Pipeline, file: string, job: ExifJob, signal?: AbortSignal): Promise<ExifOutput> {
  const stripsAll = job.exif_op === 'strip' && (job.mode ?? 'all') === 'all' && !job.keep?.length
  const query = new URLSearchParams({
    ...(job.format && { format: job.format }),
    ...(job.quality !== undefined && { quality: String(job.quality) }),
    metadata: stripsAll ? 'strip' : 'keep',
  })
  const { source, plan } = await pipeline.plan(file, parseRequest(query.toString()))
  const [output] = plan.outputs
  if (!output) throw new TypeError('a request for one image planned none')
  const { format } = output.encoding
  const untouched =
    format === source.header.format && job.quality === undefined ? await edited(await readSourceFile(file), source, job) : undefined
  const bytes = untouched ?? (await reEncoded((await pipeline.read({ source, output }, signal)).bytes, format, job))
  // The only part that needs exifr, which is loaded for those who want it.
  const { readExif } = await import('../engine/exif.ts')
  const { width, height } = untouched ? displayedSize(source.header) : output.picture
  return { bytes, format, width, height, ...(await readExif(bytes, format)), encoded: untouched === undefined }
}

/** The source with other metadata, undefined when its pixels must be encoded again. */
async function edited(bytes: Buffer, { header }: Source, { exif_op, mode = 'all', keep }: ExifJob): Promise<Buffer | undefined> {
  if (exif_op === 'auto_orient') return header.orientation === 1 ? bytes : undefined
  if (exif_op === 'preserve' && !keep) return bytes
  const { emptyAllBut, erasePart, keepNames } = await import('../engine/edit-exif.ts')
  if (exif_op === 'strip' && mode !== 'all') return erasePart(bytes, header.format, mode)
  // In an AVIF the metadata lies between the pixels, and its turn is not part of it.
  const edit = header.format === 'avif' ? emptyAllBut : keepNames
  return edit(bytes, header.format, keep ?? [])
}

/** What was encoded with all of its metadata, without what was not asked for. */
async function reEncoded(bytes: Buffer, format: Format, { exif_op, mode = 'all', keep }: ExifJob): Promise<Buffer> {
  const { emptyAllBut, erasePart, keepNames } = await import('../engine/edit-exif.ts')
  if (exif_op === 'strip' && mode !== 'all') return erasePart(bytes, format, mode) ?? bytes
  const isWhole = exif_op === 'auto_orient' || (exif_op === 'preserve' && !keep) || (exif_op === 'strip' && !keep?.length)
  if (isWhole) return bytes
  return keepNames(bytes, format, keep ?? []) ?? emptyAllBut(bytes, format, keep ?? []) ?? bytes
}
