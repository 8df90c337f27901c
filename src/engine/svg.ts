import { svgStart } from '../source/sniff.ts'

/** The start tag of the root with its attributes, when it is written plainly. */
const ROOT = /^<svg(?::svg)?((?:\s+[\w:.-]+\s*=\s*(?:"[^"<&]*"|'[^'<&]*'))*)\s*\/?>/
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g

/** Size in px of the units of CSS; an `em` is that of a browser without a style. */
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  px: 1,
  pt: 4 / 3,
  pc: 16,
  in: 96,
  cm: 96 / 2.54,
  mm: 96 / 25.4,
  q: 96 / 101.6,
  em: 16,
  rem: 16,
  ex: 8,
}

/** What a browser takes where an image says no size. */
const DEFAULT = { width: 300, height: 150 }

/**
 * An SVG that can be drawn at any size. Without a `viewBox`, and with a size that is not in px, librsvg makes the paper
 * larger and not the drawing; then the size that a browser would give it is written out.
 */
export function scalableSvg(bytes: Buffer): Buffer {
  const start = svgStart(bytes)
  const [tag, text] = (start !== undefined && ROOT.exec(bytes.toString('latin1', start, start + 65_536))) || []
  if (start === undefined || tag === undefined || text === undefined) return bytes
  const attributes = new Map([...text.matchAll(ATTRIBUTE)].map(([, name = '', double, single]) => [name, double ?? single ?? '']))
  const sides = (['width', 'height'] as const).map((name) => attributes.get(name)?.trim() ?? '')
  if (attributes.has('viewBox') || sides.every((side) => /^[\d.]+(px)?$/.test(side))) return bytes
  const [width, height] = [pixels(sides[0]) ?? DEFAULT.width, pixels(sides[1]) ?? DEFAULT.height]
  const rest = text.replace(ATTRIBUTE, (whole, name: string) => (name === 'width' || name === 'height' ? '' : whole))
  const name = /^<svg(?::svg)?/.exec(tag)?.[0] ?? ''
  const size = ` width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
  const scalable = name + size + rest + tag.slice(name.length + text.length)
  return Buffer.concat([bytes.subarray(0, start), Buffer.from(scalable, 'latin1'), bytes.subarray(start + tag.length)])
}

/** A length in px; undefined when it depends on the page. */
function pixels(length = ''): number | undefined {
  const [, number, unit = ''] = /^([\d.]+)([a-z]*)$/i.exec(length) ?? []
  const factor = UNITS[unit.toLowerCase()]
  const px = Number(number) * (factor ?? Number.NaN)
  return px > 0 ? Number(px.toFixed(3)) : undefined
}
