import { createReadStream, type ReadStream } from 'node:fs'
import { once } from 'node:events'
import { ImagemillError, systemCode } from '../errors.ts'
import { UsageError, readArguments } from './arguments.ts'
import { JOB_HELP, JOB_OPTIONS, engineOf } from './engine.ts'
import { onInterrupt } from './interrupt.ts'
import { parseJson, readAll, readLines, type Item } from './lines.ts'
import { doItem } from './process.ts'
import { runJobs } from './run-jobs.ts'

/** Most bytes of a file that is one array of jobs, which has to be read whole. */
const LARGEST = 64_000_000

export const help = `Usage: imagemill batch <file>

Does the jobs of a file: an array of them as JSON, or one a line. Prints one line of JSON for each, in their order.
Jobs run side by side: none should read what another one writes.

${JOB_HELP}
`

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, JOB_OPTIONS, 1)
  const [file] = positionals
  if (file === undefined) throw new UsageError('there is no file of jobs')
  const engine = engineOf(values)
  await requireFile(file)
  const interrupt = onInterrupt()
  return runJobs(readJobs(file, interrupt.signal), doItem, engine, interrupt)
}

async function requireFile(file: string): Promise<void> {
  const stream = createReadStream(file, { end: 0 })
  try {
    await firstByte(stream)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    throw new UsageError(`the file of jobs ${file} cannot be read (${systemCode(error)})`, { cause: error })
  }
}

async function* readJobs(file: string, signal: AbortSignal): AsyncGenerator<Item> {
  if (!(await isArray(file))) return yield* readLines(createReadStream(file), signal)
  const jobs = await readArray(file, signal)
  for (const [index, job] of jobs.entries()) yield { name: `job ${index + 1}`, job }
}

/** Whether the first thing in a file is a bracket, which no job begins with. */
async function isArray(file: string): Promise<boolean> {
  const stream = createReadStream(file, { encoding: 'utf8' })
  try {
    for await (const chunk of stream) {
      const start = String(chunk)
        .replace(/^\uFEFF/, '')
        .trimStart()
      if (start !== '') return start.startsWith('[')
    }
    return false
  } finally {
    stream.destroy()
  }
}

async function readArray(file: string, signal: AbortSignal): Promise<unknown[]> {
  try {
    const jobs = parseJson(await readAll(createReadStream(file), signal, LARGEST), LARGEST)
    return Array.isArray(jobs) ? jobs : []
  } catch (error) {
    if (!(error instanceof ImagemillError)) throw error
    throw new UsageError(`${file}: ${error.reason}`, { cause: error })
  }
}

async function firstByte(stream: ReadStream): Promise<void> {
  stream.resume()
  await once(stream, 'close')
}
