import type { Plan, View } from '../query/plan.ts'
import type { Request } from '../query/request.ts'
import type { Format, Output } from '../types.ts'

/** A piece of text of which the parts between are addresses: a srcset whose addresses are known later. */
export type Text = readonly (string | Output)[]

/** JavaScript that is written as it is. */
export class Expression {
  readonly code: string
  constructor(code: string) {
    this.code = code
  }
}

export type Value = string | number | Text | Output | Expression | readonly Value[] | { readonly [key: string]: Value }

/** One format of an image with its candidates, smallest first. */
interface FormatGroup {
  format: Format
  outputs: Output[]
}

/** What was asked of the source besides images, by the name of its export. */
export type Facts = Readonly<Record<string, Expression>>

/** How attributes are written that HTML and React name differently. */
export type Attributes = 'html' | 'react'

/** What the module of a request exports, with outputs in the place of their addresses. */
export function exportedValue(request: Request, plan: Plan, facts: Facts = {}, attributes: Attributes = 'html'): Value {
  const groups = groupByFormat(plan.views.at(-1)?.outputs ?? [])
  const fallback = groups.at(-1)
  const largest = fallback && largestOf(fallback.outputs)
  if (!fallback || !largest) return {}
  if (request.urlOnly) return largest
  switch (request.shape?.name) {
    case 'url':
      return plan.outputs.length === 1 ? largest : plan.outputs
    case 'srcset':
      return srcsetText(fallback.outputs)
    case 'img':
      return {
        src: largest,
        w: largest.picture.width,
        h: largest.picture.height,
        ...(fallback.outputs.length > 1 && { srcset: srcsetText(fallback.outputs) }),
        ...facts,
      }
    case 'picture':
      return { ...pictureValue(plan, groups, fallback, largest), ...facts }
    case 'metadata':
      return metadataValue(plan.outputs, request.shape.keys)
    default:
      return { ...imageValue(plan, groups, fallback, largest, attributes), ...facts }
  }
}

function imageValue(plan: Plan, groups: FormatGroup[], fallback: FormatGroup, src: Output, attributes: Attributes): Record<string, Value> {
  const name = attributes === 'react' ? 'srcSet' : 'srcset'
  const { width, height } = shownSize(src)
  const srcset = srcsetText(fallback.outputs)
  return {
    src,
    width,
    height,
    srcset,
    img: { src, ...(fallback.outputs.length > 1 && { [name]: srcset }), width, height },
    sources: [...artSources(plan, name), ...groups.map((group) => sourceOf(group, name))],
    outputs: plan.outputs.map((output) => ({ path: output, ...factsOf(output) })),
  }
}

/** The shape of vite-imagetools: the fallback needs no source of its own while `img` says it all. */
function pictureValue(plan: Plan, groups: FormatGroup[], fallback: FormatGroup, src: Output): Record<string, Value> {
  const shown = groups.filter((group) => group !== fallback || group.outputs.length > 1)
  const art = artSources(plan)
  return {
    ...(art.length > 0 && { art }),
    sources: Object.fromEntries(shown.map(({ format, outputs }) => [format, srcsetText(outputs)])),
    img: { src, w: src.picture.width, h: src.picture.height },
  }
}

/** The `<source>`s of the screens that show another picture; its size keeps its place in the page, which the `<img>` would get wrong. */
function artSources({ views }: Plan, name = 'srcset'): Value[] {
  return views.flatMap(({ media, outputs }: View) =>
    media === undefined
      ? []
      : groupByFormat(outputs).flatMap((group) => {
          const largest = largestOf(group.outputs)
          return largest ? [{ media, ...sourceOf(group, name), ...shownSize(largest) }] : []
        }),
  )
}

function sourceOf({ format, outputs }: FormatGroup, name: string): Record<string, Value> {
  return { type: `image/${format}`, [name]: srcsetText(outputs) }
}

function metadataValue(outputs: readonly Output[], keys: readonly string[] | undefined): Value {
  const values = outputs.map((output): Record<string, Value> => {
    const all: Record<string, Value> = { src: output, ...factsOf(output) }
    return keys ? Object.fromEntries(Object.entries(all).filter(([key]) => keys.includes(key))) : all
  })
  return values.length === 1 ? (values[0] ?? {}) : values
}

function factsOf({ encoding, picture }: Output): { format: Format; width: number; height: number } {
  return { format: encoding.format, width: picture.width, height: picture.height }
}

function srcsetText(outputs: readonly Output[]): Text {
  return outputs.flatMap((output, index) => [output, ` ${output.descriptor}${index < outputs.length - 1 ? ', ' : ''}`])
}

export function groupByFormat(outputs: readonly Output[]): FormatGroup[] {
  const groups = new Map<Format, Output[]>()
  for (const output of outputs) groups.set(output.encoding.format, [...(groups.get(output.encoding.format) ?? []), output])
  return [...groups].map(([format, group]) => ({ format, outputs: group.toSorted((a, b) => a.picture.width - b.picture.width) }))
}

/** The size in px that an output has on a page: one for a denser screen is no larger there. */
export function shownSize({ picture, descriptor }: Output): { width: number; height: number } {
  const density = descriptor.endsWith('x') ? Number.parseFloat(descriptor) : 1
  return { width: Math.round(picture.width / density), height: Math.round(picture.height / density) }
}

export function largestOf(outputs: readonly Output[]): Output | undefined {
  return outputs.reduce<Output | undefined>(
    (largest, output) => (largest && largest.picture.width >= output.picture.width ? largest : output),
    undefined,
  )
}
