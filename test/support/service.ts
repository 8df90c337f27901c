import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { jobStatusResponseSchema } from '../../src/contract/lifecycle.ts'
import type { JobStatusResponse } from '../../src/service/documents.ts'

type Completed = Extract<JobStatusResponse, { status: 'completed' }>

export interface ServiceProcess {
  child: ChildProcess
  /** What its addresses begin with. */
  url: string
  /** Lines of its log so far. */
  log: Record<string, unknown>[]
  request(path: string, init?: RequestInit): Promise<Response>
  /** Posts a job as JSON and answers its id; anything but 202 is an error. */
  submit(operation: string, job: unknown, headers?: Record<string, string>): Promise<string>
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>
  /** The last status of a job, checked against its schema. */
  end(id: string): Promise<JobStatusResponse>
  completed(id: string): Promise<Completed>
  /** Ends it and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null }>
}

const CLI = join(import.meta.dirname, '../../dist/cli.js')

/** Starts the real service in a folder, on a free port. */
export async function startService(cwd: string, args: readonly string[] = [], env: Record<string, string> = {}): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [CLI, 'serve', '--port', '0', ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const log: Record<string, unknown>[] = []
  let [stdout, stderr, rest] = ['', '', '']
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('{')) log.push(JSON.parse(line) as Record<string, unknown>)
  })
  const closed = once(child, 'close')
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      if (stdout.includes('\n')) resolve(stdout.split('\n')[0] ?? '')
    })
    void closed.then(() => reject(new Error(`the service ended: ${stderr}`)))
  })

  const request: ServiceProcess['request'] = (path, init) => fetch(new URL(path, url), init)
  const post: ServiceProcess['post'] = (path, body, headers = {}) =>
    request(path, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } })
  const end: ServiceProcess['end'] = async (id) => {
    for (;;) {
      const response = await request(`/listen/${id}`)
      if (response.status === 429) {
        await sleep(1000 * Number(response.headers.get('retry-after')))
        continue
      }
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
      const status = jobStatusResponseSchema.parse(await response.json())
      if (status.status === 'completed' || status.status === 'failed' || status.status === 'cancelled') return status
    }
  }
  return {
    child,
    url,
    log,
    request,
    post,
    end,
    async submit(operation, job, headers) {
      const response = await post(`/v1/${operation}`, job, headers)
      const body = await response.text()
      if (response.status !== 202) throw new Error(`${response.status} ${body}`)
      return String((JSON.parse(body) as { job_id: unknown }).job_id)
    },
    async completed(id) {
      const status = await end(id)
      if (status.status !== 'completed') throw new Error(`expected a job that completes, received ${JSON.stringify(status)}`)
      return status
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      const [code] = await closed
      return { code: typeof code === 'number' ? code : null }
    },
  }
}

/** The bytes at an address. */
export async function bytesAt(url: string): Promise<Buffer> {
  const response = await fetch(url)
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  return Buffer.from(await response.arrayBuffer())
}
