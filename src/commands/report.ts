import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { manifestSchema } from '../contract/manifest.ts'
import { reportSchema, type Report } from '../contract/report.ts'
import { ImagemillError, systemCode } from '../errors.ts'
import { isRecord } from '../hash.ts'
import { diffText } from '../report/diff.ts'
import { reportHtml } from '../report/html.ts'
import { reportOf } from '../report/report.ts'
import { reportText } from '../report/text.ts'
import { UsageError, readArguments } from './arguments.ts'
import { print } from './run-jobs.ts'

export const help = `Usage: imagemill report [file] [--json] [--html <file>]
       imagemill report --diff <old> <new>

Says what a build came to: bytes by format, the largest files, the slowest requests, and what came from the cache.
It reads the manifest of a build, or what the option \`report\` wrote, which also knows what each page can load.
Without a file it looks for imagemill-report.json and imagemill.json in dist/.vite and in .vite.

  --json          as JSON
  --html <file>   as one page, written to this file
  --diff          what has changed between two of them, as Markdown for a pull request
`

const PLACES = ['dist/.vite/imagemill-report.json', 'dist/.vite/imagemill.json', '.vite/imagemill-report.json', '.vite/imagemill.json']

export async function run(args: readonly string[]): Promise<number> {
  const options = { json: { type: 'boolean' }, html: { type: 'string' }, diff: { type: 'boolean' } } as const
  const { values, positionals } = readArguments(args, options, args.includes('--diff') ? 2 : 1)
  const [first, second] = positionals
  if (values.diff) {
    if (values.json || values.html !== undefined) throw new UsageError('--diff prints Markdown: --json and --html do not go with it')
    if (first === undefined || second === undefined) throw new UsageError('--diff needs two files: the old one and the new one')
    await print(diffText(readReport(first), readReport(second)))
    return 0
  }
  const file = first ?? PLACES.find((path) => existsSync(path))
  if (file === undefined) throw new UsageError(`there is no manifest: expected ${PLACES.join(' or ')}, or the path of one`)
  const report = readReport(file)
  if (values.html !== undefined) writePage(values.html, reportHtml(report))
  if (values.json) await print(`${JSON.stringify(report, undefined, 2)}\n`)
  else if (values.html === undefined) await print(reportText(report))
  return 0
}

function writePage(file: string, page: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, page)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    const message = `the page ${relativePath(file)} cannot be written (${systemCode(error)})`
    throw new ImagemillError({ code: 'OUTPUT_UNWRITABLE', message, hint: 'Check the folder, or name another file.' }, { cause: error })
  }
}

/** The report in a file, or that of the manifest in it. */
function readReport(file: string): Report {
  const value = parse(file)
  // A manifest has requests for keys, and each holds a query or a path with an ending.
  if (isRecord(value) && Array.isArray(value['images'])) {
    const { success, data, error } = reportSchema.safeParse(value)
    if (success) return data
    throw refused(file, 'report', error)
  }
  const { success, data, error } = manifestSchema.safeParse(value)
  if (success) return reportOf(data)
  throw refused(file, 'manifest', error)
}

function refused(file: string, kind: string, { issues: [issue] }: { issues: { path: PropertyKey[]; message: string }[] }): UsageError {
  return new UsageError(`${file} is not a ${kind} of imagemill: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${file} is not JSON (${error.message})`, { cause: error })
    if (systemCode(error) === undefined) throw error
    throw new UsageError(`${relativePath(file)} cannot be read (${systemCode(error)})`, { cause: error })
  }
}

function relativePath(file: string): string {
  return isAbsolute(file) ? file : relative(process.cwd(), resolve(file))
}
