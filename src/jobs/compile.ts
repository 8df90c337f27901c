import { isJobDirective } from '../contract/fields.ts'
import type { ConvertJob, QualityJob, ResizeJob, SrcsetJob } from '../contract/job.ts'
import { isRecord } from '../hash.ts'
import { displayedSize } from '../query/plan.ts'
import { parseRequest, type Request } from '../query/request.ts'
import type { QueryInput } from '../query/text.ts'
import type { Header } from '../types.ts'
import { invalidJob } from './invalid.ts'

type Directives = Exclude<QueryInput, string>

/** A `resize` job as a request; `header` is that of the source, which a size in per cent depends on. */
export function resizeRequest(job: ResizeJob, header: Header | undefined): Request {
  const { widths, scale_percent, max_height } = job
  const sizes = { widths, scale_percent, w: job.w }
  const [first, second] = Object.entries(sizes).filter(([, value]) => value !== undefined)
  if (first && second) throw conflict(first[0], second[0])
  if (!first && max_height === undefined && job.h === undefined)
    throw invalidJob('missing field `widths`: expected `widths`, `scale_percent`, `max_height`, `w` or `h`')
  if (max_height !== undefined) refuse(job, 'max_height', ['h', 'aspect', 'fit', 'densities'])
  if (job.filter !== undefined) refuse(job, 'filter', ['kernel'])
  if (scale_percent !== undefined) refuse(job, 'scale_percent', ['h', 'aspect', 'crop', 'trim', 'densities', 'basePixels'])
  const source = header && displayedSize(header, job.noAutoOrient !== true)
  return parseRequest({
    ...directivesOf(job),
    ...(widths && { w: widths }),
    ...(scale_percent !== undefined && source && { w: Math.max(1, Math.round((source.width * scale_percent) / 100)) }),
    // The number says itself that it enlarges.
    ...(scale_percent !== undefined && scale_percent > 100 && { allowUpscale: true }),
    ...(max_height !== undefined && { h: max_height, fit: 'inside' }),
    ...(job.linear_rgb && { linear: true }),
    ...(job.filter !== undefined && { kernel: wordsOf(job.filter) }),
  })
}

export function srcsetRequest(job: SrcsetJob): Request {
  refuse(job, 'widths', ['w'])
  if (job.formats) refuse(job, 'formats', ['format'])
  return parseRequest({
    ...directivesOf(job),
    w: job.widths,
    ...(job.linear_rgb && { linear: true }),
    ...(job.formats && { format: wordsOf(job.formats) }),
  })
}

export function convertRequest(job: ConvertJob): Request {
  return parseRequest({ ...directivesOf(job), format: job.format })
}

/** A quality to be found for one file of at most so many bytes. */
export function qualityRequest(job: QualityJob): Request {
  const { tolerance_percent, max_iterations, min_quality, max_quality, target_size, format } = job
  return parseRequest({ ...directivesOf(job), format, target_size, tolerance_percent, max_iterations, min_quality, max_quality })
}

/** The fields of a job that are directives of the query, too. */
function directivesOf(job: object): Directives {
  const fields = Object.entries(job).filter(([name, value]) => value !== undefined && (isJobDirective(name) || name.includes('.')))
  return Object.fromEntries(fields.map(([name, value]) => [name, wordsOf(value)]))
}

function wordsOf(value: unknown): string | number | boolean | (string | number)[] {
  if (Array.isArray(value)) return value.map((item: unknown) => (typeof item === 'number' ? item : item === true ? '' : String(item)))
  return typeof value === 'number' || typeof value === 'boolean' ? value : String(value)
}

function refuse(job: object, name: string, others: readonly string[]): void {
  const other = others.find((field) => isRecord(job) && job[field] !== undefined)
  if (other !== undefined) throw conflict(name, other)
}

function conflict(one: string, other: string): Error {
  return invalidJob(`\`${one}\` and \`${other}\` cannot be used together`, 'Leave out one of them.')
}
