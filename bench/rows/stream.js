import { rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { interleave } from '../interleave.js'
import { measure } from '../measure.js'
import { median, medianRatio } from '../statistics.js'

/** Widths in turn, so that no two jobs on one photograph are the same. */
const WIDTHS = [640, 960, 320, 1280, 480, 800]

/** Many jobs one a line on standard input, against the shortest script that does the same: one pipeline of sharp for each. */
export async function stream(bench) {
  const { work, photos, rounds, node, jobs: count } = bench
  const root = join(work, 'stream')
  const out = join(root, 'out')
  const encoding = { quality: 75, effort: 4 }
  const jobs = Array.from({ length: count }, (_, index) => {
    const input = photos[index % photos.length]
    const round = Math.floor(index / photos.length)
    const width = WIDTHS[index % WIDTHS.length] + round
    return { input, width, output: join(out, `${basename(input, '.jpg')}-${width}.webp`) }
  })
  const list = join(work, 'stream-jobs.json')
  writeFileSync(list, JSON.stringify(jobs))
  const side = (name) => ({
    run: () => {
      rmSync(root, { recursive: true, force: true })
      return measure(node, name, { list, root, encoding, processes: bench.processes })
    },
  })
  const runs = await interleave(`stream of ${count} jobs`, rounds, { bare: side('bare'), ours: side('stream') })
  const against = (key) =>
    medianRatio(
      runs.ours.map((run) => run[key]),
      runs.bare.map((run) => run[key]),
    )
  return {
    runs,
    rows: [
      {
        what: `${count} jobs in \`process --stream\`, wall time, against a bare sharp script`,
        unit: '×',
        most: 1.25,
        aim: 1.05,
        rival: 1,
        ours: against('wall_ms'),
        also: { CPU: against('cpu_ms'), 'peak MB': median(runs.ours.map(({ peak_pss }) => peak_pss / 1e6)) },
      },
    ],
  }
}
