import { FORMATS } from '../query/directives.ts'
import type { Format } from '../types.ts'
import { SIZE, bytesOf, fields, invalid, read } from './option-values.ts'
import { matching, type PathPattern } from './path-patterns.ts'

/** What of the images of a build may weigh how much. */
export interface BudgetOptions {
  /**
   * What is weighed: each file; each file that a browser chooses from several sizes; all files of one import together; or
   * what a page, or another entry, can make a browser load: the largest file of each of its imports. @default 'output'
   */
  on?: BudgetScope
  /** Which of them: globs, or expressions, for the path of the image file, or of the page, below the root. @default all */
  match?: PathPattern | readonly PathPattern[]
  /** Files of these formats alone are weighed. @default all */
  formats?: readonly Format[]
  /** Most bytes of each, as a number or such as '50kb'. This or `maxTotal` is needed. */
  maxBytes?: number | string
  /** Most bytes of all of them together, each file counted once. */
  maxTotal?: number | string
  /** Whether what weighs more fails the build, or is a warning. @default 'error' */
  severity?: 'error' | 'warn'
}

export type BudgetScope = 'output' | 'candidate' | 'import' | 'entry'

/** A budget with nothing left open. */
export interface Budget {
  /** How the user finds it: `budgets[0]`. */
  name: string
  on: BudgetScope
  matches(path: string): boolean
  formats: readonly Format[]
  maxBytes: number
  maxTotal: number
  severity: 'error' | 'warn'
}

const SCOPES = ['output', 'candidate', 'import', 'entry'] as const

export function budgetsOf(value: unknown): Budget[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return value.map((item: unknown, index) => budgetOf(item, `budgets[${index}]`))
  throw invalid('budgets', "a list such as [{ maxBytes: '200kb' }]", value)
}

function budgetOf(value: unknown, name: string): Budget {
  const raw = fields(value, `${name}.`, ['on', 'match', 'formats', 'maxBytes', 'maxTotal', 'severity'])
  if (raw['maxBytes'] === undefined && raw['maxTotal'] === undefined) throw invalid(name, '`maxBytes` or `maxTotal`', value)
  const severity = (item: unknown): Budget['severity'] | undefined => (['error', 'warn'] as const).find((word) => word === item)
  return {
    name,
    on:
      read(raw['on'], `${name}.on`, "'output', 'candidate', 'import' or 'entry'", (item) => SCOPES.find((scope) => scope === item)) ??
      'output',
    matches: matching(raw['match'], `${name}.match`),
    formats: read(raw['formats'], `${name}.formats`, `a list of ${FORMATS.join(', ')}`, formatsOf) ?? FORMATS,
    maxBytes: read(raw['maxBytes'], `${name}.maxBytes`, SIZE, bytesOf) ?? Infinity,
    maxTotal: read(raw['maxTotal'], `${name}.maxTotal`, SIZE, bytesOf) ?? Infinity,
    severity: read(raw['severity'], `${name}.severity`, "'error' or 'warn'", severity) ?? 'error',
  }
}

function formatsOf(value: unknown): Format[] | undefined {
  if (!Array.isArray(value)) return undefined
  const known = value.flatMap((item: unknown) => FORMATS.find((format) => format === item) ?? [])
  return known.length === value.length && known.length > 0 ? known : undefined
}
