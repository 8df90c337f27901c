import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { lookAt } from './processes.js'

/** What is lost of a process that ends unseen is at most this much, in ms. */
const LOOK = 50
/** Reading memory walks the page tables of the process, so it is done less often. */
const EVERY = 2

/**
 * @typedef {object} Measured
 * @property {number} cpu_ms user and system time of the whole process tree
 * @property {number} wall_ms
 * @property {number} peak_pss largest sum over all processes at one moment, in bytes
 * @property {number} peak_rss the same in RSS, which counts shared pages more than once
 * @property {number} processes number of processes seen, the first one included
 * @property {any} said what the script reported of itself
 */

/**
 * Runs a script of `sides/` in a session of its own and measures everything that runs in it. The script reports its own
 * CPU time to the microsecond when it ends; its descendants, which may outlive it unseen by `wait`, are looked at in /proc.
 * @returns {Promise<Measured>}
 */
export async function measure(node, side, task, cwd = tmpdir()) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const report = join(folder, 'report.json')
  const script = fileURLToPath(new URL(`sides/${side}.js`, import.meta.url))
  // A list of thousands of photographs is too long for an argument.
  const given = join(folder, 'task.json')
  writeFileSync(given, JSON.stringify(task))
  const start = performance.now()
  const child = spawn(node, [script, given], {
    cwd,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production', BENCH_REPORT: report },
  })
  const watched = watch(child.pid)
  const [code] = await once(child, 'exit')
  const wall_ms = performance.now() - start
  const seen = await watched.end()
  if (code !== 0) throw new Error(`${side} ended with ${code}: see its message above`)
  const { own_cpu_ms, said } = JSON.parse(readFileSync(report, 'utf8'))
  rmSync(folder, { recursive: true })
  return {
    cpu_ms: own_cpu_ms + seen.others_cpu_ms,
    wall_ms,
    peak_pss: seen.peak_pss,
    peak_rss: seen.peak_rss,
    processes: seen.processes,
    said,
  }
}

/** Follows a session until nothing of it is left. */
function watch(session) {
  const cpu = new Map()
  let [peak_pss, peak_rss, looks] = [0, 0, 0]
  let over = false
  const look = () => {
    const memory = looks++ % EVERY === 0
    const seen = lookAt(session, { memory })
    for (const { id, pid, cpu_ms } of seen) if (pid !== session) cpu.set(id, cpu_ms)
    peak_pss = Math.max(peak_pss, sum(seen.map(({ pss }) => pss)))
    peak_rss = Math.max(peak_rss, sum(seen.map(({ rss }) => rss)))
    return seen.length
  }
  const loop = (async () => {
    while (look() > 0 || !over) await sleep(LOOK)
  })()
  return {
    async end() {
      over = true
      await loop
      return { others_cpu_ms: sum([...cpu.values()]), peak_pss, peak_rss, processes: cpu.size + 1 }
    },
  }
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0)
}
