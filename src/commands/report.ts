import { existsSync, readFileSync } from 'node:fs'
import { isAbsolute, relative, resolve } from 'node:path'
import { manifestSchema, type Manifest } from '../contract/manifest.ts'
import type { Report } from '../contract/report.ts'
import { systemCode } from '../errors.ts'
import { UsageError, readArguments } from './arguments.ts'
import { print } from './run-jobs.ts'
import { durationText, sizeText } from '../units.ts'

export const help = `Usage: imagemill report [manifest]

Says what a build came to: bytes by format, the largest files, the slowest requests, and what came from the cache.
Without a file it reads dist/.vite/imagemill.json, or .vite/imagemill.json.

  --json      as JSON
`

const PLACES = ['dist/.vite/imagemill.json', '.vite/imagemill.json']
/** Of the largest and the slowest so many are named. */
const NAMED = 10

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, { json: { type: 'boolean' } }, 1)
  const file = positionals[0] ?? PLACES.find((path) => existsSync(path))
  if (file === undefined) throw new UsageError(`there is no manifest: expected ${PLACES.join(' or ')}, or the path of one`)
  const report = reportOf(readManifest(file))
  await print(values.json ? `${JSON.stringify(report, undefined, 2)}\n` : reportText(report))
  return 0
}

function readManifest(file: string): Manifest {
  const { success, data, error } = manifestSchema.safeParse(parse(file))
  if (success) return data
  const [issue] = error.issues
  throw new UsageError(`${file} is not a manifest of imagemill: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${file} is not JSON (${error.message})`, { cause: error })
    if (systemCode(error) === undefined) throw error
    throw new UsageError(`the manifest ${relativePath(file)} cannot be read (${systemCode(error)})`, { cause: error })
  }
}

function relativePath(file: string): string {
  return isAbsolute(file) ? file : relative(process.cwd(), resolve(file))
}

/** What a manifest comes to. A file that several requests name is counted once. */
export function reportOf(manifest: Manifest): Report {
  const entries = Object.entries(manifest)
  const sources = new Map(entries.map(([, { source }]) => [source.sha256, source.size_bytes]))
  const files = new Map(
    entries.flatMap(([request, { results }]) =>
      results.flatMap((result) => (result.success ? result.outputs.map((output) => [output.path, { request, ...output }] as const) : [])),
    ),
  )
  const outputs = [...files.values()]
  const formats: Report['formats'] = {}
  for (const { format, size_bytes } of outputs) {
    const { files: count = 0, size_bytes: total = 0 } = formats[format] ?? {}
    formats[format] = { files: count + 1, size_bytes: total + size_bytes }
  }
  return {
    requests: entries.length,
    cached: entries.filter(([, { cached }]) => cached).length,
    sources: { files: sources.size, size_bytes: sum(sources.values()) },
    outputs: { files: outputs.length, size_bytes: sum(outputs.map(({ size_bytes }) => size_bytes)) },
    formats,
    largest: outputs
      .toSorted((a, b) => b.size_bytes - a.size_bytes)
      .slice(0, NAMED)
      .map(({ path, request, size_bytes }) => ({ path, request, size_bytes })),
    slowest: entries
      .map(([request, { results }]) => ({ request, elapsed_ms: sum(results.map(({ elapsed_ms }) => elapsed_ms)) }))
      .sort((a, b) => b.elapsed_ms - a.elapsed_ms)
      .slice(0, NAMED),
    failed: entries.flatMap(([request, { results }]) =>
      results.flatMap((result) => (result.success ? [] : [{ request, error: result.error }])),
    ),
  }
}

function reportText({ requests, cached, sources, outputs, formats, largest, slowest, failed }: Report): string {
  const list = (title: string, rows: readonly [string, string][]): string =>
    rows.length === 0 ? '' : `\n${title}\n${rows.map(([value, name]) => `  ${value.padStart(10)}  ${name}\n`).join('')}`
  return [
    `${requests} requests, ${cached} of them from the cache\n`,
    `${sources.files} sources, ${sizeText(sources.size_bytes)}\n${outputs.files} outputs, ${sizeText(outputs.size_bytes)}\n`,
    list(
      'Formats',
      Object.entries(formats).map(([format, { files, size_bytes }]) => [sizeText(size_bytes), `${format}, ${files} files`]),
    ),
    list(
      'Largest',
      largest.map(({ path, size_bytes }) => [sizeText(size_bytes), path]),
    ),
    list(
      'Slowest',
      slowest.map(({ request, elapsed_ms }) => [durationText(elapsed_ms), request]),
    ),
    list(
      'Failed',
      failed.map(({ request, error }) => ['', `${request}: ${error}`]),
    ),
  ].join('')
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, number) => total + number, 0)
}
