import { interleave } from '../interleave.js'
import { measure } from '../measure.js'
import { project } from '../project.js'
import { WEBP_JPEG, WIDTHS } from '../queries.js'
import { median } from '../statistics.js'

/** A warm build is short and what is looked for is a small difference, so it is repeated more often. */
const ROUNDS = 3

export async function warm(bench) {
  const { work, photos, rounds, node } = bench
  const outputs = photos.length * WIDTHS.length * 2
  const sides = {
    'no images': side(work, node, 'none', []),
    ours: side(work, node, 'ours', photos),
    rival: side(work, node, 'rival', photos),
    'no images, current Node.js': side(work, process.execPath, 'none', [], 'none-current'),
    'ours, current Node.js': side(work, process.execPath, 'ours', photos, 'ours-current'),
  }
  for (const { run } of Object.values(sides)) await run()
  const runs = await interleave('warm', rounds * ROUNDS, sides)
  const perOutput = (name, base) => median(runs[name].map(({ cpu_ms }, index) => (cpu_ms - runs[base][index].cpu_ms) / outputs))
  return {
    runs,
    rows: [
      {
        what: `warm build over the same build without images and without a plugin, CPU per output of ${outputs}`,
        unit: 'ms',
        most: 0.4,
        aim: 0.1,
        rival: perOutput('rival', 'no images'),
        ours: perOutput('ours', 'no images'),
        also: {
          'with the current Node.js': perOutput('ours, current Node.js', 'no images, current Node.js'),
          'child processes': Math.max(...runs.ours.map(({ processes }) => processes - 1)),
        },
      },
    ],
  }
}

function side(work, node, name, photos, folder = name) {
  const { root } = project(work, `warm-${folder}`, photos, WEBP_JPEG)
  return { run: () => measure(node, 'build', { side: name, root }, root) }
}
