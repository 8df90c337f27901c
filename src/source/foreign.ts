/** Formats that are often taken for usable images, by their first bytes as Latin-1. The first match wins. */
const FOREIGN: readonly (readonly [string, RegExp])[] = [
  ['HEIC', /^.{4}ftyp.*?he[iv][cmsx]/s],
  ['a Canon CR3 raw photo', /^.{4}ftypcrx/s],
  ['HEIF without an AVIF image', /^.{4}ftyp(?:mif|msf|heif|miaf)/s],
  ['a video', /^.{4}(?:ftyp|moov|mdat)|^\x1aE\xdf\xa3|^RIFF.{4}AVI /s],
  ['JPEG XL', /^\xff\x0a|^\0{3}\x0cJXL /],
  ['JPEG 2000', /^\xff\x4f\xff\x51|^\0{3}\x0cjP(?: {2}|\x1a\x1a)/],
  ['JPEG XR', /^II\xbc/],
  ['BMP', /^BM.{4}\0{4}/s],
  ['an icon (ICO)', /^\0\0\x01\0/],
  ['a cursor (CUR)', /^\0\0\x02\0/],
  ['an Apple icon (ICNS)', /^icns/],
  ['a Photoshop document (PSD)', /^8BPS/],
  ['a GIMP document (XCF)', /^gimp xcf/],
  ['PDF', /^%PDF/],
  ['PostScript', /^%!PS|^\xc5\xd0\xd3\xc6/],
  ['a camera raw photo', /^II(?:U\0|R[OS])|^FUJIFILMCCD/],
  ['OpenEXR', /^v\/1\x01/],
  ['Radiance HDR', /^#\?R/],
  ['a portable anymap (PNM)', /^P[1-7FfH][\s#]/],
  ['QOI', /^qoif/],
  ['FITS', /^SIMPLE {2}=/],
  ['a DirectDraw texture (DDS)', /^DDS /],
  ['a Khronos texture (KTX)', /^\xabKTX /],
  ['compressed with gzip, as SVGZ is', /^\x1f\x8b/],
  ['a ZIP archive', /^PK\x03\x04/],
  ['SVG in UTF-16, and only UTF-8 is read', /^(?:\xff\xfe)?<\0|^(?:\xfe\xff)?\0</],
  ['a web page', /^\s*<(?:!doctype )?html/i],
]

/** What a file that is no source format is, or undefined. */
export function foreignName(head: string): string | undefined {
  return FOREIGN.find(([, magic]) => magic.test(head))?.[0]
}
