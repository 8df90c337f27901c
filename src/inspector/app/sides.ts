import { embedded, pictureUrl, referenceUrl, sourceUrl, type InspectedOutput, type InspectedRequest } from './data.ts'
import { shipped } from './list.ts'
import { formatName } from './text.ts'

/** What can be on the left of the line. */
export interface Side {
  id: string
  name: string
  url: string
  size_bytes?: number | undefined
  /** Whether the same part of the image has the same shape in it: only then the two lie over each other. */
  isSameSize: boolean
}

export function outputName({ format, width, height, quality, media }: InspectedOutput): string {
  const more = [quality === undefined ? '' : `q${quality}`, media ?? ''].filter(Boolean).join(', ')
  return `${formatName(format)} ${width} × ${height}${more && ` (${more})`}`
}

/** What an output can be compared with. The source is brought to the size of the output: without loss, by the engine. */
export function leftSides(request: InspectedRequest, output: InspectedOutput): Side[] {
  const { source, outputs } = request
  const sides: Side[] = []
  const reference = source.missing ? undefined : referenceUrl(request, output)
  if (reference !== undefined) sides.push({ id: 'reference', name: 'Source at this size', url: reference, isSameSize: true })
  const whole = source.missing || source.format === 'tiff' ? undefined : sourceUrl(request)
  const { width = 1, height = 1 } = source
  const isWhole = Math.abs((width / height) * (output.height / output.width) - 1) < 0.02
  if (whole !== undefined && isWhole)
    sides.push({ id: 'source', name: `Source file, ${width} × ${height}`, url: whole, size_bytes: source.size_bytes, isSameSize: true })
  const distance = ({ width: other }: InspectedOutput): number => Math.abs(other - output.width)
  // Those of the same size tell the most.
  for (const each of outputs.toSorted((a, b) => distance(a) - distance(b))) {
    const url = each.status === 'completed' && each.key !== output.key ? pictureUrl(each) : undefined
    const isSameSize = each.width === output.width && each.height === output.height && each.media === output.media
    if (url !== undefined) sides.push({ id: each.key, name: outputName(each), url, size_bytes: each.size_bytes, isSameSize })
  }
  return sides
}

/** The output that is looked at first: in a report the largest of the last format that the page can hold against the source. */
export function firstOutput(request: InspectedRequest): InspectedOutput | undefined {
  const { outputs } = request
  const held = embedded ? outputs.filter((output) => output.data !== undefined && output.reference !== undefined) : []
  const last = held.filter(({ format }) => format === held.at(-1)?.format)
  return (
    last.toSorted((a, b) => b.width - a.width)[0] ?? shipped(request) ?? outputs.find(({ status }) => status === 'completed') ?? outputs[0]
  )
}
