// npm run bench: everything; npm run bench -- cold warm --quick --rounds=3: parts of it. Each part keeps its own raw numbers in
// results/raw, and the page of results is made from all that are there; with --quick all of it is in .work/results.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ownPhotographs, photographs } from './photos.js'
import { writePage } from './page.js'
import { writeRaw } from './results.js'
import { avif } from './rows/avif.js'
import { bytes } from './rows/bytes.js'
import { check } from './rows/check.js'
import { cold } from './rows/cold.js'
import { dev } from './rows/dev.js'
import { growth } from './rows/growth.js'
import { memory } from './rows/memory.js'
import { rivals } from './rows/rivals.js'
import { service } from './rows/service.js'
import { stream } from './rows/stream.js'
import { warm } from './rows/warm.js'
import { workers } from './rows/workers.js'
import { misses, table } from './table.js'

const PARTS = { check, rivals, dev, growth, bytes, cold, avif, memory, warm, stream, workers, service }
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
const results = here(values.quick ? '.work/results' : 'results')
const work = here('.work')
mkdirSync(work, { recursive: true })
const own = ownPhotographs()
const bench = {
  work,
  node: here('node_modules/node/bin/node'),
  /** Of both sides; ours takes as many as there are CPUs. */
  processes: 2,
  quick: values.quick,
  rounds: Number(values.rounds ?? (values.quick ? 1 : 3)),
  photos: [...(await photographs(work, Number(values.photos ?? (values.quick ? 6 : 52)))), ...own],
  many: Number(values.many ?? (values.quick ? 12 : 500)),
  jobs: Number(values.jobs ?? (values.quick ? 50 : 200)),
  manyJobs: values.quick ? 200 : 10_000,
  earlier: {},
}

const start = performance.now()
const rows = []
for (const name of parts) {
  process.stderr.write(`\n${name}: ${minutes()} min since the start\n`)
  const result = await PARTS[name](bench)
  bench.earlier[name] = result.runs
  rows.push(...result.rows)
  // What is published is of the photographs that everyone has.
  if (name !== 'check' && own.length === 0) writeRaw(results, name, bench, result)
}
process.stdout.write(`\n${table(rows)}\n\n${minutes()} min\n`)
for (const { what } of misses(rows)) process.stdout.write(`not reached: ${what}\n`)
if (own.length === 0) process.stdout.write(`${writePage(results, { publish: !values.quick })}\n`)

function minutes() {
  return ((performance.now() - start) / 60_000).toFixed(1)
}

/** The rivals are no dependency of the package: they are installed here, when they are first needed. */
function install() {
  if (!existsSync(here('../dist/index.js'))) throw new Error('there is no dist/: run `npm run build` first')
  if (existsSync(here('node_modules/node/bin/node')) && existsSync(here('node_modules/ipx'))) return
  const { status } = spawnSync('npm', ['ci', '--prefix', here('.'), '--ignore-scripts=false'], { stdio: 'inherit' })
  if (status !== 0) throw new Error('the rivals could not be installed')
}
