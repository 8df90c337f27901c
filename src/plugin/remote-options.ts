import { allowsOf } from '../net/allow.ts'
import type { RemoteOptions } from '../source/remote-options.ts'
import type { SourceFormat } from '../types.ts'
import { SIZE, bytesOf, fields, globs, invalid, positiveInteger, read } from './option-values.ts'

/** What every decoder of them has been attacked with for decades. The others are taken from servers that are trusted. */
const USUAL = ['jpeg', 'png', 'webp', 'gif'] as const satisfies readonly SourceFormat[]
const MORE = ['avif', 'svg', 'tiff'] as const satisfies readonly SourceFormat[]

/** The option `remote`, settled. */
export function remoteOf(value: unknown): RemoteOptions | undefined {
  if (value === undefined) return undefined
  const { allow, allowPrivate, formats, maxSize, timeout } = fields(value, 'remote.', [
    'allow',
    'allowPrivate',
    'formats',
    'maxSize',
    'timeout',
  ])
  const patterns = (globs(allow, 'remote.allow') ?? []).map((pattern) => allowsOf(pattern) ?? refusePattern(pattern))
  if (patterns.length === 0) throw invalid('remote.allow', EXPECTED, allow ?? null)
  return {
    allows: (url) => patterns.some((allows) => allows(url)),
    allowPrivate:
      read(allowPrivate, 'remote.allowPrivate', 'true or false', (given) => (typeof given === 'boolean' ? given : undefined)) ?? false,
    formats: [...USUAL, ...(read(formats, 'remote.formats', `a list of ${MORE.join(', ')}`, formatsOf) ?? [])],
    maxBytes: read(maxSize, 'remote.maxSize', SIZE, bytesOf) ?? 50e6,
    timeout: read(timeout, 'remote.timeout', 'a number of ms of at least 1', positiveInteger) ?? 30_000,
  }
}

const EXPECTED = "patterns such as 'https://cdn.example/**'"

function refusePattern(pattern: string): never {
  throw invalid('remote.allow', EXPECTED, pattern)
}

function formatsOf(value: unknown): SourceFormat[] | undefined {
  if (!Array.isArray(value)) return undefined
  const list: unknown[] = value
  const known = list.flatMap((item) => MORE.find((format) => format === item) ?? [])
  return known.length === list.length ? known : undefined
}
