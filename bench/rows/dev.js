import { basename } from 'node:path'
import { interleave } from '../interleave.js'
import { measure } from '../measure.js'
import { twelveMegapixels } from '../photos.js'
import { project } from '../project.js'
import { ALL_FORMATS } from '../queries.js'
import { median } from '../statistics.js'

/** Photographs per server; each is cold once. */
const EACH = 2

export async function dev(bench) {
  const { work, node, rounds } = bench
  const photos = await twelveMegapixels(work, EACH + 1)
  const [warm = '', ...cold] = photos.map((file) => basename(file))
  const side = (name) => {
    const { root, cool } = project(work, `dev-${name}`, photos, ALL_FORMATS)
    return async () => {
      cool()
      return measure(node, 'dev', { side: name, root, warm, photos: cold, query: ALL_FORMATS, outputs: 9 }, root)
    }
  }
  const runs = await interleave('dev', Math.ceil(rounds * 0.6), { ours: { run: side('ours') }, rival: { run: side('rival') } })
  const said = (name, read) => median(runs[name].flatMap(({ said: facts }) => read(facts)))
  const moduleMs = (name) => said(name, ({ modules }) => modules.map(({ ms }) => ms))
  const processes = Math.max(...runs.ours.flatMap(({ said: { modules } }) => modules.map((module) => module.processes)))
  return {
    runs,
    rows: [
      {
        what: 'dev: cold module of a 12 MP photograph, 3 widths × 3 formats',
        unit: 'ms',
        most: 30,
        aim: 5,
        rival: moduleMs('rival'),
        ours: moduleMs('ours'),
        also: { 'worker processes started, so images decoded': processes },
      },
      {
        what: 'dev: second GET of an output',
        unit: 'ms',
        most: 5,
        aim: 1,
        rival: said('rival', ({ second_ms }) => second_ms),
        ours: said('ours', ({ second_ms }) => second_ms),
      },
    ],
  }
}
