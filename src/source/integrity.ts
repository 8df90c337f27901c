import { ImagemillError } from '../errors.ts'

/** Refuses bytes whose sha256, in hex, is not the one that was asked for. */
export function checkIntegrity(digest: string, expected: string): void {
  if (digest === expected) return
  throw new ImagemillError({
    code: 'INTEGRITY_MISMATCH',
    message: `expected a file with the integrity ${written(expected)}, received ${written(digest)}`,
    hint: 'If the image was changed on purpose, write the new one.',
  })
}

/** As it is written in a page: https://www.w3.org/TR/SRI/ */
function written(digest: string): string {
  return `sha256-${Buffer.from(digest, 'hex').toString('base64')}`
}
