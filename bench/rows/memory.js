import { interleave } from '../interleave.js'
import { photographs } from '../photos.js'
import { WEBP_JPEG } from '../queries.js'
import { median } from '../statistics.js'
import { coldBuild } from './cold.js'

/** Peak memory is of all processes together at one moment. It hardly differs from run to run, so the long ones are made once. */
export async function memory(bench) {
  const many = await photographs(bench.work, bench.many)
  const sides = (photos, rounds) => ({
    ours: { run: coldBuild(bench, 'ours', photos, WEBP_JPEG), rounds },
    rival: { run: coldBuild(bench, 'rival', photos, WEBP_JPEG), rounds: 1 },
  })
  const few =
    bench.earlier.cold ?? (await interleave(`memory, ${bench.photos.length} photographs`, bench.rounds, sides(bench.photos, bench.rounds)))
  const all = await interleave(`memory, ${many.length} photographs`, 1, sides(many, 1))
  const peak = (runs) => median(runs.map(({ peak_pss }) => peak_pss / 1e6))
  const row = (count, { ours, rival }) => ({
    what: `peak memory of all processes together, ${count} photographs`,
    unit: 'MB',
    most: 600,
    aim: 350,
    rival: peak(rival),
    ours: peak(ours),
  })
  return {
    runs: { ...(bench.earlier.cold ? {} : prefixed('few', few)), ...prefixed('many', all) },
    rows: [row(bench.photos.length, few), row(many.length, all)],
  }
}

function prefixed(word, runs) {
  return Object.fromEntries(Object.entries(runs).map(([name, list]) => [`${word}, ${name}`, list]))
}
