import { resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { ExifJob, PlaceholderJob } from '../contract/job.ts'
import type { JobSuccess, OutputFile } from '../contract/job-result.ts'
import { successRecord } from '../contract/record.ts'
import { canonical, sha256 } from '../hash.ts'
import { parseRequest } from '../query/request.ts'
import { readHeader } from '../source/header.ts'
import { sniff } from '../source/sniff.ts'
import { whileRunning, type JobContext } from './context.ts'
import { extractExif, runExifJob } from './exif-file.ts'
import { refuseInput, writeWhole } from './files.ts'
import { invalidJob } from './invalid.ts'
import { fileOf, sourceOf } from './source.ts'

/** A small stand-in for an image: its facts, and on demand the tiny image as a file. */
export async function placeholder(job: PlaceholderJob, context: JobContext): Promise<JobSuccess> {
  const { pipeline, cwd, signal, warn } = context
  const kind = job.kind === 'lqip' ? `lqip:${job.width}` : job.kind
  const { source, plan } = await whileRunning(signal, pipeline.plan(sourceOf(job.input, cwd), parseRequest(`placeholder=${kind}`)))
  const [fact] = plan.facts
  if (!fact) throw new TypeError('a request for a placeholder planned none')
  const { metadata, warning, elapsed_ms } = await whileRunning(signal, pipeline.fact({ source, fact }))
  if (warning !== undefined) warn(`${job.input}: ${warning}`)
  const outputs = job.output === undefined ? [] : [await writeTiny(metadata, job.output, job, context)]
  return successRecord('placeholder', outputs, Math.round(elapsed_ms), metadata)
}

async function writeTiny(
  metadata: Record<string, unknown>,
  output: string,
  { input, inline, kind }: PlaceholderJob,
  { cwd, turn }: JobContext,
): Promise<OutputFile> {
  const { data_uri } = metadata
  if (typeof data_uri !== 'string')
    throw invalidJob(`\`output\` is a file for an image, and \`${kind}\` is none`, 'Leave it out: the record holds all there is.')
  const bytes = Buffer.from(data_uri.replace(/^.*,/, ''), 'base64')
  const format = sniff(bytes)
  if (format !== 'webp' && format !== 'png') throw new TypeError(`a placeholder is a ${format}`)
  const { width, height } = readHeader(bytes, format)
  const target = { path: output, file: resolve(cwd, output) }
  refuseInput(resolve(cwd, input), [target])
  await turn.claim([{ ...target, key: sha256(bytes) }])
  await writeWhole(target, bytes)
  return { path: output, format, width, height, size_bytes: bytes.length, ...(inline && { data_base64: bytes.toString('base64') }) }
}

/** What a camera wrote into a file: read, removed, kept, or made true of upright pixels. */
export async function exif(job: ExifJob, context: JobContext): Promise<JobSuccess> {
  const { pipeline, cwd, signal, turn, warn } = context
  const start = performance.now()
  const elapsed = (): number => Math.round(performance.now() - start)
  const file = await whileRunning(signal, fileOf(job.input, cwd, pipeline))
  const { exif_op, output } = job
  if (exif_op === 'extract' || output === undefined) {
    const { metadata, warning } = await whileRunning(signal, extractExif(file))
    if (warning !== undefined) warn(`${job.input}: ${warning}`)
    return successRecord('exif', [], elapsed(), { ...metadata })
  }
  const target = { path: output, file: resolve(cwd, output) }
  refuseInput(file, [target])
  await turn.claim([{ ...target, key: sha256(canonical({ ...job, output: '' })) }])
  const made = await whileRunning(
    signal,
    runExifJob(pipeline, file, { ...job, exif_op, format: job.format === 'jpg' ? 'jpeg' : job.format }, signal),
  )
  if (made.warning !== undefined) warn(`${job.input}: ${made.warning}`)
  await writeWhole(target, made.bytes)
  const { bytes, format, width, height, metadata } = made
  const written: OutputFile = {
    path: output,
    format,
    width,
    height,
    size_bytes: bytes.length,
    ...(job.inline && { data_base64: bytes.toString('base64') }),
  }
  return successRecord('exif', [written], elapsed(), job.return_metadata ? { ...metadata } : null)
}
