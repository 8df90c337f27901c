import { ImagemillError } from '../errors.ts'
import type { Breakpoints } from '../query/breakpoints.ts'
import { parseRequest, type Request, type RequestContext } from '../query/request.ts'
import type { QueryInput } from '../query/text.ts'

interface OptionQueries {
  /** Undefined where a function answers them, import by import. */
  defaults: QueryInput | undefined
  presets: Readonly<Record<string, QueryInput>>
  breakpoints: Breakpoints
  shapes: Readonly<Record<string, unknown>>
  transforms: Readonly<Record<string, string>>
}

/** Refuses queries of the options that are wrong by themselves, whether or not an import uses them. */
export function checkQueries({ defaults, presets, breakpoints, shapes, transforms }: OptionQueries): void {
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
