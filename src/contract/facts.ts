/** A stand-in for a picture, below 1 kB. `background` is a value of the CSS property `background`; it needs no code in the page. */
export type Placeholder = { background: string } & (
  | { kind: 'lqip'; data_uri: string; width: number; height: number }
  | { kind: 'dominant_color'; dominant_color: string }
  | { kind: 'css_gradient'; css: string }
  | { kind: 'blurhash' | 'thumbhash'; hash: string; data_uri: string }
)

/** What the EXIF of an image says; a key is there only when it was read. */
export interface Exif {
  has_exif: boolean
  make?: string
  model?: string
  /** 1 to 8, of the source as it is stored. */
  orientation?: number
  /** `YYYY:MM:DD HH:MM:SS` in the time of the camera, as it is in the file. */
  datetime?: string
  /** Seconds, such as `1/250` or `2.5`. */
  exposure_time?: string
  /** Such as `f/2.8`. */
  f_number?: string
  iso?: number
  lens?: string
  /** mm */
  focal_length?: number
  software?: string
  artist?: string
  copyright?: string
  gps?: Gps
}

/** Signed decimals: south and west are negative, altitude is in metres above the sea. */
export interface Gps {
  latitude: number
  longitude: number
  altitude?: number
}
