import type { Weight } from './weight.ts'

/** How far the last jobs count against all earlier ones; the first of a kind says all that is known of it. */
const SMOOTHING = 0.25

/** No kind of work is that much faster or slower than was thought: another one was meant. */
const [LEAST, MOST] = [0.02, 200]

/** s that every job takes besides, and a process to begin. */
const BESIDE = 0.03
const START = 0.3

/** How long jobs will take, by how long those before them took. */
export interface Estimate {
  /** A job took so long, in s. */
  learn(weight: Weight, seconds: number): void
  /** s that a job will take. */
  of(weight: Weight): number
}

/** What each kind of work takes against what was thought is found out by least squares, a step with every job. */
export function openEstimate(): Estimate {
  const factors = new Map<string, number>()
  const times = new Map<string, number>()
  /** Before a kind was seen, it is as much off as all others together. */
  const usual = (): number => {
    const known = [...factors.values()].sort((a, b) => a - b)
    return known[Math.floor(known.length / 2)] ?? 1
  }
  const sum = (weight: Weight): number =>
    Object.entries(weight).reduce((total, [kind, seconds]) => total + seconds * (factors.get(kind) ?? usual()), 0)
  return {
    learn(weight, seconds) {
      const error = seconds - sum(weight)
      const square = Object.values(weight).reduce((total, part) => total + part * part, 0)
      if (square === 0) return
      const other = usual()
      for (const [kind, part] of Object.entries(weight)) {
        const time = (times.get(kind) ?? 0) + 1
        times.set(kind, time)
        const step = Math.max(SMOOTHING, 1 / time) * error * (part / square)
        factors.set(kind, Math.min(MOST, Math.max(LEAST, (factors.get(kind) ?? other) + step)))
      }
    },
    of: (weight) => sum(weight) + BESIDE + (factors.size === 0 ? START : 0),
  }
}

/** s until a job begins that waits behind others, which `encoders` of them are done of at a time. */
export function waitBehind(others: Iterable<number>, encoders: number): number {
  const lanes = Array.from({ length: encoders }, () => 0)
  const soonest = (): number => lanes.indexOf(Math.min(...lanes))
  for (const seconds of others) {
    const lane = soonest()
    lanes[lane] = (lanes[lane] ?? 0) + seconds
  }
  return Math.min(...lanes)
}
