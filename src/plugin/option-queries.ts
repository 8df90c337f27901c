import { ImagemillError } from '../errors.ts'
import { isRecord } from '../hash.ts'
import type { Breakpoints } from '../query/breakpoints.ts'
import { isBreakpointName, isMediaQuery } from '../query/media.ts'
import { parseRequest, type Request, type RequestContext } from '../query/request.ts'
import type { QueryInput } from '../query/text.ts'
import { invalid, read } from './option-values.ts'
import { shapesOf, type ShapeFunction } from './shape-functions.ts'
import { transformsOf } from './transforms.ts'

/** The options that queries are read with. */
export interface OptionQueries {
  defaults(file: string, query: string): QueryInput | undefined
  presets: Readonly<Record<string, QueryInput>>
  breakpoints: Breakpoints
  shapes: Readonly<Record<string, ShapeFunction>>
  transforms: Readonly<Record<string, string>>
}

/** Settles them; a query that is wrong by itself is refused, whether or not an import uses it. */
export function queriesOf(raw: Readonly<Record<string, unknown>>): OptionQueries {
  const given = raw['defaults']
  const named = {
    presets: presetsOf(raw['presets']),
    breakpoints: breakpointsOf(raw['breakpoints']),
    shapes: shapesOf(raw['shapes']),
    transforms: transformsOf(raw['transforms']),
  }
  if (isDefaultsFunction(given)) {
    checkQueries(undefined, named)
    return { ...named, defaults: (file, query) => queryInput(given(file, new URLSearchParams(query)), 'defaults') }
  }
  const defaults = queryInput(given, 'defaults')
  checkQueries(defaults, named)
  return { ...named, defaults: () => defaults }
}

function checkQueries(
  defaults: QueryInput | undefined,
  { presets, breakpoints, shapes, transforms }: Omit<OptionQueries, 'defaults'>,
): void {
  // A module that is not there is told to who asks for it.
  const find = (): { url: string; digest: string } => ({ url: '', digest: '' })
  const context = { presets, breakpoints, shapes: Object.keys(shapes), transforms: { names: Object.keys(transforms), find } }
  for (const [name, preset] of Object.entries(presets)) checkQuery(preset, `presets.${name}`, { ...context, presets: { [name]: preset } })
  if (defaults !== undefined) checkQuery(defaults, 'defaults', context)
}

/** Reads a query of an import; what is wrong with the defaults that a function has answered is not blamed on the import. */
export function readRequest(query: string, context: RequestContext): Request {
  try {
    return parseRequest(query, context)
  } catch (error) {
    if (error instanceof ImagemillError && context.defaults !== undefined) checkQuery(context.defaults, 'defaults', context)
    throw error
  }
}

function checkQuery(query: QueryInput, option: string, context: RequestContext): void {
  try {
    // As defaults, which may say things that wait for what an import asks for.
    parseRequest('', { ...context, defaults: query })
  } catch (error) {
    if (!(error instanceof ImagemillError)) throw error
    const { reason: message, hint } = error
    throw new ImagemillError({ code: 'INVALID_OPTION', message: `option \`${option}\`: ${message}`, hint }, { cause: error })
  }
}

function presetsOf(value: unknown): Record<string, QueryInput> {
  if (value === undefined) return {}
  if (!isRecord(value)) throw invalid('presets', 'an object of queries', value)
  return Object.fromEntries(Object.entries(value).map(([name, query]) => [name, queryInput(query, `presets.${name}`) ?? '']))
}

function breakpointsOf(value: unknown): Breakpoints {
  if (value === undefined) return {}
  if (!isRecord(value)) throw invalid('breakpoints', "an object such as { phone: '(max-width: 600px)' }", value)
  const names = new Map<string, string>()
  for (const [name, media] of Object.entries(value)) {
    const option = `breakpoints.${name}`
    if (!isBreakpointName(name)) throw invalid(option, 'a name of letters, digits and `-` that is no directive and no format', name)
    if (typeof media !== 'string' || !isMediaQuery(media)) throw invalid(option, "a media query such as '(max-width: 600px)'", media)
    const other = names.get(media.trim())
    if (other !== undefined) throw invalid(option, `another media query than that of \`${other}\`, which always wins`, media)
    names.set(media.trim(), name)
  }
  return Object.fromEntries([...names].map(([media, name]) => [name, media]))
}

function queryInput(value: unknown, name: string): QueryInput | undefined {
  return read(value, name, 'a query as text or as an object of directives', (given) =>
    typeof given === 'string' || isQueryRecord(given) ? given : undefined,
  )
}

function isQueryRecord(value: unknown): value is Exclude<QueryInput, string> {
  const isWord = (item: unknown): boolean => typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean'
  return (
    isRecord(value) &&
    Object.values(value).every((item) => item === undefined || isWord(item) || (Array.isArray(item) && item.every(isWord)))
  )
}

function isDefaultsFunction(value: unknown): value is (file: string, query: URLSearchParams) => unknown {
  return typeof value === 'function'
}
