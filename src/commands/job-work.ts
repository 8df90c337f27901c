import { isRecord } from '../hash.ts'
import { pixelWork } from '../progress/work.ts'
import { FORMATS } from '../query/directives.ts'

/** What a job that does not say so is taken to make, in px. */
const WIDTH = 1000

/** About how much work a job is against others, by what it says itself: the source is not looked at. */
export function jobWork(job: unknown): number {
  if (!isRecord(job)) return 0
  if (Array.isArray(job['jobs'])) return job['jobs'].reduce((sum: number, inner) => sum + jobWork(inner), 0)
  const widths = numbers(job['widths'] ?? job['w'] ?? job['width'])
  const formats = named(job['formats'] ?? job['format'])
  return widths.reduce((sum, width) => sum + formats.reduce((all, format) => all + pixelWork(width * width * 0.67, format), 0), 0)
}

function numbers(value: unknown): number[] {
  const list = (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'number' && item > 0)
  return list.length > 0 ? list : [WIDTH]
}

function named(value: unknown): (typeof FORMATS)[number][] {
  const list = (Array.isArray(value) ? value : [value]).flatMap((item) => FORMATS.find((format) => format === item) ?? [])
  return list.length > 0 ? list : ['jpeg']
}
