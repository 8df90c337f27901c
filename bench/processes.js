import { readFileSync, readdirSync } from 'node:fs'

/** Ticks of `/proc/<pid>/stat` in ms: USER_HZ is 100 on every Linux that Node.js runs on. */
const TICK = 10

/**
 * One look at every process of a session: its CPU time so far and its memory. A process is known by its id and its start,
 * because ids are given out again.
 * @param {number} session id of the process that leads it
 * @returns {{ id: string, pid: number, cpu_ms: number, pss: number, rss: number }[]}
 */
export function lookAt(session, { memory = true } = {}) {
  return readdirSync('/proc').flatMap((name) => {
    const fields = /^\d+$/.test(name) ? statOf(name) : undefined
    if (!fields || Number(fields[3]) !== session || fields[0] === 'Z') return []
    const cpu_ms = (Number(fields[11]) + Number(fields[12])) * TICK
    return [{ id: `${name} ${fields[19]}`, pid: Number(name), cpu_ms, ...(memory ? memoryOf(name) : { pss: 0, rss: 0 }) }]
  })
}

/** Fields after the name, which may hold spaces; undefined when the process is gone. */
function statOf(pid) {
  const text = readOr(`/proc/${pid}/stat`)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** PSS counts a page that n processes share as 1/n in each, so that the sum is what they take together. */
function memoryOf(pid) {
  const text = readOr(`/proc/${pid}/smaps_rollup`) ?? ''
  const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024
  return { pss: bytes('Pss'), rss: bytes('Rss') }
}

function readOr(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
