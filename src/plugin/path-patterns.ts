import { createRequire } from 'node:module'
import type Picomatch from 'picomatch'
import { read } from './option-values.ts'

/** A glob, or an expression, for a path below the root with `/`. */
export type PathPattern = string | RegExp

/** Whether a path is one of those that `include` takes and `exclude` leaves. */
export function matcher(include: unknown, exclude: unknown): (path: string) => boolean {
  const isTaken = matching(include, 'include')
  const left = patterns(exclude, 'exclude')
  const isLeft = left ? anyOf(left) : () => false
  return (path) => isTaken(path) && !isLeft(path)
}

/** Whether a path is one of those that a pattern of an option names; every path where there is none. */
export function matching(value: unknown, name: string): (path: string) => boolean {
  const named = patterns(value, name)
  return named ? anyOf(named) : () => true
}

function anyOf(list: readonly PathPattern[]): (path: string) => boolean {
  const globs = list.filter((pattern) => typeof pattern === 'string')
  const expressions = list.filter((pattern) => typeof pattern !== 'string')
  // Most projects have none, and it is the slowest of our modules to load.
  const picomatch: typeof Picomatch | undefined = globs.length > 0 ? createRequire(import.meta.url)('picomatch') : undefined
  const isMatch = picomatch?.(globs, { dot: true }) ?? (() => false)
  return (path) => isMatch(path) || expressions.some((expression) => path.search(expression) >= 0)
}

function patterns(value: unknown, name: string): PathPattern[] | undefined {
  return read(value, name, 'a glob, a regular expression or a list of them', (given) => {
    const list: unknown[] = Array.isArray(given) ? given : [given]
    const found = list.filter((pattern) => typeof pattern === 'string' || pattern instanceof RegExp)
    return found.length === list.length ? found : undefined
  })
}
