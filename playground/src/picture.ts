import { element } from './element.ts'

export interface PictureOptions {
  alt: string
  /** How wide the picture is shown; not needed for densities (`1x, 2x`). */
  sizes?: string
  /** `first` for what a visitor sees before scrolling; the rest waits until it comes near. */
  load?: 'first' | 'lazy'
}

/** What an import with `as=picture` gives. */
export interface PictureModule {
  sources: Readonly<Record<string, string>>
  img: { src: string; w: number; h: number }
}

/** The `<picture>` of an image import; its sources are in the order in which the browser is to try them. */
export function picture(image: ResponsiveImage, options: PictureOptions): HTMLPictureElement {
  return element(
    'picture',
    {},
    // the last format is the one that <img> carries
    ...image.sources.slice(0, -1).map((source) => sourceElement(source, options.sizes)),
    imgElement(image.img, options),
  )
}

/** The `<picture>` of an import with `as=picture`. */
export function pictureOf({ sources, img }: PictureModule, options: PictureOptions): HTMLPictureElement {
  return element(
    'picture',
    {},
    ...Object.entries(sources).map(([format, srcset]) => sourceElement({ type: `image/${format}`, srcset }, options.sizes)),
    imgElement({ src: img.src, width: img.w, height: img.h }, options),
  )
}

function sourceElement(
  source: { media?: string; type: string; srcset: string; width?: number; height?: number },
  sizes?: string,
): HTMLSourceElement {
  return element('source', { ...source, sizes })
}

function imgElement(
  { src, srcset, width, height }: ResponsiveImage['img'],
  { alt, sizes, load = 'lazy' }: PictureOptions,
): HTMLImageElement {
  // src goes last: the browser may fetch as soon as it is set
  return element('img', {
    alt,
    width,
    height,
    ...(load === 'lazy' ? { loading: 'lazy', decoding: 'async' } : { fetchpriority: 'high' }),
    sizes: srcset ? sizes : undefined,
    srcset,
    src,
  })
}
