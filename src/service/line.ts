import type { Live } from './live.ts'

/** Jobs that wait, and those under way: never more at a time than there are lanes. */
export interface Line {
  waiting: readonly Live[]
  running: ReadonlySet<Live>
  /** Begins a job when its turn comes, before all others when it was begun before. */
  add(job: Live, isAgain?: boolean): void
  /** Takes a job out of those that wait; false for one that does not. */
  withdraw(job: Live): boolean
  /** Begins nothing any more. */
  stop(): void
}

/** `run` never throws. */
export function openLine(lanes: number, run: (job: Live) => Promise<void>): Line {
  const waiting: Live[] = []
  const running = new Set<Live>()
  let free = lanes

  const begin = async (job: Live): Promise<void> => {
    running.add(job)
    await run(job)
    running.delete(job)
    free++
    fill()
  }

  const fill = (): void => {
    while (free > 0) {
      const job = waiting.shift()
      if (!job) return
      free--
      void begin(job)
    }
  }

  return {
    waiting,
    running,
    add(job, isAgain = false) {
      if (isAgain) waiting.unshift(job)
      else waiting.push(job)
      setImmediate(fill)
    },
    withdraw(job) {
      const at = waiting.indexOf(job)
      if (at >= 0) waiting.splice(at, 1)
      return at >= 0
    },
    stop: () => (free = -Infinity),
  }
}
