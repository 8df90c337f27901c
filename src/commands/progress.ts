import { performance } from 'node:perf_hooks'
import type { ProgressEvent } from '../contract/progress.ts'
import { openLine, progressText } from '../progress/line.ts'
import { openTally, type Expected, type Outcome } from '../progress/tally.ts'
import { durationText } from '../units.ts'
import { UsageError } from './arguments.ts'

/** What is seen of a long run, on standard error. */
export interface Progress {
  /** Something is begun; the answer is to be called when it has ended. */
  begin(name: string, work: number): (outcome: Outcome) => void
  /** A line of its own, which the progress does not overwrite. */
  say(message: string): void
  /** Makes room for what is printed on standard output, which may be the same terminal. */
  makeRoom(): void
  /** Says what it came to, when there was more than one job and something was made or failed. */
  end(): void
}

/** For a person, for a program, or for nobody. */
export type Audience = 'person' | 'program' | 'nobody'

export const PROGRESS_OPTIONS = { json: { type: 'boolean' } } as const

export const PROGRESS_HELP = `  --json               progress and warnings as lines of JSON on standard error`

export function audienceOf({ json = false, quiet = false }: { json?: boolean | undefined; quiet?: boolean | undefined }): Audience {
  if (json && quiet) throw new UsageError('--json and --quiet cannot be used together')
  return json ? 'program' : quiet ? 'nobody' : 'person'
}

/** Time between two events for a program, in ms; the last one is never left out. */
const INTERVAL = 200

export function openProgress(audience: Audience, expected?: Expected): Progress {
  const tally = openTally(() => performance.now(), expected)
  if (audience === 'nobody') return { begin: tally.begin, say: () => undefined, makeRoom: () => undefined, end: () => undefined }
  return audience === 'program' ? forProgram(tally, expected) : forPerson(tally)
}

function forPerson(tally: ReturnType<typeof openTally>): Progress {
  const line = openLine()
  const text = (): string => progressText(tally.snapshot(), 'jobs')
  const draw = (): void => line.draw(text)
  let [stop, made]: [(() => void) | undefined, number] = [undefined, 0]
  return {
    begin(name, work) {
      const ended = tally.begin(name, work)
      stop ??= line.keep(text)
      draw()
      return (outcome) => {
        ended(outcome)
        if (outcome === 'made') made++
        draw()
      }
    },
    say: (message) => line.print(`imagemill: ${message}`),
    makeRoom: () => line.clear(),
    end() {
      const { done, failed, elapsed_ms } = tally.snapshot()
      stop?.()
      line.clear()
      if (done > 1 && made + failed > 0) line.print(`imagemill  ${done} jobs, ${failed} failed, ${durationText(elapsed_ms)}`)
    },
  }
}

function forProgram(tally: ReturnType<typeof openTally>, expected: Expected | undefined): Progress {
  let [told, toldDone] = [-Infinity, 0]
  const tell = (event: ProgressEvent): void => void process.stderr.write(`${JSON.stringify(event)}\n`)
  const progress = (): void => {
    const { done, failed, total = null, current = null, elapsed_ms, left_ms } = tally.snapshot()
    const left = left_ms === undefined ? null : Math.round(left_ms)
    tell({ event: 'progress', done, failed, total, current, elapsed_ms: Math.round(elapsed_ms), left_ms: left })
    told = performance.now()
    toldDone = done
  }
  let isStarted = false
  const start = (): void => {
    if (!isStarted) tell({ event: 'start', total: expected?.total ?? null })
    isStarted = true
  }
  return {
    begin(name, work) {
      start()
      const ended = tally.begin(name, work)
      return (outcome) => {
        ended(outcome)
        if (performance.now() - told >= INTERVAL) progress()
      }
    },
    say: (message) => tell({ event: 'warning', message }),
    makeRoom: () => undefined,
    end() {
      const { done, failed, elapsed_ms } = tally.snapshot()
      // With nothing to do there is nothing to tell.
      if (!isStarted) return
      if (toldDone < done) progress()
      tell({ event: 'end', done, failed, elapsed_ms: Math.round(elapsed_ms) })
    },
  }
}
