/** How often a fault is tried: `few` times in every run of the tests, `many` times in `npm run test:faults`. */
export function rounds(few: number, many: number): number {
  return process.env['IMAGEMILL_FAULTS'] === '1' ? many : few
}

/** Numbers from 0 to 1 that are the same in every run, unless IMAGEMILL_SEED says otherwise. */
export function seeded(salt: number): () => number {
  let state = (Number(process.env['IMAGEMILL_SEED'] ?? 1) * 2_654_435_761 + salt * 40_503) >>> 0
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
