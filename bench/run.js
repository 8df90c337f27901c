// npm run bench: everything; npm run bench -- cold warm --quick --rounds=3: parts of it.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ownPhotographs, photographs } from './photos.js'
import { writeResults } from './results.js'
import { avif } from './rows/avif.js'
import { check } from './rows/check.js'
import { cold } from './rows/cold.js'
import { dev } from './rows/dev.js'
import { memory } from './rows/memory.js'
import { service } from './rows/service.js'
import { stream } from './rows/stream.js'
import { warm } from './rows/warm.js'
import { workers } from './rows/workers.js'
import { misses, table } from './table.js'

const PARTS = { check, cold, avif, memory, warm, dev, stream, workers, service }
const here = (path) => fileURLToPath(new URL(path, import.meta.url))

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    photos: { type: 'string' },
    many: { type: 'string' },
    jobs: { type: 'string' },
  },
})
const parts = positionals.length > 0 ? ['check', ...positionals] : Object.keys(PARTS)
for (const name of parts)
  if (!Object.hasOwn(PARTS, name)) throw new Error(`unknown part ${name}: expected one of ${Object.keys(PARTS).join(', ')}`)
if (process.platform !== 'linux') throw new Error('the bench reads /proc and so runs on Linux only')

install()
const work = here('.work')
mkdirSync(work, { recursive: true })
const own = ownPhotographs()
const bench = {
  work,
  node: here('node_modules/node/bin/node'),
  /** Of both sides; ours takes as many as there are CPUs. */
  processes: 2,
  rounds: Number(values.rounds ?? (values.quick ? 1 : 5)),
  photos: [...(await photographs(work, Number(values.photos ?? (values.quick ? 6 : 52)))), ...own],
  many: Number(values.many ?? (values.quick ? 12 : 500)),
  jobs: Number(values.jobs ?? (values.quick ? 50 : 200)),
  earlier: {},
}

const start = performance.now()
const results = {}
for (const name of parts) {
  results[name] = await PARTS[name](bench)
  bench.earlier[name] = results[name].runs
}
const rows = Object.values(results).flatMap((result) => result.rows)
process.stdout.write(`\n${table(rows)}\n\n${Math.round((performance.now() - start) / 1000)} s\n`)
// Only the whole, on the photographs that everyone has, is published.
if (positionals.length === 0 && !values.quick && own.length === 0) writeResults(here('results'), bench, results)
for (const { what } of misses(rows)) process.stdout.write(`not reached: ${what}\n`)

/** The rivals are no dependency of the package: they are installed here, when they are first needed. */
function install() {
  if (!existsSync(here('../dist/index.js'))) throw new Error('there is no dist/: run `npm run build` first')
  if (existsSync(here('node_modules/node/bin/node'))) return
  const { status } = spawnSync('npm', ['ci', '--prefix', here('.'), '--ignore-scripts=false'], { stdio: 'inherit' })
  if (status !== 0) throw new Error('the rivals could not be installed')
}
