import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { openBullmq } from '../../dist/queue/bullmq/queue.js'
import { openPool } from '../../dist/queue/pool.js'
import type { Queue } from '../../dist/queue/queue.js'
import { openRemote } from '../../dist/store/remote.js'
import { openShared } from '../../dist/store/shared.js'
import { startCli, type CliProcess } from './cli.ts'
import { project } from './project.ts'
import { freePort } from './store-server.ts'

export interface RedisServer {
  url: string
  child: ChildProcess
  /** Ends it at once, as a power cut does. */
  kill(): Promise<void>
  /** Starts it anew on what it wrote down. */
  restart(): Promise<void>
  client(): Redis
}

/** A real server on a free port that writes down what it is given, unless `settings` say otherwise. */
export async function startRedis(
  program: string,
  settings: readonly string[] = ['--appendonly', 'yes', '--appendfsync', 'always'],
): Promise<RedisServer> {
  const { root } = project()
  const port = await freePort()
  const start = async (): Promise<ChildProcess> => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', root, '--save', '', ...settings]
    const child = spawn(program, args, { stdio: 'ignore' })
    const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 30, maxRetriesPerRequest: 200 })
    client.on('error', () => undefined)
    await client.ping()
    client.disconnect()
    return child
  }
  const end = async (): Promise<void> => {
    server.child.kill('SIGKILL')
    if (server.child.exitCode === null && server.child.signalCode === null) await once(server.child, 'exit')
  }
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    child: await start(),
    kill: end,
    async restart() {
      server.child = await start()
    },
    client() {
      const client = new Redis(port, '127.0.0.1')
      client.on('error', () => undefined)
      onTestFinished(() => client.disconnect())
      return client
    },
  }
  onTestFinished(end)
  return server
}

/** A worker as people start it, in a folder of its own, ready for work. */
export async function startWorker(redis: string, store: string, more: readonly string[] = []): Promise<CliProcess> {
  const { root } = project()
  const worker = startCli(root, ['worker', '--redis', redis, '--store', store, '--concurrency', '1', ...more])
  await said(worker, 'waiting for jobs')
  return worker
}

/** Waits until a process has said something on standard error. */
export async function said({ child, ended }: CliProcess, text: string): Promise<void> {
  let output = ''
  child.stderr?.on('data', (part: Buffer | string) => (output += part.toString()))
  let over: string | undefined
  void ended.then(({ stderr }) => (over = stderr))
  while (!output.includes(text)) {
    if (over !== undefined) throw new Error(`expected ${JSON.stringify(text)}, received ${over}`)
    await sleep(20)
  }
}

/** The queue of a build. What it warns of goes to `warnings`. */
export function bullmq(
  redis: string,
  store: string,
  { allowForgetful = false } = {},
): { queue: Queue; warnings: { code: string; message: string }[] } {
  const warnings: { code: string; message: string }[] = []
  const warn = (error: { code: string; message: string }): void => void warnings.push(error)
  const remote = openRemote({ url: store, write: true, warn })
  const shared = openShared(remote, warn)
  const pool = openPool({ concurrency: 3, memory: 1e9, timeout: 60_000, pixelLimit: 1e8 })
  const queue = openBullmq({ redis, allowForgetful, pool, remote, shared, warn })
  onTestFinished(() => queue.close())
  return { queue, warnings }
}
