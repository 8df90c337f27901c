import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

/** The README's list of folders and files, from the leaves to the root. */
function layout(): string[][] {
  const [, section = ''] = readFileSync(join(root, 'README.md'), 'utf8').split('## How it works')
  return [...section.matchAll(/^\| (`[^|]+) \|/gm)].map(([, names = '']) => [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
}

test('the README lists all of src/, and imports only go up its list', () => {
  const rows = layout()
  const rank = (file: string): number => {
    const own = rows.findIndex((names) => names.includes(file) || names.includes(`${dirname(file)}/`))
    return own >= 0 ? own : rows.findIndex((names) => names.some((name) => name.endsWith('/') && file.startsWith(name)))
  }
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  expect(files.filter((file) => rank(file) < 0)).toEqual([])
  const down = files.flatMap((file) =>
    [...readFileSync(join(root, 'src', file), 'utf8').matchAll(/(?:from |import\()'(\.[^']+)'/g)]
      .map(([, path = '']) => normalize(join(dirname(file), path)))
      .filter((path) => rank(path) > rank(file))
      .map((path) => `${file} imports ${path}`),
  )
  expect(down).toEqual([])
})

/** Packages that a file of dist/ loads when it is loaded, by itself or by others. */
function packagesOf(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return new Set()
  seen.add(file)
  const names = [...readFileSync(file, 'utf8').matchAll(/^(?:import|export)\b[^'"]*?(?:from\s*)?["']([^'"]+)["']/gm)].map(
    ([, name = '']) => name,
  )
  const own = names.filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
  const more = names.filter((name) => name.startsWith('.')).flatMap((name) => [...packagesOf(join(dirname(file), name), seen)])
  return new Set([...own, ...more])
}

// For coverage nothing is bundled.
test.skipIf(process.env['IMAGEMILL_TRACES'])('the plugin loads little at its start: every build waits for that', () => {
  expect([...packagesOf(join(root, 'dist/index.js'))].sort()).toEqual(['color-name', 'p-limit', 'picocolors', 'picomatch'])
})
