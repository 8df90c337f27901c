/** Types of imports that end in what they export; see "Types" in the README. A script file: an import would end its reach. */
declare module '*&as=url' {
  const url: string
  export default url
  export const placeholder: import('imagemill').Placeholder | undefined
  export const exif: import('imagemill').Exif | undefined
}
declare module '*&as=srcset' {
  const srcset: string
  export default srcset
  export const placeholder: import('imagemill').Placeholder | undefined
  export const exif: import('imagemill').Exif | undefined
}
declare module '*&as=img' {
  const img: import('imagemill').Img
  export default img
  export const src: string
  export const w: number
  export const h: number
  export const srcset: string | undefined
  export const placeholder: import('imagemill').Placeholder | undefined
  export const exif: import('imagemill').Exif | undefined
}
declare module '*&as=picture' {
  const picture: import('imagemill').Picture
  export default picture
  export const art: import('imagemill').ArtSource[] | undefined
  export const sources: Record<string, string>
  export const img: { src: string; w: number; h: number }
  export const placeholder: import('imagemill').Placeholder | undefined
  export const exif: import('imagemill').Exif | undefined
}
declare module '*&as=metadata' {
  const metadata: { src: string; width: number; height: number; format: import('imagemill').Format }
  export default metadata
  export const src: string
  export const width: number
  export const height: number
  export const format: import('imagemill').Format
  export const placeholder: import('imagemill').Placeholder | undefined
  export const exif: import('imagemill').Exif | undefined
}
declare module '*&as=result' {
  const result: import('imagemill').JobSuccess
  export default result
  export const placeholder: import('imagemill').Placeholder | undefined
  export const exif: import('imagemill').Exif | undefined
}
declare module '*&imagemill' {
  const image: import('imagemill').Image
  export default image
  export const src: string
  export const width: number
  export const height: number
  export const srcset: string
  export const img: import('imagemill').Image['img']
  export const sources: import('imagemill').Image['sources']
  export const outputs: import('imagemill').Image['outputs']
  export const placeholder: import('imagemill').Placeholder | undefined
  export const exif: import('imagemill').Exif | undefined
}
declare module '*?imagemill' {
  const image: import('imagemill').Image
  export default image
  export const src: string
  export const width: number
  export const height: number
  export const srcset: string
  export const img: import('imagemill').Image['img']
  export const sources: import('imagemill').Image['sources']
  export const outputs: import('imagemill').Image['outputs']
  export const placeholder: import('imagemill').Placeholder | undefined
  export const exif: import('imagemill').Exif | undefined
}
declare module 'virtual:imagemill/manifest' {
  const manifest: import('imagemill').Manifest
  export default manifest
}
/** The list of images on pages of the dev server, for frameworks without a page of their own; empty in a build. */
declare module 'virtual:imagemill/overlay' {}
