/** A quality that was tried, and what it gave; what is given grows with the quality. */
export interface Try {
  quality: number
  value: number
}

export interface Seeking {
  /** What may be tried, ascending. */
  qualities: readonly number[]
  /** Most tries. */
  iterations: number
  /** The values that are wanted, and which of them is aimed at. */
  least: number
  most: number
  aim: number
  /** The side on which a miss is borne: when nothing else is left, the end of that side is tried. */
  safe: 'low' | 'high'
  /** What each quality usually gives; only its shape is relied on. */
  usual(quality: number): number
}

/**
 * Looks for a quality whose value is wanted, and answers all tries in turn. Values follow the usual curve with an offset
 * and a slope of their own: the first try takes the curve as it is, the second learns the offset, the next ones the slope.
 * The bracket around what is sought only ever shrinks, and is halved when that is slow.
 */
export async function seek(measure: (quality: number) => Promise<number>, seeking: Seeking): Promise<Try[]> {
  const { qualities, iterations, least, most, safe } = seeking
  const tries: Try[] = []
  let [below, above] = [-1, qualities.length]
  while (tries.length < iterations && above - below > 1) {
    const nothing = safe === 'low' ? below < 0 : above === qualities.length
    const left = iterations - tries.length
    const index = left === 1 && nothing ? (safe === 'low' ? 0 : qualities.length - 1) : next(tries, [below + 1, above - 1], seeking)
    const quality = qualities[index] ?? 0
    const value = await measure(quality)
    tries.push({ quality, value })
    if (value > most) above = index
    else if (value < least) below = index
    else break
  }
  return tries
}

/** Tries after which interpolating has shown that it does not lead there. */
const PATIENCE = 4

function next(tries: readonly Try[], [first, last]: [number, number], seeking: Seeking): number {
  if (tries.length >= PATIENCE && tries.length % 2 === 0) return (first + last) >> 1
  const wanted = wantedUsual(tries, seeking)
  let best = first
  for (let index = first; index <= last; index++) {
    const off = (at: number): number => Math.abs(seeking.usual(seeking.qualities[at] ?? 0) - wanted)
    if (off(index) < off(best)) best = index
  }
  return best
}

/** Where on the usual curve the aim should be. */
function wantedUsual(tries: readonly Try[], { aim, usual }: Seeking): number {
  const [near, other] = nearestPair(tries, aim)
  if (!near) return aim
  const x = usual(near.quality)
  if (!other) return x + aim - near.value
  const slope = (near.value - other.value) / (x - usual(other.quality))
  // Two that are close to each other say little of the slope.
  return x + (aim - near.value) / Math.min(3, Math.max(1 / 3, slope || 1))
}

/** The two tries that tell most: one on each side where there are such, else the nearest ones. */
function nearestPair(tries: readonly Try[], aim: number): [near?: Try, other?: Try] {
  const sorted = tries.toSorted((a, b) => Math.abs(a.value - aim) - Math.abs(b.value - aim))
  const [near, second] = sorted
  if (!near) return []
  const across = sorted.find(({ value }) => value > aim !== near.value > aim)
  const other = across ?? second
  return other ? [near, other] : [near]
}
