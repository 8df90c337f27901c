import { performance } from 'node:perf_hooks'
import type { Snapshot } from './tally.ts'

/** One line on standard error: redrawn on a terminal, added from time to time in a log. */
export interface Line {
  /** Shows the text when it is time to. */
  draw(text: () => string): void
  /** Does so by itself from now on, however long nothing ends; the answer stops it. */
  keep(text: () => string): () => void
  /** A line of its own, which the next drawing does not overwrite. */
  print(text: string): void
  clear(): void
}

/** Work that is over before anyone could read of it is not worth a line, in ms; a log waits for its first line as for every other. */
const FIRST = 1000
/** A terminal line is redrawn this often, a line in a log is added this often, in ms. */
const REDRAW = 100
const LOG_LINE = 10_000
/** While nothing ends, the line says this often for how long, in ms. */
const BEAT = 500
/** From then on it is worth a word that something takes long, in ms. */
const LONG = 3000

export function openLine(): Line {
  // What a build server keeps of a terminal is a log.
  const isTerminal = process.stderr.isTTY && !process.env['CI']
  let drawn = performance.now() + (isTerminal ? FIRST - REDRAW : 0)
  let shown = false

  const clear = (): void => {
    if (shown) process.stderr.write('\r\u001B[K')
    shown = false
  }
  const print = (text: string): void => {
    clear()
    process.stderr.write(`${text}\n`)
  }

  const draw = (text: () => string): void => {
    const now = performance.now()
    if (now - drawn < (isTerminal ? REDRAW : LOG_LINE)) return
    drawn = now
    if (!isTerminal) return print(text())
    shown = true
    process.stderr.write(`\r\u001B[K${text().slice(0, (process.stderr.columns || 80) - 1)}`)
  }

  return {
    draw,
    keep(text) {
      // It must not keep a process that has nothing else to do.
      const timer = setInterval(() => draw(text), BEAT).unref()
      return () => clearInterval(timer)
    },
    print,
    clear,
  }
}

/** How far a run is, in words: `imagemill  12/40 images, about 25 s left, hero-1280.avif`. */
export function progressText({ done, failed, total, current, current_ms = 0, left_ms }: Snapshot, things: string): string {
  return [
    `imagemill  ${done}${total === undefined ? '' : `/${total}`} ${things}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(left_ms === undefined ? [] : [`${roughText(left_ms)} left`]),
    ...(current === undefined ? [] : [current_ms < LONG ? current : `${current} for ${wholeText(current_ms)}`]),
  ].join(', ')
}

function wholeText(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** Time as one can know it beforehand: a text that does not flicker. */
function roughText(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 5) return 'a few seconds'
  if (seconds < 90) return `about ${Math.ceil(seconds / 5) * 5} s`
  if (seconds < 5400) return `about ${Math.ceil(seconds / 60)} min`
  return `about ${(seconds / 3600).toFixed(1)} h`
}
