import { performance } from 'node:perf_hooks'

/** What a person sees of a long run, on standard error. */
export interface Progress {
  done(success: boolean): void
  /** A line of its own, which the progress does not overwrite. */
  say(message: string): void
  /** Says what it came to, when there was more than one job. */
  end(): void
}

/** A terminal line is redrawn this often, a line in a log is added this often, in ms. */
const REDRAW = 100
const LOG_LINE = 10_000

export function openProgress(quiet: boolean): Progress {
  const start = performance.now()
  let [jobs, failed, drawn] = [0, 0, start]
  let line = false

  const print = (text: string): void => {
    if (line) process.stderr.write('\r\u001B[K')
    line = false
    process.stderr.write(`${text}\n`)
  }

  const text = (): string => {
    const seconds = (performance.now() - start) / 1000
    return `imagemill  ${jobs} jobs, ${failed} failed, ${seconds.toFixed(1)} s, ${(jobs / seconds).toFixed(1)} jobs/s`
  }

  return {
    done(success) {
      jobs++
      if (!success) failed++
      if (quiet || performance.now() - drawn < (process.stderr.isTTY ? REDRAW : LOG_LINE)) return
      drawn = performance.now()
      if (!process.stderr.isTTY) return print(text())
      line = true
      process.stderr.write(`\r\u001B[K${text()}`)
    },
    say(message) {
      if (!quiet) print(`imagemill: ${message}`)
    },
    end() {
      if (!quiet && jobs > 1) print(text())
      else if (line) process.stderr.write('\r\u001B[K')
    },
  }
}
