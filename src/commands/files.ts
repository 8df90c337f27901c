import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve, sep } from 'node:path'
import fastGlob from 'fast-glob'
import { ImagemillError } from '../errors.ts'
import { makeFiles, planFiles, type Wanted } from '../jobs/images.ts'
import { outputPaths } from '../jobs/names.ts'
import { answer } from '../jobs/run.ts'
import { parseRequest, type Request } from '../query/request.ts'
import { isImageFile } from '../query/text.ts'
import { UsageError, readArguments } from './arguments.ts'
import { ENGINE_HELP, ENGINE_OPTIONS, engineOf } from './engine.ts'
import { onInterrupt } from './interrupt.ts'
import { PROGRESS_HELP, PROGRESS_OPTIONS, audienceOf } from './progress.ts'
import { runJobs, type Telling } from './run-jobs.ts'

export const help = `Usage: imagemill '<glob>?<query>' --out <dir> [--dry-run]
       imagemill files '<glob>?<query>' --out <dir> [--dry-run]

Makes every image that a glob matches as a query of an import says, and prints one line of JSON for each, sorted by path.
Files are named as in hero-640.webp, in the folders that they were found in. What is in node_modules is left alone unless
the glob names it, and so is what is in <dir>.

  --out <dir>          the folder to write to
  --dry-run            prints what would be written, and writes nothing
${PROGRESS_HELP}
${ENGINE_HELP}

  imagemill 'photos/**/*.jpg?w=320;640&format=avif;webp' --out public/photos
`

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(
    args,
    { out: { type: 'string' }, 'dry-run': { type: 'boolean' }, ...PROGRESS_OPTIONS, ...ENGINE_OPTIONS },
    1,
  )
  const [pattern, query] = splitPattern(positionals[0] ?? '')
  if (query === undefined) throw new UsageError("expected '<glob>?<query>', as in 'photos/*.jpg?w=640'")
  if (values.out === undefined || values.out === '') throw new UsageError('there is no folder to write to: expected --out <dir>')
  const request = requestOf(query)
  const { out } = values
  const { found, own } = await findImages(pattern, out)
  if (found.length === 0) throw new UsageError(noneText(pattern, own, out))
  const wanted = found.map(({ input, folder }): Wanted => ({
    input,
    request,
    inline: request.values.inline?.[0] === true,
    paths: ({ outputs }) => outputPaths(join(out, folder), input, outputs),
  }))
  return values['dry-run'] ? dryRun(wanted, values) : make(wanted, values)
}

type Values = Parameters<typeof engineOf>[0] & Parameters<typeof audienceOf>[0]

function make(wanted: readonly Wanted[], values: Values): Promise<number> {
  return runJobs(
    each(wanted),
    (item, context) => answer(asked(item, makeFiles), context),
    engineOf(values),
    onInterrupt(),
    telling(wanted, values),
  )
}

/** All are asked for the same: how much work each is, is in the size of its source. */
function telling(wanted: readonly Wanted[], values: Values): Telling<Wanted> {
  const audience = audienceOf(values)
  const sizes = new Map(
    audience === 'nobody' ? [] : wanted.map(({ input }) => [input, statSync(input, { throwIfNoEntry: false })?.size ?? 0]),
  )
  const work = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  return { audience, about: ({ input }) => ({ name: input, work: sizes.get(input) ?? 0 }), expected: { total: wanted.length, work } }
}

/** Not even what is found out about the sources stays. */
async function dryRun(wanted: readonly Wanted[], values: Values): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'imagemill-dry-'))
  try {
    return await runJobs(
      each(wanted),
      (item, context) => answer(asked(item, planFiles), context),
      { ...engineOf(values), folder },
      onInterrupt(),
      telling(wanted, values),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function asked<T>(
  item: Wanted,
  work: (item: Wanted, context: Parameters<typeof makeFiles>[1]) => Promise<T>,
): Parameters<typeof answer<T>>[0] {
  // What it will be called is known when it is planned; until then most are this.
  return { name: item.input, operation: 'resize', input: item.input, read: () => (context) => work(item, context) }
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

/** A glob may have a \`?\` of its own, a query has none. */
function splitPattern(text: string): [string, string | undefined] {
  const mark = text.lastIndexOf('?')
  return mark < 0 ? [text, undefined] : [text.slice(0, mark), text.slice(mark + 1)]
}

function requestOf(query: string): Request {
  try {
    const request = parseRequest(query)
    const { inline, id } = request.values
    if (request.shape || request.urlOnly || id || inline?.[0] === 'auto')
      throw new UsageError(
        `${request.shape ? '`as`' : request.urlOnly ? '`url`' : id ? '`id`' : '`inline=auto`'} is for imports: it says nothing about files`,
      )
    return request
  } catch (error) {
    if (!(error instanceof ImagemillError)) throw error
    throw new UsageError(`${error.reason}${error.hint ? `. ${error.hint}` : ''}`, { cause: error })
  }
}

function noneText(pattern: string, own: number, out: string): string {
  if (own === 0) return `no image matches ${pattern}`
  const which = own === 1 ? 'the only image that matches' : `all ${own} images that match`
  return `${which} ${pattern} ${own === 1 ? 'is' : 'are'} in ${out}, which --out names, and left alone: write to another folder`
}

/**
 * Every image of a pattern, and the folder it is in below the part of the pattern that has no wildcards; and how many are
 * left alone because they are in the folder that is written to.
 */
async function findImages(pattern: string, out: string): Promise<{ found: { input: string; folder: string }[]; own: number }> {
  const ignore = /(^|\/)node_modules(\/|$)/.test(pattern) ? [] : ['**/node_modules/**']
  const [task] = fastGlob.generateTasks(pattern)
  const base = task?.base ?? '.'
  const target = resolve(out) + sep
  const images = (await fastGlob(pattern, { ignore, followSymbolicLinks: false })).filter(isImageFile)
  const found = images
    .filter((input) => !(resolve(input) + sep).startsWith(target))
    .sort((a, b) => (a < b ? -1 : 1))
    .map((input) => ({ input, folder: relative(base, dirname(input)) }))
  return { found, own: images.length - found.length }
}
