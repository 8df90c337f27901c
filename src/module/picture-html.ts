import type { Plan } from '../query/plan.ts'
import type { Output } from '../types.ts'
import { shownSize } from './image.ts'

/** The files of a plan as a srcset, that of the last format, and as HTML to be put into a page. */
export function pictureHtml({ outputs }: Plan, paths: readonly string[]): { srcset: string; html: string } {
  const urls = new Map(outputs.map((output, index) => [output, encodePath(paths[index] ?? '')]))
  const groups = new Map<string, Output[]>()
  for (const output of outputs) groups.set(output.encoding.format, [...(groups.get(output.encoding.format) ?? []), output])
  const srcsetOf = (list: readonly Output[]): string => list.map((output) => `${urls.get(output)} ${output.descriptor}`).join(', ')
  const fallback = [...groups.values()].at(-1) ?? []
  const srcset = srcsetOf(fallback)
  const byWidth = fallback.toSorted((a, b) => a.picture.width - b.picture.width)
  const dense = byWidth[0]?.descriptor.endsWith('x') ?? false
  // What a browser that knows no srcset shows, and the size at which the others show it.
  const shown = dense ? byWidth[0] : byWidth.at(-1)
  const { width, height } = shown ? shownSize(shown) : { width: 0, height: 0 }
  const sizes = dense ? {} : { sizes: '100vw' }
  const img = tag('img', {
    src: (shown && urls.get(shown)) ?? '',
    srcset,
    ...sizes,
    width: String(width),
    height: String(height),
    alt: '',
  })
  const sources = [...groups]
    .slice(0, -1)
    .map(([format, list]) => tag('source', { type: `image/${format}`, srcset: srcsetOf(list), ...sizes }))
  return { srcset, html: sources.length > 0 ? `<picture>${sources.join('')}${img}</picture>` : img }
}

function tag(name: string, attributes: Record<string, string>): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`)
  return `<${name}${list.join('')}>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
}

/** The same texts with other addresses in place of the paths that they were made with. */
export function readdressed(
  { srcset, html }: { srcset: string; html: string },
  addressOf: (path: string) => string,
): { srcset: string; html: string } {
  const inSrcset = (text: string): string =>
    text
      .split(', ')
      .map((candidate) => candidate.replace(/^\S+/, (path) => addressOf(decodeURIComponent(path))))
      .join(', ')
  return {
    srcset: inSrcset(srcset),
    html: html.replaceAll(/ (src|srcset)="([^"]*)"/g, (_, name: string, text: string) => ` ${name}="${escaped(inSrcset(text))}"`),
  }
}

/** A path as an address; a comma would end a candidate of a srcset. */
export function encodePath(path: string): string {
  return encodeURIComponent(path).replace(/%(2F|40|3A)/g, decodeURIComponent)
}
