import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ImagemillOptions } from 'imagemill'
import { onTestFinished } from 'vitest'

export interface BuildProcess {
  child: ChildProcess
  /** What it came to, when all that it wrote has been read. */
  ended: Promise<{ code: number | null; signal: string | null; output: string }>
}

/** Builds the project at `root` in a process of its own. */
export function startBuild(
  root: string,
  { options = {}, outDir = 'dist', env = {} }: { options?: ImagemillOptions; outDir?: string; env?: Record<string, string> } = {},
): BuildProcess {
  const script = join(import.meta.dirname, 'build-once.js')
  const child = spawn(process.execPath, [script, root, JSON.stringify(options), outDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: typeof code === 'number' ? code : null,
    signal: typeof signal === 'string' ? signal : null,
    output,
  }))
  return { child, ended }
}

/** Ids of the worker processes of a process. Linux only, like everything that looks into /proc. */
export function workersOf(parent = process.pid): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isWorker(pid, parent))
}

function isWorker(pid: number, parent: number): boolean {
  try {
    const [state, ppid] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return Number(ppid) === parent && state !== 'Z' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join('engine', 'worker.js'))
  } catch {
    // It ended while it was looked at.
    return false
  }
}

export function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** Waits until something is so; that it never is, is a failure of the test. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (isSo()) return
    await sleep(20)
  }
  throw new Error(`waited in vain until ${what}`)
}

/** The most worker processes that this process had at a time while work ran. */
export async function mostWorkers(work: Promise<unknown>): Promise<number> {
  let most = 0
  let over = false
  const end = work.finally(() => (over = true))
  while (!over) {
    most = Math.max(most, workersOf().length)
    await sleep(10)
  }
  await end
  return most
}
