/** Something to do, not before a time in ms since 1970; of one host only so much is done at a time. */
export interface Due {
  id: string
  host: string
  next_ms: number
}

export interface Schedule {
  add(due: Due): void
  has(id: string): boolean
  /** What waits or is under way. */
  size(): number
  /** Starts nothing more, and waits for what is under way. */
  close(): Promise<void>
}

export interface ScheduleOptions {
  concurrency: number
  perHost: number
  /** Nothing is meant to wait longer than this, in ms: what would, was put down by a clock that was wrong, and is done at once. */
  longest: number
  /** Does it; a failure is its own affair. */
  run(due: Due): Promise<void>
}

/** The longest time that a timer of Node.js can count, in ms. */
const LONGEST_TIMER = 2 ** 31 - 1

/** Does each thing when its time has come. What waits keeps no process alive. */
export function openSchedule({ concurrency, perHost, longest, run }: ScheduleOptions): Schedule {
  /** With the time by `performance.now()`: the clock may be set while they wait. */
  const waiting = new Map<string, Due & { at: number }>()
  const running = new Map<string, Promise<void>>()
  const hosts = new Map<string, number>()
  let closed = false
  let timer: NodeJS.Timeout | undefined

  const start = (due: Due): void => {
    const { id, host } = due
    waiting.delete(id)
    hosts.set(host, (hosts.get(host) ?? 0) + 1)
    const done = run(due).finally(() => {
      running.delete(id)
      const left = (hosts.get(host) ?? 1) - 1
      if (left > 0) hosts.set(host, left)
      else hosts.delete(host)
      pump()
    })
    running.set(id, done)
  }

  /** Starts what is due, and comes back when the next one is. */
  const pump = (): void => {
    clearTimeout(timer)
    if (closed) return
    const now = performance.now()
    let soonest = Infinity
    for (const due of waiting.values()) {
      // Whatever ends next comes back here.
      if (running.size >= concurrency) return
      if ((hosts.get(due.host) ?? 0) >= perHost || running.has(due.id)) continue
      if (due.at <= now) start(due)
      else soonest = Math.min(soonest, due.at)
    }
    if (soonest < Infinity) timer = setTimeout(pump, Math.min(soonest - now, LONGEST_TIMER)).unref()
  }

  return {
    add(due) {
      const wait = due.next_ms - Date.now()
      waiting.set(due.id, { ...due, at: performance.now() + (wait > longest ? 0 : wait) })
      pump()
    },
    has: (id) => waiting.has(id) || running.has(id),
    size: () => waiting.size + running.size,
    async close() {
      closed = true
      clearTimeout(timer)
      await Promise.all(running.values())
    },
  }
}
