import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { interleave } from '../interleave.js'
import { measure } from '../measure.js'
import { project } from '../project.js'
import { WEBP_JPEG, WIDTHS } from '../queries.js'
import { median } from '../statistics.js'

/** A warm build is short and what is looked for is a small difference, so it is repeated more often. */
const ROUNDS = 3

export async function warm(bench) {
  const { work, photos, rounds, node } = bench
  const made = (name, images, suffix = '') => project(work, `warm-${name}${suffix}`, images, WEBP_JPEG).root
  const build = builder(work)
  const ours = build('ours', made('ours', photos), node)
  await ours.run()
  takeImages(work)
  const sides = {
    'no images': build('none', made('none', []), node),
    'the same files': build('files', made('files', []), node),
    ours,
    rival: build('rival', made('rival', photos), node),
    'no images, current Node.js': build('none', made('none', [], '-current'), process.execPath),
    'ours, current Node.js': build('ours', made('ours', photos, '-current'), process.execPath),
  }
  for (const { run } of Object.values(sides)) await run()
  const few = await interleave('warm', rounds * ROUNDS, sides)
  const many = hasMany(bench) ? await warmMany(bench, sides['no images'], build) : {}
  rmSync(join(work, 'aside'), { recursive: true })
  const row = (runs, count, also) => ({
    what: `warm build over the same build without images and without a plugin, CPU per output of ${count * WIDTHS.length * 2}`,
    unit: 'ms',
    most: 0.4,
    aim: 0.1,
    rival: perOutput(runs, 'rival', count),
    ours: perOutput(runs, 'ours', count),
    also,
  })
  const also = {
    'of which a plugin that only emits the same files': perOutput(few, 'the same files', photos.length),
    'with the current Node.js': perOutput(few, 'ours, current Node.js', photos.length, 'no images, current Node.js'),
    'child processes': Math.max(...few.ours.map(({ processes }) => processes - 1)),
  }
  return {
    runs: { ...few, ...Object.fromEntries(Object.entries(many).map(([name, list]) => [`many, ${name}`, list])) },
    rows: [row(few, photos.length, also), ...(many.ours ? [row(many, bench.many)] : [])],
  }
}

const leftOf = (work, name) => join(work, 'projects', `cold-${name}`)

/** Whether the part `memory` has left its projects, with what they made. */
function hasMany({ work, many }) {
  const folders = ['ours', 'rival'].map((name) => join(leftOf(work, name), 'photos'))
  return folders.every((folder) => existsSync(folder) && readdirSync(folder).length === many)
}

/** What the last builds of the part `memory` have left, built again; the first time it is read from a disk. */
async function warmMany({ work, rounds, node }, none, build) {
  const left = (name) => build(name, leftOf(work, name), node)
  for (const side of [left('ours'), left('rival')]) await side.run()
  return interleave('warm, many', rounds, { 'no images': none, ours: left('ours'), rival: left('rival') })
}

function builder(work) {
  const aside = join(work, 'aside')
  rmSync(aside, { recursive: true, force: true })
  mkdirSync(aside)
  return (side, root, node) => ({
    async run() {
      const run = await measure(node, 'build', { side, root, files: join(work, 'images') }, root)
      // Not deleted: ext4 looks long for a free inode as long as many have been deleted in the last five seconds.
      renameSync(join(root, 'dist'), join(aside, String(readdirSync(aside).length)))
      return run
    },
  })
}

/** The images of the first build, without its script. */
function takeImages(work) {
  const into = join(work, 'images')
  rmSync(into, { recursive: true, force: true })
  cpSync(join(work, 'aside', '0', 'assets'), into, { recursive: true, filter: (path) => !path.endsWith('.js') })
}

function perOutput(runs, name, count, base = 'no images') {
  return median(runs[name].map(({ cpu_ms }, index) => (cpu_ms - runs[base][index].cpu_ms) / (count * WIDTHS.length * 2)))
}
