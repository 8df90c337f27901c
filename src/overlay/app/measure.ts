import type { OverlayFacts } from '../facts.ts'
import type { Shown } from './hints.ts'

export interface Place {
  /** The largest thing on the page, as far as the browser has told. */
  largest: Element | undefined
  factsOf(address: string): OverlayFacts | undefined
}

/** What the browser shows of an image. */
export async function measure(image: HTMLImageElement, { largest, factsOf }: Place): Promise<Shown> {
  const { width, height } = image.getBoundingClientRect()
  const facts = factsOf(image.currentSrc)
  const style = getComputedStyle(image)
  const chosen = chosenFrom(image)
  const srcset = chosen.srcset
  const sizes = chosen.getAttribute('sizes') ?? undefined
  const state = await stateOf(image)
  const intrinsic = state === 'loaded' ? (facts ?? (await sizeOf(image))) : undefined
  return {
    state,
    width,
    height,
    intrinsic: intrinsic && { width: intrinsic.width, height: intrinsic.height },
    fit: style.objectFit,
    ratio: devicePixelRatio,
    viewport: document.documentElement.clientWidth,
    descriptors: srcset === '' ? 'none' : /\s\d+w\s*(?:,|$)/.test(srcset) ? 'w' : 'x',
    sizes,
    promised: sizes?.startsWith('auto') && image.loading === 'lazy' ? width : image.naturalWidth,
    reserved: isReserved(image, chosen),
    // With neither side given only a limit can make it smaller than it is.
    stated: givenSides(image).some(Boolean) || image.hasAttribute('width') || image.hasAttribute('height') ? width : image.naturalWidth,
    lazy: image.loading === 'lazy',
    isLargest: image === largest,
    size_bytes: state === 'loaded' ? (facts?.size_bytes ?? bytesOf(image.currentSrc)) : undefined,
  }
}

/** An image that failed is complete, too, and has no size; so may a drawing that states none. */
async function stateOf(image: HTMLImageElement): Promise<Shown['state']> {
  if (!image.complete) return 'waiting'
  if (image.naturalWidth > 0) return 'loaded'
  return image.decode().then(
    () => 'loaded',
    () => 'failed',
  )
}

/** The `<source>` that the file is from, or the image itself. */
function chosenFrom(image: HTMLImageElement): HTMLImageElement | HTMLSourceElement {
  const sources = image.parentElement instanceof HTMLPictureElement ? image.parentElement.querySelectorAll('source') : []
  const names = ({ srcset }: { srcset: string }): boolean =>
    srcset.split(/,\s+/).some((candidate) => hrefOf(candidate.trim().split(/\s+/)[0] ?? '') === image.currentSrc)
  return [...sources].find(names) ?? image
}

/** A page may name anything as an address. */
function hrefOf(address: string): string | undefined {
  return URL.canParse(address, document.baseURI) ? new URL(address, document.baseURI).href : undefined
}

/** A size in the markup, or one or a ratio in CSS, which what is loaded does not change. */
function isReserved(image: HTMLImageElement, chosen: Element): boolean {
  const has = (element: Element): boolean => element.hasAttribute('width') && element.hasAttribute('height')
  const { aspectRatio, position } = getComputedStyle(image)
  const hasRatio = aspectRatio !== 'auto' && !aspectRatio.startsWith('auto ')
  return has(image) || has(chosen) || hasRatio || position === 'absolute' || position === 'fixed' || givenSides(image).every(Boolean)
}

/** Whether CSS or markup gives the width, and the height, which the size that comes of it does not tell. */
function givenSides(image: HTMLImageElement): boolean[] {
  const { style } = image
  const sides = ['width', 'height'] as const
  // Not every browser has it.
  if (!('computedStyleMap' in image)) return sides.map((side) => !['', 'auto'].includes(style[side]))
  const computed = image.computedStyleMap()
  return sides.map((side) => computed.get(side)?.toString() !== 'auto')
}

/** Size of the file itself: of a candidate, `naturalWidth` is what it stands for. */
async function sizeOf({ currentSrc, naturalWidth, naturalHeight }: HTMLImageElement): Promise<{ width: number; height: number }> {
  const copy = new Image()
  copy.src = currentSrc
  try {
    await copy.decode()
    return { width: copy.naturalWidth, height: copy.naturalHeight }
  } catch {
    // It was replaced meanwhile.
    return { width: naturalWidth, height: naturalHeight }
  }
}

function bytesOf(address: string): number | undefined {
  const entry = performance.getEntriesByName(address, 'resource').at(-1)
  return entry instanceof PerformanceResourceTiming && entry.encodedBodySize > 0 ? entry.encodedBodySize : undefined
}
