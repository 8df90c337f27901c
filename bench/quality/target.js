import { photographs } from '../photos.js'
import { random } from '../random.js'
import { median } from '../statistics.js'
import { openEngine } from './engine.js'

const FORMATS = ['avif', 'webp', 'jpeg']
/** Qualities whose sizes are the targets; a target is up to 4 % above such a size, so that it can be met within 5 %. */
const QUALITIES = [33, 48, 63, 77, 90]
const SLACK = 0.04

/** How well, and in how many encodes, sizes are met. */
export async function target(work, { count = 30, width = 720 } = {}) {
  const files = await photographs(work, count)
  const engine = openEngine(work)
  const next = random(1)
  const found = []
  try {
    for (const [index, file] of files.entries()) {
      for (const format of FORMATS) {
        const tasks = QUALITIES.map((quality) => ({ quality, slack: next() * SLACK }))
        await Promise.all(
          tasks.map(async ({ quality, slack }) => {
            const { size_bytes } = await engine.make(file, `w=${width}&format=${format}&quality=${quality}`)
            const size = Math.floor(size_bytes * (1 + slack))
            const made = await engine.make(file, `w=${width}&format=${format}&target_size=${size}`)
            found.push({ format, size, size_bytes: made.size_bytes, ...made.search })
          }),
        )
      }
      process.stderr.write(`target: ${index + 1}/${files.length}\r`)
    }
  } finally {
    await engine.close()
  }
  return { rows: [...FORMATS, 'all'].map((format) => rowOf(format, found)), found }
}

function rowOf(format, found) {
  const of = found.filter((item) => format === 'all' || item.format === format)
  const iterations = of.map((item) => item.iterations)
  return {
    format,
    targets: of.length,
    over: of.filter(({ size, size_bytes }) => size_bytes > size).length,
    converged: of.filter(({ converged }) => converged).length / of.length,
    median: median(iterations),
    mean: iterations.reduce((sum, count) => sum + count, 0) / of.length,
    most: Math.max(...iterations),
  }
}

export function targetText({ rows }) {
  return [
    '| format | targets | over the target | converged | encodes: median | mean | most |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(
      (row) =>
        `| ${row.format} | ${row.targets} | ${row.over} | ${(100 * row.converged).toFixed(1)} % | ${row.median} | ${row.mean.toFixed(2)} | ${row.most} |`,
    ),
  ].join('\n')
}

/** What has to hold: nothing over, 95 % converged, 4 encodes in the median and 8 at most. */
export function targetMisses({ rows }) {
  return rows.flatMap(({ format, over, converged, median: middle, most }) =>
    over > 0 || converged < 0.95 || middle > 4 || most > 8 ? [`target sizes, ${format}`] : [],
  )
}
