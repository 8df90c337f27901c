import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { ImagemillError, asImagemillError } from '../errors.ts'
import type { BundlerError } from './bundler.ts'
import { pathBelow } from './path-below.ts'

/** An error as bundlers show it: paths as the user writes them, and the line of the import where it can be found. */
export function toBundlerError(error: unknown, root: string, importers: ReadonlyMap<string, string>): BundlerError {
  const known = asImagemillError(error)
  const id = known.file === undefined ? undefined : known.query ? `${known.file}?${known.query}` : known.file
  const importer = id === undefined ? undefined : importers.get(id)?.replace(/\?.*$/s, '')
  const place = importer === undefined || known.file === undefined ? undefined : findImport(importer, [known.query, basename(known.file)])
  const asked =
    importer === undefined ? '' : `\n  imported by ${pathBelow(root, importer)}${place ? `:${place.line}:${place.column + 1}` : ''}`
  return {
    message: `${below(root, known).message}${asked}`,
    pluginCode: known.code,
    // By this code Vite answers 403, as it does for any other file that it may not show.
    ...(known.code === 'SOURCE_DENIED'
      ? { id: known.file ?? '', code: 'ERR_DENIED_ID' }
      : // Bundlers write the place behind the id, whatever file the place is of.
        importer !== undefined && place
        ? { id: importer, loc: { file: importer, ...place } }
        : id !== undefined && { id }),
  }
}

/** The same error with its file as users see it: below the root, with `/`. */
export function below(root: string, error: ImagemillError): ImagemillError {
  const file = error.file === undefined ? undefined : pathBelow(root, error.file)
  return new ImagemillError({ ...error.facts(), file }, { cause: error.cause })
}

/** The first line that holds the query; where that was put together (a glob, a template), the one that names the file. */
function findImport(importer: string, traces: readonly (string | undefined)[]): { line: number; column: number } | undefined {
  const lines = readLines(importer)
  for (const trace of traces) {
    const line = trace ? lines.findIndex((text) => text.includes(trace)) : -1
    if (trace && line >= 0) return { line: line + 1, column: lines[line]?.indexOf(trace) ?? 0 }
  }
  return undefined
}

/** The importer may be virtual, or gone by now; then the error is told without its line. */
function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}
