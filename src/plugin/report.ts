import { performance } from 'node:perf_hooks'
import colours from 'picocolors'
import type { PlannedOutput } from '../pipeline.ts'
import type { StoredOutput } from '../types.ts'
import type { BuildJobs } from './build-jobs.ts'
import type { Logger } from './bundler.ts'
import { missedTarget } from './missed-target.ts'
import type { LogLevel } from './options.ts'
import { progressLine, summaryText, type Made } from './report-text.ts'

/** What the user sees of the work: warnings once, progress while it lasts, a summary at its end. */
export interface Report {
  /** Uses the bundler's logger where there is one. */
  useLogger(logger: Logger): void
  warn(message: string): void
  error(message: string): void
  /** Follows the making of one output. */
  follow<T extends StoredOutput & { cached: boolean }>(planned: PlannedOutput & { name: string }, making: Promise<T>): Promise<T>
  /** Prints what was made since the last summary; nothing when that was nothing. */
  summarise(damaged: number): void
}

const LEVELS: readonly LogLevel[] = ['silent', 'error', 'warn', 'info']

/** A terminal line is redrawn this often, a line in a log is added this often, in ms. */
const REDRAW = 100
const LOG_LINE = 10_000

export function openReport(level: LogLevel, track: BuildJobs['track'] = () => undefined): Report {
  const shows = (wanted: LogLevel): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(wanted)
  const warned = new Set<string>()
  let logger: Logger = { info: print, warn: print, error: print }
  let made = new Map<string, Made>()
  let started: number | undefined
  /** Begin of the current rush of images, and how many of it are done: a dev server has many rushes. */
  let rush = 0
  let done = 0
  let waiting = 0
  let drawn = 0
  let line = false

  const draw = (): void => {
    const now = performance.now()
    // Work that is over before anyone could read of it is not worth a line.
    if (!shows('info') || now - rush < 1000) return
    if (now - drawn < (process.stderr.isTTY ? REDRAW : LOG_LINE)) return
    drawn = now
    const text = progressLine({ done, total: done + waiting, elapsed_ms: now - rush })
    if (!process.stderr.isTTY) return print(text)
    line = true
    process.stderr.write(`\r\u001B[K${text}`)
  }

  const clear = (): void => {
    if (line) process.stderr.write('\r\u001B[K')
    line = false
  }

  return {
    useLogger(given) {
      logger = given
    },
    warn(message) {
      if (!shows('warn') || warned.has(message)) return
      warned.add(message)
      clear()
      logger.warn(colours.yellow(`imagemill: ${message}`))
    },
    error(message) {
      if (!shows('error')) return
      clear()
      logger.error(colours.red(`imagemill: ${message}`))
    },
    async follow(planned, making) {
      started ??= performance.now()
      track(planned, making)
      if (waiting++ === 0) [rush, done] = [performance.now(), 0]
      try {
        const stored = await making
        if (!stored.cached && made.get(stored.key)?.cached !== false) done++
        const missed = missedTarget(planned, stored)
        if (missed) this.warn(missed)
        made.set(stored.key, {
          name: planned.name,
          source: planned.source,
          format: planned.output.encoding.format,
          ...stored,
          cached: (made.get(stored.key)?.cached ?? true) && stored.cached,
        })
        return stored
      } finally {
        waiting--
        if (waiting === 0) clear()
        else draw()
      }
    },
    summarise(damaged) {
      clear()
      if (made.size > 0 && shows('info'))
        logger.info(summaryText([...made.values()], { damaged, elapsed_ms: performance.now() - (started ?? 0) }))
      made = new Map()
      started = undefined
    },
  }
}

function print(message: string): void {
  process.stderr.write(`${message}\n`)
}
