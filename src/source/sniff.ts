import { ImagemillError } from '../errors.ts'
import type { SourceFormat } from '../types.ts'
import { foreignName } from './foreign.ts'

/** Enough for every magic number, and for the brands of ISO media. */
const HEAD_SIZE = 256

/** Magic numbers, as Latin-1. libvips needs no more of them; the readers check the rest. */
const MAGIC: readonly (readonly [SourceFormat, RegExp])[] = [
  ['jpeg', /^\xff\xd8/],
  ['png', /^\x89PNG\r\n\x1a\n/],
  ['webp', /^RIFF.{4}WEBP/s],
  ['gif', /^GIF8/],
  // With 43 in place of 42: BigTIFF.
  ['tiff', /^(?:II[*+]\0|MM\0[*+])/],
]

const HEIC_BRAND = /^he[iv][cmsx]$/
const AVIF_BRAND = /^avi[fs]$/

/** The format of an image by its first bytes; its file name is not asked. */
export function sniff(bytes: Uint8Array): SourceFormat {
  if (bytes.byteLength === 0) {
    throw new ImagemillError({ code: 'SOURCE_CORRUPT', message: 'the file is empty', hint: 'Copy or export it again.' })
  }
  const head = latin1(bytes, HEAD_SIZE)
  const known = MAGIC.find(([, magic]) => magic.test(head))
  if (known) return known[0]
  if (isAvif(head)) return 'avif'
  if (svgStart(bytes) !== undefined) return 'svg'
  throw refusal(head)
}

/** Whether a file is a photograph in the container of AVIF, but not in its coding. */
export function isHeic(bytes: Uint8Array): boolean {
  const head = latin1(bytes, HEAD_SIZE)
  return head.startsWith('ftyp', 4) && !isAvif(head) && (head.slice(8).match(/.{4}/gs) ?? []).some((brand) => HEIC_BRAND.test(brand))
}

function latin1(bytes: Uint8Array, size: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, size)).toString('latin1')
}

/** AVIF shares its container with HEIC: the major brand decides, and a neutral one (mif1, msf1) leaves it to the compatible brands. */
function isAvif(head: string): boolean {
  if (!head.startsWith('ftyp', 4)) return false
  const size = Buffer.from(head.slice(0, 4), 'latin1').readUInt32BE()
  const [major = '', ...compatible] = brands(head.slice(8, size))
  return AVIF_BRAND.test(major) || (!HEIC_BRAND.test(major) && compatible.some((brand) => AVIF_BRAND.test(brand)))
}

/** Major brand, minor version (a number, which matches no brand), compatible brands. */
function brands(text: string): string[] {
  return text.match(/.{4}/gs) ?? []
}

/** Where the first element begins, after what XML allows before it; undefined when it is not `svg`. */
export function svgStart(bytes: Uint8Array): number | undefined {
  const head = latin1(bytes, HEAD_SIZE)
  const start = head.startsWith('\xef\xbb\xbf') ? 3 : 0
  if (!/^\s*</.test(head.slice(start))) return undefined
  const text = latin1(bytes, bytes.byteLength).slice(start)
  // Sticky, one piece after another: a pattern for the whole would backtrack for minutes on hostile text.
  const piece = /\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^[>]*(?:\[.*?\]\s*)?>/gisy
  let offset = 0
  for (const [found] of text.matchAll(piece)) offset += found.length
  return /^<svg[\s/>:]/.test(text.slice(offset, offset + 5)) ? start + offset : undefined
}

function refusal(head: string): ImagemillError {
  if (head.startsWith('\x89PNG')) {
    return new ImagemillError({
      code: 'SOURCE_CORRUPT',
      message: 'the signature of the PNG file is damaged, as when its line ends are converted like those of text',
      hint: 'Mark images as binary in .gitattributes, or copy the file again in binary mode.',
    })
  }
  if (head.startsWith('version https://git-lfs')) {
    return new ImagemillError({
      code: 'SOURCE_CORRUPT',
      message: 'the file is a Git LFS pointer and not the image',
      hint: 'Run `git lfs pull`.',
    })
  }
  const name = foreignName(head)
  const what = name === undefined ? `begins with bytes of no known image format (${hex(head)})` : `is ${name}`
  const hint = 'Convert it to JPEG, PNG, WebP, AVIF, GIF, TIFF or SVG.'
  return new ImagemillError({ code: 'FORMAT_UNSUPPORTED', message: `expected an image that can be read, but the file ${what}`, hint })
}

function hex(head: string): string {
  return Buffer.from(head.slice(0, 8), 'latin1')
    .toString('hex')
    .replace(/..(?!$)/g, '$& ')
}
