import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'

const CGROUP = '/sys/fs/cgroup'

/** CPUs that the container may use, which Node.js 20 does not know; Infinity when there is no limit. */
export function cgroupCpus(): number {
  const [quota, period] = (
    readText(`${CGROUP}/cpu.max`) ??
    `${readText(`${CGROUP}/cpu/cpu.cfs_quota_us`) ?? 'max'} ${readText(`${CGROUP}/cpu/cpu.cfs_period_us`) ?? ''}`
  )
    .split(' ')
    .map(Number)
  return quota !== undefined && quota > 0 && period ? Math.max(1, Math.floor(quota / period)) : Infinity
}

/** Memory that this process may use, in bytes: the container's where it has a limit. */
export function memoryLimit(): number {
  const limits = [`${CGROUP}/memory.max`, `${CGROUP}/memory/memory.limit_in_bytes`].map((path) => Number(readText(path)))
  return Math.min(totalmem(), ...limits.filter((limit) => limit > 0))
}

/** The files exist on Linux only, and not all of them on every kernel. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}
