import type { InspectedRequest } from './data.ts'

export { durationText, sizeText } from '../../units.ts'

export const FORMAT_NAMES: Readonly<Record<string, string>> = {
  avif: 'AVIF',
  webp: 'WebP',
  jpeg: 'JPEG',
  png: 'PNG',
  gif: 'GIF',
  svg: 'SVG',
  tiff: 'TIFF',
}

export const STATUS_NAMES = {
  completed: 'Made',
  processing: 'Being made',
  partial: 'Partly made',
  waiting: 'Not asked for yet',
  failed: 'Failed',
} as const

/** The state of a request, with how many of its outputs are made where that is some of them. */
export function statusText({ status, outputs }: InspectedRequest): string {
  if (status !== 'partial') return STATUS_NAMES[status]
  return `${outputs.filter((output) => output.status === 'completed').length} of ${outputs.length} made`
}

export function formatName(format: string | undefined): string {
  return FORMAT_NAMES[format ?? ''] ?? 'Unknown'
}

/** How much less, as `−93%`; growth is `+4%`. */
export function changeText(from: number, to: number): string {
  if (from === 0) return ''
  const percent = ((to - from) / from) * 100
  const text = Math.abs(percent) >= 99.5 && percent < 0 ? Math.abs(percent).toFixed(1) : Math.abs(percent).toFixed(0)
  return `${percent < 0 ? '−' : '+'}${text}%`
}

/** File and folder apart; a package is told by its name, wherever it is installed. */
export function splitPath({ source: { path } }: InspectedRequest): { folder: string; file: string } {
  const at = path.lastIndexOf('/') + 1
  return { folder: path.slice(0, at).replace(/^.*\bnode_modules\//, ''), file: path.slice(at) || path }
}

export function count(number: number, word: string): string {
  return `${number.toLocaleString('en')} ${word}${number === 1 ? '' : 's'}`
}
