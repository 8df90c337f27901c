export const WIDTHS = [320, 640, 1280]
export const WEBP_JPEG = 'w=320;640;1280&format=webp;jpg'
export const ALL_FORMATS = 'w=320;640;1280&format=avif;webp;jpg'
