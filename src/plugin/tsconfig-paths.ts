import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { isRecord } from '../hash.ts'
import { withoutComments } from '../module/comments.ts'

/** One line of `paths`, with the folder that it starts from. */
interface PathRule {
  pattern: string
  targets: string[]
  base: string
}

/** Finds the file that `paths` in the tsconfig.json of a folder means by a specifier; undefined where they do not know it. */
export function tsconfigResolver(root: string): (specifier: string) => string | undefined {
  let rules: PathRule[] | undefined
  return (specifier) => {
    rules ??= rulesOf(join(root, 'tsconfig.json'), new Set())
    return rules.flatMap((rule) => candidatesOf(rule, specifier)).find((file) => existsSync(file))
  }
}

function candidatesOf({ pattern, targets, base }: PathRule, specifier: string): string[] {
  const [before = '', after] = pattern.split('*')
  if (after === undefined) return pattern === specifier ? targets.map((target) => resolve(base, target)) : []
  if (!specifier.startsWith(before) || !specifier.endsWith(after) || specifier.length < before.length + after.length) return []
  const star = specifier.slice(before.length, specifier.length - after.length)
  return targets.map((target) =>
    resolve(
      base,
      target.replace('*', () => star),
    ),
  )
}

/** The rules of a file, of those that it extends, and of the projects that it is made of. */
function rulesOf(file: string, seen: Set<string>): PathRule[] {
  if (seen.has(file) || !existsSync(file)) return []
  seen.add(file)
  const config = parsed(readFileSync(file, 'utf8'))
  const { paths, baseUrl } = isRecord(config['compilerOptions']) ? config['compilerOptions'] : {}
  const base = resolve(dirname(file), typeof baseUrl === 'string' ? baseUrl : '.')
  const own = isRecord(paths) ? Object.entries(paths).map(([pattern, targets]) => ({ pattern, targets: textsIn(targets), base })) : []
  const references = Array.isArray(config['references']) ? config['references'] : []
  const projects = references.flatMap((reference) =>
    isRecord(reference) && typeof reference['path'] === 'string' ? projectFile(dirname(file), reference['path']) : [],
  )
  const parents = textsIn(config['extends']).flatMap((name) => parentFile(file, name))
  // As in TypeScript, paths of its own stand in place of those that it extends.
  const inherited = own.length > 0 ? [] : parents
  return [...own, ...[...inherited, ...projects].flatMap((other) => rulesOf(other, seen))]
}

/** JSON with comments and commas too many; what cannot be read is for TypeScript to tell. */
function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(withoutComments(text).replace(/,(?=\s*[}\]])/g, ''))
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}

function projectFile(folder: string, path: string): string {
  const file = resolve(folder, path)
  return file.endsWith('.json') ? file : join(file, 'tsconfig.json')
}

function parentFile(file: string, name: string): string[] {
  if (/^\.{0,2}\//.test(name)) {
    const path = resolve(dirname(file), name)
    return [path.endsWith('.json') ? path : `${path}.json`]
  }
  const { resolve: find } = createRequire(file)
  return [name, `${name}.json`, `${name}/tsconfig.json`].flatMap((candidate) => {
    try {
      return [find(candidate)]
    } catch {
      return []
    }
  })
}

function textsIn(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.filter((item) => typeof item === 'string')
}
