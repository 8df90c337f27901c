// Takes many small images through a build, a dev server and the service, five times each, and looks for what grows or stays behind.
//   npm run test:long              2,000 images
//   npm run test:long -- 200 dev   fewer of them, one of the three
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import { handlesOf, memoryOf, treeOf, watch } from './processes.js'
import * as subjects from './subjects.js'

const { forget, ...SUBJECTS } = subjects
const PASSES = 5
/** Most growth between the second and the fifth pass. */
const GROWTH = 0.1
/** What grows in a build that watches is the bundler's own memory, as it does in one without a plugin: there JavaScript's is looked at. */
const BUILDS = ['build', 'bundler']

const given = process.argv.slice(2)
const count = Number(given.find((text) => /^\d+$/.test(text)) ?? 2000)
const names = given.filter((text) => !/^\d+$/.test(text))
const unknown = names.find((name) => !Object.hasOwn(SUBJECTS, name))
if (unknown) {
  console.error(`There is no ${unknown}: expected some of ${Object.keys(SUBJECTS).join(', ')}.`)
  process.exit(2)
}

/** A project of distinct photographs: colours of four corners, which no two share. */
async function project() {
  const root = mkdtempSync(join(tmpdir(), 'imagemill-long-'))
  const files = Array.from({ length: count }, (_, index) => `photo-${index}.jpg`)
  for (const [index, file] of files.entries()) {
    const pixels = Buffer.from(Array.from({ length: 12 }, (_, at) => (index * (at + 3) * 37 + (index >> 8) * 11 + at * 53) % 256))
    const corners = sharp(pixels, { raw: { width: 2, height: 2, channels: 3 } })
    writeFileSync(join(root, file), await corners.resize(48, 32, { kernel: 'cubic', fit: 'fill' }).jpeg().toBuffer())
  }
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(root, 'index.html'), '<script type="module" src="/main.js"></script>')
  const imports = files.map((file, index) => `import p${index} from './${file}?w=24&format=webp&as=url'`)
  writeFileSync(join(root, 'main.js'), `${imports.join('\n')}\ndocument.title = [${files.map((_, index) => `p${index}`).join(', ')}]`)
  return { root, files }
}

/** Files that are only of use while something runs. */
function leftovers(root) {
  const below = ['node_modules/.cache/imagemill/v1/tmp', 'node_modules/.cache/imagemill/v1/claims', '.imagemill-service/uploads']
  const kept = below.map((folder) => join(root, folder)).filter((folder) => existsSync(folder))
  const temporary = readdirSync(tmpdir()).filter((name) => /^imagemill-\d/.test(name))
  return kept.flatMap((folder) => readdirSync(folder)).length + temporary.length
}

async function run(name) {
  const { root, files } = await project()
  const before = leftovers(root)
  const subject = await SUBJECTS[name](root, files)
  const rows = []
  for (let pass = 1; pass <= PASSES; pass++) {
    forget(root)
    const stop = watch(subject.pid)
    const start = performance.now()
    await subject.pass()
    const seconds = Math.round((performance.now() - start) / 100) / 10
    const peak = Math.round(stop())
    // What is kept for the next image goes after a while; what is kept for good does not.
    process.kill(subject.pid, 'SIGUSR2')
    await sleep(1000)
    const heap = Math.round(Number(readFileSync(join(root, 'heap.txt'), 'utf8')) / 1e5) / 10
    const after = { memory: Math.round(memoryOf(subject.pid)), heap, handles: handlesOf(subject.pid), temp: leftovers(root) - before }
    rows.push({
      run: name,
      pass,
      images: files.length,
      seconds,
      'peak MB, all': peak,
      'MB after': after.memory,
      'MB of JavaScript': after.heap,
      handles: after.handles,
      'temp files': after.temp,
    })
    // It takes minutes.
    console.error(JSON.stringify(rows.at(-1)))
  }
  const processes = treeOf(subject.pid).filter((pid) => pid !== subject.pid)
  await subject.close()
  await sleep(500)
  const alive = processes.filter((pid) => existsSync(`/proc/${pid}/exe`)).length
  const faults = faultsOf(rows, alive)
  rmSync(root, { recursive: true, force: true })
  return { rows, faults: faults.map((fault) => `${name}: ${fault}`) }
}

function faultsOf(rows, alive) {
  const [, second] = rows
  const last = rows.at(-1)
  const grew = (key) =>
    last[key] > second[key] * (1 + GROWTH) && `${key} grew from ${second[key]} in pass 2 to ${last[key]} in pass ${PASSES}`
  return [
    !BUILDS.includes(last.run) && grew('peak MB, all'),
    !BUILDS.includes(last.run) && grew('MB after'),
    grew('MB of JavaScript'),
    // Connections of this process that are kept for the next request come and go.
    last.handles > second.handles + 16 && `handles grew from ${second.handles} to ${last.handles}`,
    last['temp files'] > 0 && `${last['temp files']} temporary files are left`,
    alive > 0 && `${alive} processes are left`,
  ].filter(Boolean)
}

const all = []
for (const name of Object.keys(SUBJECTS)) if (names.length === 0 || names.includes(name)) all.push(await run(name))
const table = all.flatMap(({ rows }) => rows)
console.table(table)
if (given.length === 0) writeFileSync(new URL('results.md', import.meta.url), markdown(table))
const faults = all.flatMap((each) => each.faults)
for (const fault of faults) console.error(fault)
process.exitCode = faults.length > 0 ? 1 : 0

function markdown(rows) {
  const lines = [Object.keys(rows[0]), Object.keys(rows[0]).map(() => '---'), ...rows.map((row) => Object.values(row))]
  const words =
    'Memory is that of the process after a collection; "peak" counts its workers, too. `bundler` is the build that watches without the plugin, its images as they are: what grows in its memory is not JavaScript, and not ours.'
  return `<!-- generated by npm run test:long -->\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n\n${words}\n`
}
