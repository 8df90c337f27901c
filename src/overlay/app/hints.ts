import type { OverlayFacts } from '../facts.ts'

/** An `<img>` of the page as the browser shows it just now. */
export interface Shown {
  state: 'waiting' | 'loaded' | 'failed'
  /** Size of the box in CSS px; 0 when it is not shown. */
  width: number
  height: number
  /** Size of the file in px; undefined until it is loaded. */
  intrinsic: { width: number; height: number } | undefined
  fit: string
  ratio: number
  viewport: number
  /** How the candidates are described that the file was chosen from. */
  descriptors: 'w' | 'x' | 'none'
  sizes: string | undefined
  /** The width in CSS px that `sizes` comes to. */
  promised: number
  /** Whether the place is kept free before the file is there. */
  reserved: boolean
  /** The width in CSS px that the markup can state without changing what is shown. */
  stated: number
  lazy: boolean
  isLargest: boolean
  size_bytes: number | undefined
}

/** What is wrong, and what to write instead. */
export interface Hint {
  text: string
  code?: string
}

/** Below these a file is as good as it gets. */
const WASTED_BYTES = 4000
const WASTED_SHARE = 0.25
/** How far `sizes` may be from the truth, and a file from what a screen could show. */
const TOLERANCE = 0.15

/** Width in px of a file that would fill its box exactly on this screen. */
export function neededWidth({ width, height, intrinsic, fit, ratio }: Shown): number {
  if (!intrinsic || intrinsic.width === 0) return Math.ceil(width * ratio)
  const [across, down] = [width / intrinsic.width, height / intrinsic.height]
  const scale = fit === 'cover' ? Math.max(across, down) : fit === 'contain' || fit === 'scale-down' ? Math.min(across, down) : across
  return Math.ceil(scale * intrinsic.width * ratio)
}

/** About how many bytes of the file this screen cannot show. */
export function wastedBytes(shown: Shown): number {
  const { intrinsic, size_bytes } = shown
  if (!intrinsic || size_bytes === undefined) return 0
  const share = 1 - Math.min(1, neededWidth(shown) / intrinsic.width) ** 2
  return share < WASTED_SHARE || share * size_bytes < WASTED_BYTES ? 0 : Math.round(share * size_bytes)
}

/** Everything that can be better about an image, the gravest first. */
export function hintsOf(shown: Shown, facts: OverlayFacts | undefined): Hint[] {
  const { state, intrinsic, isLargest, lazy, reserved, width } = shown
  if (state === 'failed')
    return [{ text: 'It could not be loaded. The console and the terminal of the dev server may say why; look at its address, too.' }]
  if (!intrinsic) return []
  if (width === 0)
    return [{ text: 'It is loaded, but not shown. Leave it out, or let the browser wait until it is.', code: 'loading="lazy"' }]
  return [
    ...(isLargest && lazy
      ? [
          {
            text: 'It is the largest thing on the page, and waits: nothing should come before it.',
            code: 'loading="eager" fetchpriority="high"',
          },
        ]
      : []),
    ...sizesHints(shown),
    ...widthHints(shown, facts),
    ...(reserved
      ? []
      : [
          {
            text: 'The page jumps when it arrives: its place is not kept free. With `height: auto` in CSS it still scales.',
            code: sideCode(shown.stated, intrinsic),
          },
        ]),
  ]
}

/** The size that it has anyway, in the ratio of the file. */
function sideCode(stated: number, { width, height }: { width: number; height: number }): string {
  return `width="${Math.round(stated)}" height="${Math.round((stated * height) / width)}"`
}

function sizesHints(shown: Shown): Hint[] {
  const { descriptors, sizes, promised, width } = shown
  if (descriptors !== 'w') return []
  const code = sizesCode(shown)
  const shownAs = `it is shown ${Math.round(width)} px wide`
  if (sizes === undefined) return [{ text: `\`sizes\` is missing: the browser takes it to be as wide as the window, ${shownAs}.`, code }]
  if (Math.abs(promised - width) <= width * TOLERANCE) return []
  return [{ text: `\`sizes\` says ${Math.round(promised)} px, ${shownAs}.`, code }]
}

function sizesCode({ width, lazy, isLargest, viewport }: Shown): string {
  return `sizes="${lazy && !isLargest ? 'auto, ' : ''}${sizesFor(width, viewport)}"`
}

/** What fills the window is so wide as that; everything else has its width, or that of a narrower window. */
function sizesFor(width: number, viewport: number): string {
  if (width >= viewport * 0.95) return '100vw'
  const px = Math.round(width)
  return `(min-width: ${px}px) ${px}px, 100vw`
}

function widthHints(shown: Shown, facts: OverlayFacts | undefined): Hint[] {
  const { intrinsic } = shown
  const needed = neededWidth(shown)
  if (!intrinsic) return []
  if (wastedBytes(shown) > 0) {
    // With the right `sizes` the browser takes one of those that are there.
    const fitting = facts?.widths.find((width) => width >= needed)
    const isThere = fitting !== undefined && fitting < intrinsic.width
    if (shown.descriptors === 'w' && isThere) return []
    const text = `The file is ${intrinsic.width} px wide, ${needed} px are enough on this screen`
    if (shown.descriptors === 'none' && isThere)
      return [{ text: `${text}. The import has one of ${fitting} px: write its \`srcset\`, too, and`, code: sizesCode(shown) }]
    return [{ text: `${text}.`, ...importCode(shown, facts) }]
  }
  const most = facts?.source_width ?? intrinsic.width
  if (intrinsic.width >= needed * (1 - TOLERANCE) || most <= intrinsic.width) return []
  return [
    {
      text: `The file is ${intrinsic.width} px wide, this screen could show ${Math.min(needed, most)} px of it.`,
      ...importCode(shown, facts),
    },
  ]
}

/** The import with widths for this place, on usual and on dense screens. */
function importCode(shown: Shown, facts: OverlayFacts | undefined): { code?: string } {
  if (!facts) return { code: `?${widthsFor(shown, Infinity)}` }
  const name = facts.path.split('/').pop() ?? facts.path
  const rest = facts.query.split('&').filter((part) => part !== '' && !/^(?:w|h|densities|basePixels|allowUpscale)(?:=|$)/.test(part))
  return { code: `${name}?${[widthsFor(shown, facts.source_width, isFluid(shown) ? facts.widths : []), ...rest].join('&')}` }
}

/** Whether it is as wide as the window lets it be: then candidates that are too small or too large now are needed in others. */
function isFluid({ descriptors, sizes }: Shown): boolean {
  return descriptors === 'w' && !/^\s*[\d.]+px\s*$/.test(sizes ?? '')
}

function widthsFor(shown: Shown, most: number, kept: readonly number[] = []): string {
  const one = neededWidth(shown) / shown.ratio
  const added = [one, 2 * one]
    .filter((width) => !kept.some((other) => other >= width && other <= width * (1 + TOLERANCE)))
    .map((width) => Math.min(most, Math.ceil(width / 10) * 10))
  return `w=${[...new Set([...kept, ...added])].sort((a, b) => a - b).join(';')}`
}
