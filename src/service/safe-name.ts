/** Most bytes of a name: what outputs are called has a size and a format besides, and has to fit, too. */
const MOST = 200

/**
 * What a caller calls a file, without all that could mean something to a file system: letters and digits of any script stay,
 * in the one spelling that all systems find them by.
 */
export function safeName(text: string, otherwise: string): string {
  const name = text
    .replace(/^.*[/\\]/s, '')
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{M}\p{N}_.-]+/gu, '_')
    .replace(/^[.]+/, '')
  const letters = Array.from(name)
  // Its end has the format.
  while (Buffer.byteLength(letters.join('')) > MOST) letters.shift()
  return letters.join('').replace(/^[.]+/, '') || otherwise
}
