import { readFileSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import { ImagemillError, asImagemillError } from '../errors.ts'
import type { BundlerError } from './bundler.ts'

/** An error as bundlers show it: paths as the user writes them, and the line of the import where it can be found. */
export function toBundlerError(error: unknown, root: string, importer?: string): BundlerError {
  const known = asImagemillError(error)
  const file = known.file === undefined ? undefined : relative(root, resolve(root, known.file)).split(sep).join('/')
  const placed = new ImagemillError({ ...known.facts(), file })
  const place = importer === undefined || known.query === undefined ? undefined : findImport(importer, known.query)
  const asked = importer === undefined ? '' : `\n  imported by ${relative(root, importer).split(sep).join('/')}${place ? `:${place.line}:${place.column + 1}` : ''}`
  return {
    message: `${placed.message}${asked}`,
    pluginCode: known.code,
    ...(known.file !== undefined && { id: known.query ? `${known.file}?${known.query}` : known.file }),
    ...(importer !== undefined && place && { loc: { file: importer, ...place } }),
  }
}

function findImport(importer: string, query: string): { line: number; column: number } | undefined {
  const lines = readLines(importer)
  const line = lines.findIndex((text) => text.includes(query))
  return line < 0 ? undefined : { line: line + 1, column: lines[line]?.indexOf(query) ?? 0 }
}

/** The importer may be virtual, or gone by now; then the error is told without its line. */
function readLines(file: string): string[] {
  try {
    return readFileSync(file.replace(/\?.*$/s, ''), 'utf8').split('\n')
  } catch {
    return []
  }
}
