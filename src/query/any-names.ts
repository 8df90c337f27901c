import { isBreakpointName } from './media.ts'
import type { RequestContext } from './request.ts'
import { isShapeName } from './shapes.ts'
import { readTexts } from './text.ts'
import { transformSteps } from './values.ts'

/** A context that knows every name of presets, breakpoints, shapes and transforms in a query, for where the options are not known. */
export function anyNames(query: string): RequestContext {
  const texts = readTexts(query)
  const [preset] = texts.get('preset') ?? []
  const [shape = ''] = /^[^:]*/.exec(texts.get('as')?.[0] ?? '') ?? []
  const prefixes = [...texts.keys()].flatMap((name) => /^[^.]+(?=\.)/.exec(name)?.[0] ?? [])
  const steps = [...texts].filter(([key]) => key.endsWith('transform')).flatMap(([, values]) => values.flatMap(transformSteps))
  return {
    presets: preset === undefined ? {} : { [preset]: '' },
    breakpoints: Object.fromEntries(prefixes.filter(isBreakpointName).map((name) => [name, 'all'])),
    shapes: isShapeName(shape) ? [shape] : [],
    transforms: { names: steps.map(({ name }) => name), find: () => ({ url: '', digest: '' }) },
  }
}
