import { performance } from 'node:perf_hooks'
import colours from 'picocolors'
import type { PlannedOutput } from '../pipeline.ts'
import { openLine, progressText, type Line } from '../progress/line.ts'
import { openTally, type Outcome, type Tally } from '../progress/tally.ts'
import { missedTarget } from '../jobs/missed-target.ts'
import { workOf } from '../progress/work.ts'
import type { StoredOutput } from '../types.ts'
import type { BuildJobs } from './build-jobs.ts'
import type { Logger } from './bundler.ts'
import type { LogLevel } from './options.ts'
import { summaryText, type Made } from './report-text.ts'

/** What the user sees of the work: warnings once, progress while it lasts, a summary at its end. */
export interface Report {
  /** Uses the bundler's logger where there is one. */
  useLogger(logger: Logger): void
  warn(message: string): void
  error(message: string): void
  info(message: string): void
  /** Follows the making of one output. */
  follow<T extends StoredOutput & { cached: boolean }>(planned: PlannedOutput & { name: string }, making: Promise<T>): Promise<T>
  /** Prints what was made since the last summary: one line where all of it was there, and nothing where nothing was asked for. */
  summarise(damaged: number): void
}

const LEVELS: readonly LogLevel[] = ['silent', 'error', 'warn', 'info']

export function openReport(
  level: LogLevel,
  track: BuildJobs['track'] = () => undefined,
  nameOf: (planned: PlannedOutput & { name: string }) => string = ({ name }) => name,
): Report {
  const shows = (wanted: LogLevel): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(wanted)
  const warned = new Set<string>()
  let logger: Logger = { info: print, warn: print, error: print }
  let made = new Map<string, Made>()
  let started: number | undefined
  /** The current rush of images: a dev server has many. */
  let rush: { tally: Tally; line: Line; waiting: number; stop(): void } | undefined

  const clear = (): void => rush?.line.clear()
  const textOf = (): string => {
    const snapshot = rush?.tally.snapshot()
    return rush && snapshot ? progressText({ ...snapshot, total: snapshot.done + rush.waiting }, 'images') : ''
  }
  const begin = (): NonNullable<typeof rush> => {
    const line = openLine()
    return { tally: openTally(() => performance.now()), line, waiting: 0, stop: shows('info') ? line.keep(textOf) : () => undefined }
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
    info(message) {
      if (!shows('info')) return
      clear()
      logger.info(`imagemill: ${message}`)
    },
    async follow(planned, making) {
      started ??= performance.now()
      track(planned, making)
      rush ??= begin()
      const current = rush
      current.waiting++
      const ended = current.tally.begin(`${planned.name}.${planned.output.encoding.format}`, workOf(planned.output))
      let outcome: Outcome = 'failed'
      try {
        const stored = await making
        outcome = stored.cached || made.get(stored.key)?.cached === false ? 'cached' : 'made'
        const missed = missedTarget(nameOf(planned), planned.output, stored)
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
        ended(outcome)
        if (--current.waiting === 0) {
          current.stop()
          clear()
          rush = undefined
        } else if (shows('info')) current.line.draw(textOf)
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
