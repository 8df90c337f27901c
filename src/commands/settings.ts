import { readFileSync } from 'node:fs'
import { systemCode } from '../errors.ts'
import { isRecord } from '../hash.ts'
import { bytesOf } from '../plugin/option-values.ts'
import { nearest } from '../query/spelling.ts'
import { UsageError } from './arguments.ts'

/** One setting: the same name as a flag, in the file of settings and, in capitals, in the environment. */
export interface Setting<T> {
  /** What it is, in one line. */
  summary: string
  /** What a person writes for it, as in `<dir>`. */
  value: string
  /** What was expected, when `read` answers undefined. */
  expected: string
  read(text: string): T | undefined
  /** Whether it may be given several times, or as a list. */
  list?: boolean
  fallback?: T
}

export type Settings = Readonly<Record<string, Setting<unknown>>>
export type ValuesOf<S extends Settings> = {
  [K in keyof S]: S[K] extends Setting<infer T> & { list: true }
    ? T[]
    : S[K] extends Setting<infer T> & { fallback: unknown }
      ? T
      : S[K] extends Setting<infer T>
        ? T | undefined
        : never
}

export const text: Pick<Setting<string>, 'expected' | 'read'> = { expected: 'a text', read: (value) => (value === '' ? undefined : value) }

export function whole(min: number, max = Number.MAX_SAFE_INTEGER): Pick<Setting<number>, 'expected' | 'read'> {
  const expected = max === Number.MAX_SAFE_INTEGER ? `a whole number of at least ${min}` : `a whole number from ${min} to ${max}`
  return {
    expected,
    read: (value) => (/^\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max ? Number(value) : undefined),
  }
}

export const size: Pick<Setting<number>, 'expected' | 'read'> = {
  expected: 'a size such as 500mb',
  read: (value) => bytesOf(/^\d+$/.test(value) ? Number(value) : value),
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** ms */
export const time: Pick<Setting<number>, 'expected' | 'read'> = {
  expected: 'a time such as 30s or 24h',
  read(value) {
    const [, number, unit = ''] = /^(\d{1,9})(ms|[smhd])$/.exec(value) ?? []
    return number === undefined || Number(number) === 0 ? undefined : Number(number) * (UNITS[unit] ?? 0)
  },
}

export const flag: Pick<Setting<boolean>, 'expected' | 'read'> = {
  expected: 'true or false',
  read: (value) => ({ true: true, false: false })[value],
}

interface Sources {
  /** What was given as flags. */
  flags: Readonly<Record<string, unknown>>
  env: NodeJS.ProcessEnv
  /** Path of the file of settings, and whether it must be there. */
  file: { path: string; required: boolean }
}

/** Every setting, from wherever it was said: a flag goes before the environment, which goes before the file. */
export function readSettings<const S extends Settings>(settings: S, { flags, env, file }: Sources): ValuesOf<S> {
  const written = readFile(file)
  refuseUnknown(settings, written, file.path)
  const values = Object.entries(settings).map(([name, setting]) => {
    const variable = `IMAGEMILL_${name.toUpperCase().replaceAll('-', '_')}`
    const [where, given] =
      (
        [
          ['--' + name, flags[name]],
          [variable, env[variable]],
          [`"${name}" in ${file.path}`, written[name]],
        ] as const
      ).find(([, value]) => value !== undefined) ?? []
    return [name, where === undefined ? (setting.fallback ?? (setting.list ? [] : undefined)) : readValue(setting, where, given)]
  })
  return Object.fromEntries(values) as ValuesOf<S>
}

function readValue(setting: Setting<unknown>, where: string, given: unknown): unknown {
  if (!setting.list) return readOne(setting, where, given)
  const items: unknown[] = Array.isArray(given) ? given : typeof given === 'string' ? given.split(',').map((item) => item.trim()) : [given]
  return items.map((item) => readOne(setting, where, item))
}

function readOne({ expected, read }: Setting<unknown>, where: string, given: unknown): unknown {
  const value = typeof given === 'string' || typeof given === 'number' || typeof given === 'boolean' ? read(String(given)) : undefined
  if (value !== undefined) return value
  throw new UsageError(
    `invalid ${where}: expected ${expected}, received ${where.includes('key') ? 'something else' : JSON.stringify(given)}`,
  )
}

function readFile({ path, required }: Sources['file']): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (isRecord(value)) return value
    throw new UsageError(`${path}: expected an object of settings`)
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${path} is not JSON (${error.message.split('\n')[0]})`, { cause: error })
    if (systemCode(error) === 'ENOENT' && !required) return {}
    if (systemCode(error) === undefined) throw error
    throw new UsageError(`the file of settings ${path} cannot be read (${systemCode(error)})`, { cause: error })
  }
}

function refuseUnknown(settings: Settings, written: Record<string, unknown>, path: string): void {
  const unknown = Object.keys(written).find((name) => !Object.hasOwn(settings, name))
  if (unknown === undefined) return
  const near = nearest(unknown, Object.keys(settings))
  throw new UsageError(`${path}: unknown setting "${unknown}"${near ? `: did you mean "${near}"?` : ''}`)
}

export function settingsHelp(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, { value, summary }]) => `  ${`--${name} ${value}`.trimEnd().padEnd(26)} ${summary}`)
    .join('\n')
}
