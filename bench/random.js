/** A seeded generator (mulberry32): the same numbers on every machine. */
export function random(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Noise as film grain has it, about normal, in a tile that is laid at a different place on each photograph. */
export function grainTile(deviation) {
  const next = random(1)
  return Int8Array.from({ length: 2 ** 20 }, () => Math.round((next() + next() + next() - 1.5) * 2 * deviation))
}
