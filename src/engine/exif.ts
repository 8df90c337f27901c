import exifr from 'exifr'
import type { Exif, Gps } from '../contract/facts.ts'
import { isRecord } from '../hash.ts'
import { isEmptyBlock } from '../source/exif-block.ts'
import { readMetadata } from '../source/metadata.ts'
import type { SourceFormat } from '../types.ts'

export interface ExifFound {
  metadata: Exif
  /** What cannot be read of it. */
  warning?: string
}

/** Everything as it is in the file: no dates, no words in the place of numbers. */
const RAW = {
  tiff: true,
  ifd0: {},
  exif: true,
  gps: true,
  ifd1: false,
  interop: false,
  makerNote: false,
  userComment: false,
  xmp: false,
  icc: false,
  iptc: false,
  jfif: false,
  reviveValues: false,
  translateValues: false,
  translateKeys: true,
  mergeOutput: false,
}

/** What the EXIF of an image says. Damaged EXIF is a warning: the pixels are fine without it. */
export async function readExif(bytes: Uint8Array, format: SourceFormat): Promise<ExifFound> {
  const { exif } = readMetadata(bytes, format)
  if (!exif || exif.byteLength === 0 || isEmptyBlock(exif)) return { metadata: { has_exif: false } }
  const parsed: unknown = await exifr.parse(Buffer.from(exif), RAW).catch((error: unknown) => error)
  const problem = parsed instanceof Error ? parsed.message : undefined
  const groups = isRecord(parsed) && problem === undefined ? parsed : {}
  const tags = { ...tagsOf(groups['ifd0']), ...tagsOf(groups['exif']) }
  const position = tagsOf(groups['gps'])
  const gps = readGps(position)
  const readable = Object.keys(tags).length + Object.keys(position).length > 0
  // A TIFF file is one such structure, whether it says anything of a camera or not.
  if (format === 'tiff' && !isFromCamera(groups)) return { metadata: { has_exif: false } }
  const metadata: Exif = { has_exif: readable, ...readTags(tags), ...(gps && { gps }) }
  if (!readable) return { metadata, warning: `the EXIF of the image is damaged${problem ? ` (${problem})` : ''} and was not read` }
  if (!gps && ('GPSLatitude' in position || 'GPSLongitude' in position))
    return { metadata, warning: 'the position in the EXIF of the image makes no sense and was left out' }
  return { metadata }
}

type Tags = Readonly<Record<string, unknown>>

function tagsOf(group: unknown): Tags {
  return isRecord(group) ? group : {}
}

function isFromCamera(groups: Tags): boolean {
  return 'exif' in groups || 'gps' in groups || 'Make' in tagsOf(groups['ifd0'])
}

function readTags(tags: Tags): Omit<Exif, 'has_exif' | 'gps'> {
  const exposure = numberOf(tags['ExposureTime'])
  const aperture = numberOf(tags['FNumber'])
  const orientation = numberOf(tags['Orientation'])
  const values = {
    make: textOf(tags['Make']),
    model: textOf(tags['Model']),
    orientation: Number.isInteger(orientation) && orientation && orientation >= 1 && orientation <= 8 ? orientation : undefined,
    datetime: dateOf(tags['DateTimeOriginal']) ?? dateOf(tags['CreateDate']) ?? dateOf(tags['ModifyDate']),
    exposure_time: exposure ? exposureText(exposure) : undefined,
    f_number: aperture ? `f/${Number(aperture.toFixed(2))}` : undefined,
    iso: numberOf(tags['ISO']) || undefined,
    lens: textOf(tags['LensModel']),
    focal_length: rounded(numberOf(tags['FocalLength']), 2) || undefined,
    software: textOf(tags['Software']),
    artist: textOf(tags['Artist']),
    copyright: textOf(tags['Copyright']),
  }
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

/** Cameras name short times by their fraction and long ones in seconds. */
function exposureText(seconds: number): string {
  const part = Math.round(1 / seconds)
  const isFraction = seconds < 1 && Math.abs(1 / part - seconds) < seconds / 50
  return isFraction ? `1/${part}` : String(Number(seconds.toPrecision(3)))
}

/** Signed by the tags that name the hemisphere; 1 as altitude reference is below the sea. */
function readGps(tags: Tags): Gps | undefined {
  const latitude = degrees(tags['GPSLatitude'], textOf(tags['GPSLatitudeRef']), 'S', 90)
  const longitude = degrees(tags['GPSLongitude'], textOf(tags['GPSLongitudeRef']), 'W', 180)
  if (latitude === undefined || longitude === undefined) return undefined
  const altitude = rounded(numberOf(tags['GPSAltitude']), 3)
  const below = numberOf(tags['GPSAltitudeRef']) === 1 && altitude !== 0
  return { latitude, longitude, ...(altitude !== undefined && { altitude: below ? -altitude : altitude }) }
}

function degrees(value: unknown, reference: string | undefined, negative: string, most: number): number | undefined {
  const parts = Array.isArray(value) ? value.map(numberOf) : [numberOf(value)]
  const sum = parts.reduce<number>((total, part, index) => total + (part ?? Number.NaN) / 60 ** index, 0)
  // 1e-7 degrees are a centimetre.
  const position = rounded(sum, 7)
  if (position === undefined || Math.abs(position) > most) return undefined
  return reference?.toUpperCase().startsWith(negative) && position !== 0 ? -Math.abs(position) : position
}

function rounded(value: number | undefined, digits: number): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : Number(value.toFixed(digits))
}

/** The first of several, or of a list of bytes. */
function numberOf(value: unknown): number | undefined {
  const first: unknown = Array.isArray(value) || value instanceof Uint8Array ? value[0] : value
  return typeof first === 'number' && Number.isFinite(first) ? first : undefined
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.replace(/\0.*$/s, '').trim() : ''
  return text === '' ? undefined : text
}

function dateOf(value: unknown): string | undefined {
  const text = textOf(value)
  return text && /^\d{4}:\d\d:\d\d \d\d:\d\d:\d\d$/.test(text) && !text.startsWith('0000') ? text : undefined
}
