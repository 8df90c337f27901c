// What Linux says of a process and all that it has started.
import { readFileSync, readdirSync } from 'node:fs'

/** A process and its descendants. */
export function treeOf(root) {
  const parents = new Map()
  for (const pid of readdirSync('/proc').map(Number).filter(Boolean)) {
    const stat = readOr(`/proc/${pid}/stat`)
    if (stat) parents.set(pid, Number(stat.replace(/^.*\) /s, '').split(' ')[1]))
  }
  const tree = new Set([root])
  for (let before = 0; before < tree.size;) {
    before = tree.size
    for (const [pid, parent] of parents) if (tree.has(parent)) tree.add(pid)
  }
  return [...tree].filter((pid) => parents.has(pid))
}

/** Resident MB. */
export function memoryOf(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readOr(`/proc/${pid}/status`))?.[1] ?? 0) / 1000
}

/** Open files, sockets and pipes. */
export function handlesOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return 0
  }
}

function readOr(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It has ended meanwhile.
    return ''
  }
}

/** Looks at a tree of processes until it is stopped; answers the most memory that all had together at a time. */
export function watch(pid) {
  let most = 0
  const timer = setInterval(() => (most = Math.max(most, sumOf(pid))), 100)
  return () => {
    clearInterval(timer)
    return most
  }
}

function sumOf(pid) {
  return treeOf(pid).reduce((sum, each) => sum + memoryOf(each), 0)
}
