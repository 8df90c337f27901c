import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { jobResultSchema, type JobFailure, type JobResult, type JobSuccess } from '../../src/contract/job-result.ts'

export interface Ended {
  code: number | null
  signal: string | null
  stdout: string
  stderr: string
  /** The records that were printed, each of them checked against its schema. */
  records: JobResult[]
}

export interface CliProcess {
  child: ChildProcess
  ended: Promise<Ended>
}

const CLI = join(import.meta.dirname, '../../dist/cli.js')

/** Starts the real command line in a folder. */
export function startCli(cwd: string, args: readonly string[], { detached = false }: { detached?: boolean } = {}): CliProcess {
  const child = spawn(process.execPath, [CLI, ...args], { cwd, detached, stdio: 'pipe', env: { ...process.env, NO_COLOR: '1' } })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // It may have ended before it has read everything.
  child.stdin.on('error', () => undefined)
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: typeof code === 'number' ? code : null,
    signal: typeof signal === 'string' ? signal : null,
    stdout,
    stderr,
    get records() {
      return recordsIn(stdout)
    },
  }))
  return { child, ended }
}

/** Runs the command line to its end. */
export function runCli(cwd: string, args: readonly string[], input: string | Buffer = ''): Promise<Ended> {
  const { child, ended } = startCli(cwd, args)
  child.stdin?.end(input)
  return ended
}

/** Does one job and answers its record. */
export async function runOne(cwd: string, job: unknown): Promise<JobResult> {
  const { records, stdout } = await runCli(cwd, ['process', '--job', JSON.stringify(job)])
  const [record] = records
  if (!record || records.length !== 1) throw new Error(`expected one record, received ${stdout}`)
  return record
}

export function recordsIn(stdout: string): JobResult[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => jobResultSchema.parse(JSON.parse(line)))
}

export function success(record: JobResult | undefined): JobSuccess {
  if (record?.success) return record
  throw new Error(`expected a success, received ${JSON.stringify(record)}`)
}

export function failure(record: JobResult | undefined): JobFailure {
  if (record?.success === false) return record
  throw new Error(`expected a failure, received ${JSON.stringify(record)}`)
}

export function ndjson(jobs: readonly unknown[]): string {
  return jobs.map((job) => `${JSON.stringify(job)}\n`).join('')
}
