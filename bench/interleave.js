/**
 * Runs the sides in turn, round after round, so that what disturbs the machine disturbs all of them; odd rounds go backwards.
 * @param {Record<string, { run: () => Promise<import('./measure.js').Measured>, rounds?: number }>} sides a side may take part in the first rounds only
 * @returns {Promise<Record<string, import('./measure.js').Measured[]>>}
 */
export async function interleave(title, rounds, sides) {
  const names = Object.keys(sides)
  const runs = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const taking = names.filter((name) => round < (sides[name].rounds ?? rounds))
    for (const name of round % 2 ? taking.toReversed() : taking) {
      const run = await sides[name].run()
      runs[name].push(run)
      process.stderr.write(
        `${title} ${round + 1}/${rounds} ${name}: CPU ${(run.cpu_ms / 1000).toFixed(2)} s, wall ${(run.wall_ms / 1000).toFixed(2)} s, peak ${Math.round(run.peak_pss / 1e6)} MB\n`,
      )
    }
  }
  return runs
}
