import { ImagemillError } from '../errors.ts'

/** The error for bytes that cannot be read as the format that they claim to be. */
export function corrupt(message: string, options?: ErrorOptions): ImagemillError {
  return new ImagemillError(
    { code: 'SOURCE_CORRUPT', message, hint: 'The file is damaged or was cut short: copy or export it again.' },
    options,
  )
}
