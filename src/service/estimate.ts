/** How much the last jobs count against all earlier ones. */
const SMOOTHING = 0.2

/** Before anything is known, s for one output; photographs of 12 megapixels take about as long. */
const FIRST = 0.25

/** How long jobs will take, by how long those before them took. */
export interface Estimate {
  /** A job of an operation that was as much work as `weight` took so long, in s. */
  learn(operation: string, weight: number, seconds: number): void
  /** s that a job will take. */
  of(operation: string, weight: number): number
}

export function openEstimate(): Estimate {
  const rates = new Map<string, number>()
  const rateOf = (operation: string): number => rates.get(operation) ?? FIRST
  return {
    learn(operation, weight, seconds) {
      const rate = seconds / weight
      rates.set(operation, rates.has(operation) ? rateOf(operation) + SMOOTHING * (rate - rateOf(operation)) : rate)
    },
    of: (operation, weight) => rateOf(operation) * weight,
  }
}

/** AVIF takes about five times as long as the others. */
const AVIF = 5

/** How much work a job is, about, in outputs: widths by formats. */
export function weightOf(job: Record<string, unknown>): number {
  const widths = countOf(job['widths'] ?? job['w'])
  const formats = listOf(job['formats'] ?? job['format']).reduce<number>(
    (sum, format) => sum + (format === 'avif' ? AVIF : format === 'auto' ? AVIF + 2 : 1),
    0,
  )
  return widths * Math.max(1, formats)
}

function countOf(value: unknown): number {
  return Math.max(1, listOf(value).length)
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value]
}
