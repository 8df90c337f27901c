// A pattern may hold one `*`, so every query on this page ends with the directive that decides its type;
// the types of those that end in `as=` come with the package.

type Format = import('imagemill').Format

/** What an image import gives: the photograph in each of `Formats`, the last of which every browser reads. */
interface ResponsiveImage<Formats extends readonly Format[] = readonly Format[]> {
  readonly src: string
  readonly width: number
  readonly height: number
  readonly srcset: string
  /** The attributes of one `<img>`. */
  readonly img: { readonly src: string; readonly srcset?: string; readonly width: number; readonly height: number }
  /** One per format, in the order asked; before them those of narrow screens, where these have a cut of their own. */
  readonly sources: readonly {
    readonly media?: string
    readonly type: `image/${Formats[number]}`
    readonly srcset: string
    readonly width?: number
    readonly height?: number
  }[]
  readonly outputs: readonly { readonly path: string; readonly format: Formats[number]; readonly width: number; readonly height: number }[]
}

declare module '*&format=avif;webp;jpeg' {
  const image: ResponsiveImage<['avif', 'webp', 'jpeg']>
  export default image
}

declare module '*&format=webp;jpeg' {
  const image: ResponsiveImage<['webp', 'jpeg']>
  export default image
}
