import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Runs a built file in a process of its own and answers what it left in `globalThis.answer` (or another `global`), as JSON says it,
 * or else the export `pick`. `before` is code that stands for the page around it.
 */
export function runFile(
  file: string,
  {
    before = '',
    kind = 'module',
    pick = 'default',
    global = 'answer',
  }: { before?: string; kind?: 'module' | 'commonjs'; pick?: string; global?: string } = {},
): unknown {
  const load =
    kind === 'module'
      ? `await import(${JSON.stringify(pathToFileURL(file).href)})`
      : `(await import('node:module')).createRequire(${JSON.stringify(file)})(${JSON.stringify(file)})`
  const script = `${before}\nconst loaded = ${load}\nprocess.stdout.write(JSON.stringify(await (globalThis[${JSON.stringify(global)}] ?? loaded[${JSON.stringify(pick)}] ?? loaded)))`
  const { NODE_OPTIONS: _, ...env } = process.env
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8', env }))
}

/** Every address in a value: plain ones, and the candidates of each srcset. */
export function addressesIn(value: unknown): string[] {
  const texts: string[] = []
  collect(value, texts)
  const addresses = texts.flatMap((text) => text.split(', ').map((candidate) => candidate.replace(/ [\d.]+[wx]$/, '')))
  return [...new Set(addresses.filter((address) => /^(data:|blob:)|\.(avif|gif|jpe?g|png|svg|webp)([?#]|$)/i.test(address)))].sort()
}

function collect(value: unknown, into: string[]): void {
  if (typeof value === 'string') into.push(value)
  else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) collect(inner, into)
}

/** How many images the store below a project's root holds: each stands for one encode. */
export function encodesIn(root: string): number {
  const folder = join(root, 'node_modules/.cache/imagemill/v1/ac')
  if (!existsSync(folder)) return 0
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.json') && readFileSync(join(folder, name), 'utf8').includes('"blob"'),
  ).length
}
