import { rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { interleave } from '../interleave.js'
import { measure } from '../measure.js'
import { median, medianRatio } from '../statistics.js'

/** From 320 to 1280 px in no order; as it is a prime number of widths, no photograph is made at one of them twice. */
const WIDTHS = 193

function widthOf(photo, round) {
  return 320 + 5 * ((97 * round + 31 * photo) % WIDTHS)
}

/** Many jobs one a line on standard input, against the shortest script that does the same: one pipeline of sharp for each. */
export async function stream(bench) {
  const { jobs, manyJobs, rounds } = bench
  const few = await interleave(`stream of ${jobs} jobs`, rounds, sides(bench, jobs))
  // Takes minutes, in which what disturbs a short run evens out.
  const many = await interleave(`stream of ${manyJobs} jobs`, 1, sides(bench, manyJobs))
  return {
    runs: { ...few, ...Object.fromEntries(Object.entries(many).map(([name, list]) => [`${manyJobs} jobs, ${name}`, list])) },
    rows: [
      row(jobs, few),
      row(manyJobs, many),
      {
        what: `${manyJobs} jobs in \`process --stream\`, peak memory, against ${jobs} jobs`,
        unit: '×',
        most: 1.5,
        aim: 1.2,
        rival: NaN,
        ours: peak(many.ours) / peak(few.ours),
        also: { 'peak MB': peak(many.ours) },
      },
    ],
  }
}

function sides({ work, photos, node, processes }, count) {
  const root = join(work, 'stream')
  const out = join(root, 'out')
  const jobs = Array.from({ length: count }, (_, index) => {
    const input = photos[index % photos.length]
    const width = widthOf(index % photos.length, Math.floor(index / photos.length))
    return { input, width, output: join(out, `${basename(input, '.jpg')}-${width}.webp`) }
  })
  const list = join(work, `stream-${count}-jobs.json`)
  writeFileSync(list, JSON.stringify(jobs))
  const side = (name) => ({
    run: () => {
      rmSync(root, { recursive: true, force: true })
      return measure(node, name, { list, root, encoding: { quality: 75, effort: 4 }, processes })
    },
  })
  return { bare: side('bare'), ours: side('stream') }
}

function row(count, { ours, bare }) {
  const against = (key) =>
    medianRatio(
      ours.map((run) => run[key]),
      bare.map((run) => run[key]),
    )
  return {
    what: `${count} jobs in \`process --stream\`, wall time, against a bare sharp script`,
    unit: '×',
    most: 1.25,
    aim: 1.05,
    rival: 1,
    ours: against('wall_ms'),
    also: { CPU: against('cpu_ms'), 'peak MB': peak(ours) },
  }
}

function peak(runs) {
  return median(runs.map(({ peak_pss }) => peak_pss / 1e6))
}
