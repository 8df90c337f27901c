/** How far a run is. */
export interface Snapshot {
  done: number
  failed: number
  /** Undefined where nobody knows how many there will be. */
  total: number | undefined
  /** What has been worked on for the longest time. */
  current: string | undefined
  /** For how long nothing else has ended, in ms: what waits its turn is begun here, too. */
  current_ms?: number | undefined
  elapsed_ms: number
  /** Undefined until there is something to go by. */
  left_ms: number | undefined
}

export type Outcome = 'made' | 'cached' | 'failed'

/** Counts what is done and under way, and estimates how long the rest will take: by work, not by number. */
export interface Tally {
  /** Something is begun; the answer is to be called when it has ended. */
  begin(name: string, work: number): (outcome: Outcome) => void
  snapshot(): Snapshot
}

/** What is known before anything is begun; without it, what was begun so far is all there is. */
export interface Expected {
  total: number
  /** Work of all of them; without it, the rest is taken for as much as those that were begun. */
  work?: number
}

/** Time in ms over which the speed is averaged: long enough to be steady, short enough to follow a change. */
const MEMORY = 20_000
/** Time in ms in which the end that is told follows the one that is estimated most of the way. */
const SETTLING = 4000
/** Endings from which a speed can be told. */
const ENOUGH = 3

export function openTally(now: () => number, expected?: Expected): Tally {
  const start = now()
  const running = new Map<symbol, { name: string; work: number; since: number }>()
  let [begun, begunWork, done, failed, made, doneWork] = [0, 0, 0, 0, 0, 0]
  /** Work and time of the recent past, the latter counting less the longer ago it is. */
  let [recentWork, recentTime, last] = [0, 0, start]
  let lastEnd = start
  let told: { end: number; at: number } | undefined

  const ended = (work: number, outcome: Outcome): void => {
    done++
    lastEnd = now()
    doneWork += work
    if (outcome === 'failed') failed++
    // What was there already says nothing of the speed.
    if (outcome === 'cached') return
    made++
    const time = now() - last
    last = now()
    const kept = Math.exp(-time / MEMORY)
    recentWork = recentWork * kept + work
    recentTime = recentTime * kept + time
  }

  const leftWork = (): number => {
    if (!expected) return begunWork - doneWork
    const unbegun = begun === 0 ? 0 : (expected.total - begun) * (begunWork / begun)
    return Math.max(0, expected.work === undefined ? begunWork + unbegun - doneWork : expected.work - doneWork)
  }

  const left = (): number | undefined => {
    // What was told before must not linger when all is done.
    if (expected ? done >= expected.total : begun > 0 && running.size === 0) return 0
    if (made < ENOUGH || recentWork === 0 || recentTime === 0) return undefined
    const estimate = now() + (leftWork() * recentTime) / recentWork
    const end = told ? told.end + (estimate - told.end) * (1 - Math.exp((told.at - now()) / SETTLING)) : estimate
    told = { end, at: now() }
    return Math.max(0, end - now())
  }

  return {
    begin(name, work) {
      const id = Symbol(name)
      running.set(id, { name, work, since: now() })
      begun++
      begunWork += work
      return (outcome) => {
        if (running.delete(id)) ended(work, outcome)
      }
    },
    snapshot() {
      const longest = running.values().next().value
      return {
        done,
        failed,
        total: expected?.total,
        current: longest?.name,
        ...(longest && { current_ms: now() - Math.max(longest.since, lastEnd) }),
        elapsed_ms: now() - start,
        left_ms: left(),
      }
    },
  }
}
