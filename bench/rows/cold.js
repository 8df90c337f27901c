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
  const floor = () => measure(node, 'floor', { files: photos, out: join(work, 'floor'), widths: WIDTHS, formats: ['webp', 'jpeg'], processes }, work)
  const runs = await interleave('cold webp;jpeg', rounds, {
    floor: { run: floor },
    ours: { run: coldBuild(bench, 'ours', photos, WEBP_JPEG) },
    // These two stand beside the result and take as long as it does.
    rival: { run: coldBuild(bench, 'rival', photos, WEBP_JPEG), rounds: 2 },
    'ours, current Node.js': { run: coldBuild({ work, node: process.execPath }, 'ours', photos, WEBP_JPEG, 'ours-current'), rounds: 2 },
  })
  const against = (name) => medianRatio(runs[name].map(({ cpu_ms }) => cpu_ms), runs.floor.map(({ cpu_ms }) => cpu_ms))
  return {
    runs,
    rows: [{
      what: `cold build of ${photos.length} photographs, CPU, \`webp;jpeg\`, against the floor`, unit: '×', most: 1.25, aim: 1.05,
      rival: against('rival'), ours: against('ours'), also: { 'ours, current Node.js': against('ours, current Node.js') },
    }],
  }
}
