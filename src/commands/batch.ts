import { createReadStream, type ReadStream } from 'node:fs'
import { once } from 'node:events'
import { ImagemillError, systemCode } from '../errors.ts'
import type { Expected } from '../progress/tally.ts'
import { UsageError, readArguments } from './arguments.ts'
import { JOB_HELP, JOB_OPTIONS, engineOf } from './engine.ts'
import { onInterrupt } from './interrupt.ts'
import { jobWork } from './job-work.ts'
import { parseJson, readAll, readLines, type Item } from './lines.ts'
import { about, doItem } from './process.ts'
import { PROGRESS_HELP, PROGRESS_OPTIONS, audienceOf } from './progress.ts'
import { runJobs } from './run-jobs.ts'

/** Most bytes of a file that is one array of jobs, which has to be read whole. */
const LARGEST = 64_000_000

export const help = `Usage: imagemill batch <file>

Does the jobs of a file: an array of them as JSON, or one a line. Prints one line of JSON for each, in their order.
Jobs run side by side: none should read what another one writes.

${PROGRESS_HELP}
${JOB_HELP}
`

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, { ...PROGRESS_OPTIONS, ...JOB_OPTIONS }, 1)
  const [file] = positionals
  if (file === undefined) throw new UsageError('there is no file of jobs')
  const engine = engineOf(values)
  const audience = audienceOf(values)
  await requireFile(file)
  const interrupt = onInterrupt()
  const { items, expected } = await openJobs(file, interrupt.signal)
  return runJobs(items, doItem, engine, interrupt, { audience, about, expected })
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

/** The jobs of a file, and how many there are. */
async function openJobs(file: string, signal: AbortSignal): Promise<{ items: AsyncIterable<Item>; expected: Expected }> {
  if (!(await isArray(file))) return { items: readLines(createReadStream(file), signal), expected: { total: await countLines(file) } }
  const jobs = await readArray(file, signal)
  return {
    items: each(jobs.map((job, index) => ({ name: `job ${index + 1}`, job }))),
    expected: { total: jobs.length, work: jobs.reduce<number>((sum, job) => sum + jobWork(job), 0) },
  }
}

async function* each(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items
}

/** Lines of a file; what is behind the last line break is one, too. */
async function countLines(file: string): Promise<number> {
  let [count, isOpen] = [0, false]
  for await (const chunk of createReadStream(file)) {
    const bytes: unknown = chunk
    if (!(bytes instanceof Buffer)) continue
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++
    isOpen = bytes.at(-1) !== 10
  }
  return isOpen ? count + 1 : count
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
