import { join } from 'node:path'
import { interleave } from '../interleave.js'
import { measure } from '../measure.js'
import { project } from '../project.js'
import { medianRatio } from '../statistics.js'
import { WEBP_JPEG, WIDTHS } from '../queries.js'

/** One cold build of a side: nothing is left of earlier ones. */
export function coldBuild({ work, node }, side, photos, query, name = side) {
  const { root, cool } = project(work, `cold-${name}`, photos, query)
  return () => {
    cool()
    return measure(node, 'build', { side, root }, root)
  }
}

export async function cold(bench) {
  const { work, photos, rounds, node, processes } = bench
  const floor = (settings) => () =>
    measure(
      node,
      'floor',
      { files: photos, out: join(work, 'floor'), widths: WIDTHS, formats: ['webp', 'jpeg'], processes, settings },
      work,
    )
  const runs = await interleave('cold webp;jpeg', rounds, {
    floor: { run: floor('ours') },
    ours: { run: coldBuild(bench, 'ours', photos, WEBP_JPEG) },
    // The rest stands beside the result. The rival encodes with less effort, so it has a floor of its own.
    'floor, settings of the rival': { run: floor('rival'), rounds: 2 },
    rival: { run: coldBuild(bench, 'rival', photos, WEBP_JPEG), rounds: 2 },
    'ours, current Node.js': { run: coldBuild({ work, node: process.execPath }, 'ours', photos, WEBP_JPEG, 'ours-current'), rounds: 2 },
  })
  const against = (name, floorName) =>
    medianRatio(
      runs[name].map(({ cpu_ms }) => cpu_ms),
      runs[floorName].map(({ cpu_ms }) => cpu_ms),
    )
  return {
    runs,
    rows: [
      {
        what: `cold build of ${photos.length} photographs, CPU, \`webp;jpeg\`, against the floor`,
        unit: '×',
        most: 1.25,
        aim: 1.05,
        rival: against('rival', 'floor, settings of the rival'),
        ours: against('ours', 'floor'),
        also: { 'with the current Node.js': against('ours, current Node.js', 'floor') },
      },
    ],
  }
}
