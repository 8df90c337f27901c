import { readFile } from 'node:fs/promises'
import type { SharpConstructor } from 'sharp'
import { ImagemillError, asImagemillError, type ErrorFacts } from '../errors.ts'
import { diskStore } from '../store/disk.ts'
import type { Box, FactQuestion, Header, Source, SourceFormat, StoredFact, TrimQuestion } from '../types.ts'
import { openGuard } from './guard.ts'
import type { Batch, Report } from './work.ts'

/** What the pool asks of a worker process. */
export type Task =
  | { type: 'work'; batch: Batch; folder: string }
  | { type: 'header'; file: string; format: SourceFormat }
  | { type: 'trim'; source: Source; pixelLimit: number; question: TrimQuestion }
  | { type: 'fact'; source: Source; pixelLimit: number; question: FactQuestion }
  | { type: 'versions' }

/** What it answers, by the kind of task; outputs are reported one by one instead. */
export interface Findings {
  header?: Header
  box?: Box
  fact?: StoredFact
  versions?: Record<string, string | undefined>
}

export type Answer = { ok: true; found: Findings } | { ok: false; error: ErrorFacts }

/** All that a worker process says to its parent; `memory` is what it holds when it has nothing to do, in bytes. */
export type Message = { type: 'ready' } | { type: 'report'; report: Report } | { type: 'answer'; answer: Answer; memory: number }

const guard = openGuard()

/** Runs in a child process: the only place where sharp is loaded. */
async function run(task: Task): Promise<Answer> {
  try {
    return { ok: true, found: await find(task) }
  } catch (error) {
    return { ok: false, error: asImagemillError(error).facts() }
  }
}

async function find(task: Task): Promise<Findings> {
  const sharp = await loadSharp()
  if (task.type === 'versions') return { versions: { ...sharp.versions } }
  if (task.type === 'header') {
    const { inspectHeader } = await import('./inspect.ts')
    return { header: await inspectHeader(await readFile(task.file), task.format) }
  }
  const { loadSource, work } = await import('./work.ts')
  if (task.type === 'work') {
    if (task.batch.outputs.some(({ picture }) => picture.transforms)) guard()
    await work(task.batch, diskStore(task.folder), tell)
    return {}
  }
  if (task.type === 'fact') {
    const { findFact } = await import('./fact.ts')
    return { fact: await findFact(await loadSource(task), task.question) }
  }
  const { trimmedBox } = await import('./inspect.ts')
  return { box: await trimmedBox(await loadSource(task), task.question) }
}

async function loadSharp(): Promise<SharpConstructor> {
  const sharp = await import('sharp').then(
    (module) => module.default,
    (cause: unknown) => {
      throw new ImagemillError(
        {
          code: 'UNSUPPORTED_SHARP',
          message: `sharp cannot be loaded (${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)})`,
          hint: 'Install it for this platform: npm install sharp@^0.35.5',
        },
        { cause },
      )
    },
  )
  // AVIF bytes change with the number of threads; parallelism comes from processes instead.
  sharp.concurrency(1)
  // Nothing is decoded twice, so libvips' cache would only hold memory and files.
  sharp.cache(false)
  // A libvips of the system may have dozens of loaders; what is no source of ours is no way in.
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: LOADERS.map((name) => `VipsForeignLoad${name}`) })
  return sharp
}

/** libvips' names of what reads the formats that may be a source. */
const LOADERS = ['Heif', 'Jpeg', 'Nsgif', 'Png', 'Svg', 'Tiff', 'Webp'] as const

function tell(report: Report): void {
  say({ type: 'report', report })
}

function say(message: Message): void {
  process.send?.(message)
}

/** What may be left outside of V8's heap between two tasks, in bytes. */
const LEFT = 32_000_000

/** More than a worker holds that has nothing to do, in bytes. */
const MUCH = 400_000_000

async function serve(task: Task): Promise<void> {
  const answer = await run(task)
  collect()
  say({ type: 'answer', answer, memory: process.memoryUsage.rss() })
}

/**
 * Pixels live outside of V8's heap, which sees no reason to collect them before the next image has added its own.
 * Most are young, and found in under a millisecond; a whole collection takes ten.
 */
function collect(): void {
  globalThis.gc?.({ type: 'minor' })
  const { external, rss } = process.memoryUsage()
  if (external > LEFT || rss > MUCH) globalThis.gc?.()
}

process.on('message', (task: Task) => void serve(task))
// Without its parent a worker has nobody to work for. `process.exit` would wait for the encoder's threads, for minutes.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
say({ type: 'ready' })
