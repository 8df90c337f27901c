import { interleave } from '../interleave.js'
import { ALL_FORMATS } from '../queries.js'
import { medianRatio } from '../statistics.js'
import { coldBuild } from './cold.js'

/** As few photographs as the promise allows: the rival takes minutes for them. */
const PHOTOGRAPHS = 40

export async function avif(bench) {
  const photos = bench.photos.slice(0, PHOTOGRAPHS)
  const runs = await interleave('cold avif;webp;jpeg', Math.min(bench.rounds, 2), {
    ours: { run: coldBuild(bench, 'ours', photos, ALL_FORMATS) },
    rival: { run: coldBuild(bench, 'rival', photos, ALL_FORMATS) },
  })
  const ours = medianRatio(
    runs.ours.map(({ cpu_ms }) => cpu_ms),
    runs.rival.map(({ cpu_ms }) => cpu_ms),
  )
  return {
    runs,
    rows: [
      {
        what: `cold build of ${photos.length} photographs, CPU, \`avif;webp;jpeg\`, against the rival`,
        unit: '×',
        most: 0.35,
        aim: 0.25,
        rival: 1,
        ours,
      },
    ],
  }
}
