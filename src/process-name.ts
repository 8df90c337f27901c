import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { systemCode } from './errors.ts'
import { sha256 } from './hash.ts'

/** Ids of processes mean something only where they were given out: on this machine, in this container. */
const PLACE = sha256(`${hostname()} ${pidNamespace()}`).slice(0, 8)

/** Begins the names of files that are of use only while this process runs. */
export const PROCESS_NAME = `${process.pid}-${PLACE}`

/** Whether the process that a file is named after has ended; undefined when it was a process of another place, or of none. */
export function hasEnded(name: string): boolean | undefined {
  const [, pid, place] = /^(\d+)-([0-9a-f]{8})-/.exec(name) ?? []
  if (pid === undefined || place !== PLACE) return undefined
  try {
    return !process.kill(Number(pid), 0) || isZombie(pid)
  } catch (error) {
    return systemCode(error) !== 'EPERM'
  }
}

/** A process that has ended keeps its number until someone asks how; in a container without an init that is never. */
function isZombie(pid: string): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    // Linux only.
    return false
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
