import type { InspectedRequest } from './data.ts'

/** What the panel changes of a query. */
export interface Settings {
  /** As written, such as `320;640`. */
  widths: string
  formats: string[]
  by: 'default' | 'number' | 'auto' | 'size'
  quality: number
  /** As written, such as `50kb`. */
  size: string
}

/** The settings that a request has. */
export function settingsOf({ written, outputs }: InspectedRequest): Settings {
  const query = new URLSearchParams(written)
  const quality = query.get('quality')
  const size = query.get('target_size')
  const isNumber = quality !== null && /^\d+$/.test(quality)
  return {
    widths: query.get('w') ?? '',
    formats: [...new Set(outputs.map(({ format }) => format as string))],
    by: size !== null ? 'size' : quality === null ? 'default' : isNumber ? 'number' : 'auto',
    quality: isNumber ? Number(quality) : 70,
    size: size ?? '50kb',
  }
}

/** Names that say the same as the settings. */
const REPLACED = /^(?:w|width|format|quality|target_size|(?:avif|webp|jpe?g|png|gif)\.(?:quality|target_size))$/
const SEARCH = /^(?:tolerance_percent|max_iterations|min_quality|max_quality)$/
/** Formats from the best to the one that every browser knows. */
const ORDER = ['avif', 'webp', 'gif', 'png', 'jpeg']

/** A query with other settings; what else it says stays as it is written. */
export function changedQuery(written: string, { widths, formats, by, quality, size }: Settings): string {
  const searches = by === 'auto' || by === 'size'
  const kept = written.split('&').filter((part) => {
    const name = decodeURIComponent(part.replace(/=.*$/s, ''))
    return part !== '' && !REPLACED.test(name) && (searches || !SEARCH.test(name))
  })
  // What is no width stays, for the engine to say so.
  const list = widths.split(/[\s,;]+/).filter(Boolean)
  return [
    ...(list.length > 0 ? [`w=${list.map(encodeURIComponent).join(';')}`] : []),
    ...(formats.length > 0 ? [`format=${formats.toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b)).join(';')}`] : []),
    ...(by === 'number'
      ? [`quality=${quality}`]
      : by === 'auto'
        ? ['quality=auto']
        : by === 'size'
          ? [`target_size=${encodeURIComponent(size)}`]
          : []),
    ...kept,
  ].join('&')
}
