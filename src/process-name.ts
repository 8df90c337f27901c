import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { systemCode } from './errors.ts'
import { sha256 } from './hash.ts'

/** Ids of processes mean something only where they were given out: on this machine, in this container. */
const PLACE = sha256(`${hostname()} ${pidNamespace()}`).slice(0, 8)

/** Begins the names of files that are of use only while this process runs. */
export const PROCESS_NAME = processName(process.pid)

/** The same of another process of this place. Ids are given out again, in a container at every start: when it began tells them apart. */
export function processName(pid: number): string {
  return `${pid}-${PLACE}-${factsOf(pid)?.start ?? 0}`
}

/** Whether the process that a file is named after has ended; undefined when it was a process of another place, or of none. */
export function hasEnded(name: string): boolean | undefined {
  const [, pid, place, start] = /^(\d+)-([0-9a-f]{8})-(\d+)-/.exec(name) ?? []
  if (pid === undefined || place !== PLACE) return undefined
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    return systemCode(error) !== 'EPERM'
  }
  const facts = factsOf(Number(pid))
  // A process that has ended keeps its number until someone asks how; in a container without an init that is never.
  return facts !== undefined && (facts.state === 'Z' || facts.state === 'X' || (start !== '0' && facts.start !== start))
}

/** What Linux knows of a process: its state, and when it began, in ticks since the machine did. */
function factsOf(pid: number): { state: string; start: string } | undefined {
  try {
    const [state = '', ...rest] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return { state, start: rest[18] ?? '0' }
  } catch {
    // Linux only.
    return undefined
  }
}

/** Containers may share a folder and a host name, but not the numbers of their processes. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    // Linux only.
    return ''
  }
}
