import { readFileSync, writeFileSync } from 'node:fs'

/** The task that `measure` gave to this script. */
export const task = process.argv[2] === undefined ? {} : JSON.parse(readFileSync(process.argv[2], 'utf8'))

const said = {}

/** Adds to what this script tells `measure` when it ends. */
export function say(facts) {
  Object.assign(said, facts)
}

process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  if (process.env.BENCH_REPORT) writeFileSync(process.env.BENCH_REPORT, JSON.stringify({ own_cpu_ms: (user + system) / 1000, said }))
})
