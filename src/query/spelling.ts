/** What other tools call our directives; a person who types these means ours. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  width: 'w',
  widths: 'w',
  sizes: 'w',
  size: 'w',
  height: 'h',
  heights: 'h',
  ext: 'format',
  type: 'format',
  formats: 'format',
  fm: 'format',
  q: 'quality',
  ratio: 'aspect',
  ar: 'aspect',
  dpr: 'densities',
  density: 'densities',
  bg: 'background',
  colours: 'colors',
  greyscale: 'grayscale',
  gray: 'grayscale',
  mode: 'fit',
  gravity: 'position',
  filter: 'kernel',
  upscale: 'allowUpscale',
  output: 'as',
  autoRotate: 'noAutoOrient',
  negate: 'invert',
  normalise: 'normalize',
}

/**
 * The valid name nearest to what was written, or undefined when nothing is near enough to be meant.
 * Two edits make anything of a word of up to `short` letters.
 */
export function nearest(word: string, valid: readonly string[], short = 4): string | undefined {
  const other = OTHER_NAMES[word] ?? OTHER_NAMES[word.toLowerCase()]
  if (other !== undefined && valid.includes(other)) return other
  const sameButCase = valid.find((name) => name.toLowerCase() === word.toLowerCase())
  if (sameButCase !== undefined) return sameButCase
  let best: string | undefined
  let bestDistance = 3
  for (const [name, meant] of [...valid.map((own) => [own, own] as const), ...othersFor(valid)]) {
    const limit = Math.min(word.length, name.length) <= short ? 1 : 2
    const distance = editDistance(word.toLowerCase(), name.toLowerCase(), limit)
    // One edit makes any letter of another.
    if (distance <= limit && distance < bestDistance && distance < name.length) [best, bestDistance] = [meant, distance]
  }
  return best
}

/** Names of other tools that are misspelt as easily as ours; a short one is near too much. */
function othersFor(valid: readonly string[]): [name: string, meant: string][] {
  return Object.entries(OTHER_NAMES).filter(([name, meant]) => name.length > 4 && valid.includes(meant))
}

/** Edit distance, in which two letters that changed places are one edit; given up as soon as it must exceed `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let earlier: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1] ? (earlier[column - 2] ?? Infinity) + 1 : Infinity
      current.push(Math.min(substitution, swapped, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    earlier = previous
    previous = current
  }
  return previous[b.length] ?? limit + 1
}
