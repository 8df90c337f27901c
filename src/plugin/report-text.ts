import colours from 'picocolors'
import type { Format, Source } from '../types.ts'
import { durationText, sizeText } from '../units.ts'

/** One output as the summary counts it. */
export interface Made {
  key: string
  name: string
  source: Source
  format: Format
  size_bytes: number
  elapsed_ms: number
  cached: boolean
}

/** The closing table of a build, or one line when all of it was there. */
export function summaryText(made: readonly Made[], { damaged, elapsed_ms }: { damaged: number; elapsed_ms: number }): string {
  const fresh = made.filter(({ cached }) => !cached)
  const cache = `${made.length - fresh.length} hits, ${fresh.length} made${damaged > 0 ? `, ${damaged} damaged entries healed` : ''}`
  if (fresh.length === 0) return `imagemill: nothing to make, ${cache}`
  const sources = new Map(made.map(({ source }) => [source.digest, source]))
  const bytesIn = sum([...sources.values()].map(({ size_bytes }) => size_bytes))
  const bytesOut = sum(made.map(({ size_bytes }) => size_bytes))
  const largest = made.toSorted((a, b) => b.size_bytes - a.size_bytes)[0]
  const slowest = fresh.toSorted((a, b) => b.elapsed_ms - a.elapsed_ms)[0]
  const rows: [string, string][] = [
    ['sources', `${sources.size}, ${sizeText(bytesIn)}`],
    ['outputs', `${made.length}, ${sizeText(bytesOut)}`],
    ['cache', cache],
    ['time', durationText(elapsed_ms)],
  ]
  if (largest) rows.push(['largest', `${nameOf(largest)}, ${sizeText(largest.size_bytes)}`])
  if (slowest) rows.push(['slowest', `${nameOf(slowest)}, ${durationText(slowest.elapsed_ms)}`])
  return [colours.bold('imagemill'), ...rows.map(([label, text]) => `  ${colours.dim(label.padEnd(8))} ${text}`)].join('\n')
}

function nameOf({ name, format }: Made): string {
  return `${name}.${format}`
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
