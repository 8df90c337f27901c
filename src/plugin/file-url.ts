import { posix } from 'node:path'

/**
 * An expression for the address of a file, seen from a chunk: what plain Rollup and Rolldown make of
 * `import.meta.ROLLUP_FILE_URL`, which is settled too early for files that are made after tree shaking.
 */
export function fileUrlExpression(format: string, chunkFile: string, file: string): string {
  const relative = JSON.stringify(posix.relative(posix.dirname(chunkFile), file).split('/').map(encodeURIComponent).join('/'))
  const inPage = `new URL(${relative}, document.currentScript && document.currentScript.tagName.toUpperCase() === 'SCRIPT' && document.currentScript.src || document.baseURI).href`
  switch (format) {
    case 'es':
    case 'esm':
    case 'module':
      return `new URL(${relative}, import.meta.url).href`
    case 'system':
      return `new URL(${relative}, module.meta.url).href`
    case 'cjs':
    case 'commonjs':
      return `(typeof document === 'undefined' ? new URL(${relative}, require('node:url').pathToFileURL(__filename).href).href : ${inPage})`
    case 'amd':
    case 'umd':
      return `(typeof document === 'undefined' ? (typeof require === 'function' && typeof __filename === 'string' ? new URL(${relative}, require('node:url').pathToFileURL(__filename).href).href : ${relative}) : ${inPage})`
    default:
      return inPage
  }
}
