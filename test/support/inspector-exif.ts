import type { Exif } from 'sharp'

/** Of a picture that says by what and where it was taken. */
export const EXIF_WITH_POSITION: Exif = {
  IFD0: { Make: 'Testcam', Model: 'One' },
  IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 30/1 0/1', GPSLongitudeRef: 'E', GPSLongitude: '13/1 24/1 0/1' },
}
