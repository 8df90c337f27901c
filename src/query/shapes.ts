import { ImagemillError } from '../errors.ts'
import { SHAPES, VALUE_ALIASES } from './directives.ts'
import { nearest } from './spelling.ts'
import type { Texts } from './text.ts'
import { own } from './values.ts'

/** A shape of the plugin options, as `as` names it. */
export interface CustomShape {
  name: string
  args: string[]
}

export function isShapeName(name: string): boolean {
  return /^[a-z][\w-]*$/i.test(name) && !isBuiltIn(name)
}

/** Takes `as` out of a query when it names one of the project's own shapes; what is built in is left for the table of directives. */
export function takeCustomShape(texts: Texts, shapes: readonly string[]): CustomShape | undefined {
  const written = texts.get('as') ?? []
  const [text = ''] = written
  const [name = '', ...more] = text.split(':')
  if (shapes.length === 0 || written.length !== 1 || isBuiltIn(name)) return undefined
  if (!shapes.includes(name)) {
    const near = nearest(name, [...shapes, ...SHAPES], 3)
    throw new ImagemillError({
      code: 'INVALID_DIRECTIVE',
      message: `invalid value of \`as\`: expected one of ${[...SHAPES, ...shapes].join(', ')}, received \`${text}\``,
      hint: near ? `Did you mean \`as=${near}\`?` : 'Add it to `shapes` in the options of the plugin.',
    })
  }
  texts.delete('as')
  return { name, args: more.length > 0 ? more.join(':').split(';').filter(Boolean) : [] }
}

export function shapeText({ name, args }: CustomShape): string {
  return args.length > 0 ? `${name}:${args.map(encodeURIComponent).join(';')}` : name
}

function isBuiltIn(name: string): boolean {
  return SHAPES.some((known) => known === (own(VALUE_ALIASES, name) ?? name))
}
