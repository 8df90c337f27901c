import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { interleave } from '../interleave.js'
import { measure } from '../measure.js'
import { median } from '../statistics.js'
import { TOOLS, withUsualSettings } from '../tools.js'

const WIDTHS = [320, 640, 1280]
/** AVIF takes most of the time, and of it as much as the number of photographs: a few of them say as much as many. */
const KINDS = {
  'webp;jpeg': { formats: ['webp', 'jpeg'], photos: 26, quick: 4, rounds: 3 },
  'avif;webp;jpeg': { formats: ['avif', 'webp', 'jpeg'], photos: 8, quick: 2, rounds: 2 },
}

/** The same photographs and outputs by every tool: with nothing of an earlier build, and then again. */
export async function rivals(bench) {
  const runs = {}
  const builds = []
  for (const [kind, { formats, photos: full, quick, rounds }] of Object.entries(KINDS)) {
    const photos = bench.photos.slice(0, bench.quick ? quick : full)
    const wanted = { widths: WIDTHS, formats }
    const sides = { floor: { run: floor(bench, photos, wanted) } }
    for (const [name, tool] of Object.entries(TOOLS)) {
      const { cold, warm } = tool(bench, `rivals-${formats.length}`, photos, wanted)
      sides[name] = { run: cold }
      // After the first round there is always an earlier build, in whatever order they come.
      sides[`${name}, again`] = { run: warm, rounds: name === 'ipx' ? 1 : undefined }
    }
    sides['imagemill, their quality and effort'] = { run: withUsualSettings(bench, `rivals-${formats.length}`, photos, wanted).cold }
    const made = await interleave(`${photos.length} photographs, ${kind}`, Math.min(bench.rounds, rounds), sides)
    for (const [name, list] of Object.entries(made)) {
      runs[`${kind}, ${name}`] = list
      builds.push(summary(kind, name, photos.length, list))
    }
  }
  return { runs, rows: [], facts: { builds } }
}

function summary(kind, name, photographs, list) {
  const of = (key) => median(list.map((run) => run[key]))
  return { kind, name, photographs, cpu_ms: of('cpu_ms'), wall_ms: of('wall_ms'), peak_bytes: of('peak_pss'), bytes: list[0].bytes ?? null }
}

function floor({ work, node, processes }, files, { widths, formats }) {
  return () => {
    const out = join(work, 'floor')
    rmSync(out, { recursive: true, force: true })
    mkdirSync(out, { recursive: true })
    return measure(node, 'floor', { files, out, widths, formats, processes, settings: 'ours' }, work)
  }
}
