import type { Format, Header } from '../types.ts'
import type { Size } from './size.ts'
import type { Variant } from './variants.ts'

/** What was done other than asked, by kind, so that one warning tells of all. */
export interface Notes {
  clamped: { wanted: string; box: Size; size: Size }[]
  stilled: Format[]
  /** Descriptors that several files of one srcset have. */
  alike: string[]
  /** Whether the query says that the first frame is meant. */
  still: boolean
  /** Whether the query says that usual colours are meant. */
  plain: boolean
}

export function warningsOf({ clamped, stilled, alike, still, plain }: Notes, { frames, unread, hdr }: Header): string[] {
  const [first] = clamped
  const texts: string[] = []
  if (first) {
    const list = (words: string[]): string => [...new Set(words)].join(', ')
    const made = list(clamped.map(({ size }) => `${size.width} × ${size.height} px`))
    texts.push(
      `larger than the source (${first.box.width} × ${first.box.height} px): ${list(clamped.map(({ wanted }) => wanted))}; made at ${made}; \`allowUpscale\` would enlarge it`,
    )
  }
  for (const descriptor of new Set(alike))
    texts.push(
      `several files of one srcset are \`${descriptor}\`: browsers know one of them; give each an import of its own, or write \`as=metadata\` for a list`,
    )
  if (hdr !== undefined && !plain) texts.push(`${DARKENED[hdr]}; \`colors=srgb\` says that this is meant`)
  for (const format of new Set(stilled)) {
    texts.push(
      `${format} cannot hold the ${frames} frames of the source: it shows the first one; \`animated=false\` says that this is meant`,
    )
  }
  if (unread !== undefined && !still) {
    texts.push(
      `an animated PNG, of which only the first image can be read: save its ${unread} frames as WebP or GIF; \`animated=false\` says that this is meant`,
    )
  }
  return texts
}

/** What becomes of more light than usual screens show. */
const DARKENED: Readonly<Record<NonNullable<Header['hdr']>, string>> = {
  'gain map': 'its HDR gain map is dropped: every screen shows the image as a usual one does',
  PQ: 'it is HDR (PQ), and its values are taken as they are: the image looks flat',
  HLG: 'it is HDR (HLG), and its values are taken as they are: the image looks flat',
}

/** What was asked of the size of a variant, as it is written. */
export function sizeText({ w, h, aspect, density }: Variant): string {
  const size = [w && `w=${w}`, h && `h=${h}`, aspect && `aspect=${Number(aspect.toFixed(4))}`].filter(Boolean).join('&')
  return density === undefined ? size : `${size} at ${density}x`
}
