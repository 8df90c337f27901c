// npm run test:versions: the package as it would be published, in a small project for each bundler, with the lowest and the latest
// versions of what it depends on, built by each Node.js. Writes the table to results.md. Names after it take parts: vite@6.0.0 …
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expected, files, look } from './project.js'
import { QUEUES, tryQueue } from './queue.js'

const NODES = ['20.19.0', '22.12.0', '22', '24']
const BUNDLERS = [
  'vite@6.0.0',
  'vite@6.4',
  'vite@7.0.0',
  'vite@7',
  'vite@8.0.0',
  'vite@8',
  'rollup@4.0.0',
  'rollup@4',
  'rolldown@1.0.0',
  'rolldown@1',
]
/** The lowest sharp that is taken; npm installs the latest one of its range. */
const LOWEST_SHARP = '0.35.4'

const root = mkdtempSync(join(tmpdir(), 'imagemill-versions-'))
const run = (command, args, options) => execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options })
const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
const write = (folder, name, content) => {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), content)
}
const install = (folder, packages, more = {}) => {
  write(folder, 'package.json', JSON.stringify({ private: true, type: 'module', ...more }))
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts=false', '--no-save', ...packages], {
    cwd: folder,
  })
}

/** Every dependency at the lowest version that its range allows. */
const lowest = Object.fromEntries(Object.entries(manifest.dependencies).map(([name, range]) => [name, range.replace('^', '')]))
const DEPENDENCIES = { lowest: { ...lowest, sharp: LOWEST_SHARP }, latest: undefined }

const tarball = join(root, run('npm', ['pack', '--silent', '--pack-destination', root]).trim().split('\n').at(-1))
const nodes = NODES.map((version) => {
  const folder = join(root, `node-${version}`)
  install(folder, [`node@${version}`])
  const path = join(folder, 'node_modules/node/bin/node')
  return { path, version: run(path, ['-v']).trim().slice(1) }
})
console.log(`Node.js ${nodes.map(({ version }) => version).join(', ')}`)

const wanted = process.argv.slice(2)
const source = await files()
const rows = []
const errors = []
/** Digests of the images by the sharp that made them: the same bytes are to come from every bundler and every Node.js. */
const made = new Map()
for (const bundler of BUNDLERS.filter((name) => wanted.length === 0 || wanted.includes(name)))
  for (const [kind, overrides] of Object.entries(DEPENDENCIES)) rows.push(await row(bundler, kind, overrides))

for (const packages of QUEUES.filter((names) => wanted.length === 0 || names.some((name) => wanted.includes(name))))
  rows.push(await queueRow(packages))

const text = table()
console.log(text)
if (wanted.length === 0) writeFileSync(new URL('results.md', import.meta.url), text)
if (process.env.KEEP) console.log(`The projects are in ${root}`)
else rmSync(root, { recursive: true, force: true })
for (const error of errors) console.error(error)
process.exit(errors.length > 0 ? 1 : 0)

async function row(spec, kind, overrides) {
  const [bundler] = spec.split('@')
  const folder = join(root, `${spec}-${kind}`)
  const result = { bundler, spec, kind, version: '', sharp: '', cells: {} }
  try {
    install(folder, [tarball, spec], overrides && { overrides })
    for (const [name, content] of Object.entries(source)) write(folder, name, content)
    result.version = versionOf(folder, bundler)
    result.sharp = versionOf(folder, 'sharp')
  } catch (error) {
    errors.push(`${spec}, ${kind}: ${said(error)}`)
    return { ...result, version: 'not installed' }
  }
  for (const node of nodes) {
    const engines = JSON.parse(readFileSync(join(folder, 'node_modules', bundler, 'package.json'), 'utf8')).engines.node
    try {
      rmSync(join(folder, 'dist'), { recursive: true, force: true })
      rmSync(join(folder, 'node_modules/.cache'), { recursive: true, force: true })
      run(node.path, ['build.js', bundler], { cwd: folder })
      await check(join(folder, 'dist'), bundler, result.sharp)
      result.cells[node.version] = 'yes'
    } catch (error) {
      result.cells[node.version] = '**no**'
      errors.push(`${spec} (${result.version}, Node.js ${engines}), ${kind} dependencies, Node.js ${node.version}: ${said(error)}`)
    }
  }
  console.log(`${bundler} ${result.version}, sharp ${result.sharp}: ${Object.values(result.cells).join(' ')}`)
  return result
}

/** Work on other machines, by versions of what it needs. */
async function queueRow(packages) {
  const folder = join(root, packages.join('-'))
  const result = { bundler: '', version: packages.join(', '), kind: 'latest', sharp: '', cells: {} }
  try {
    install(folder, [tarball, ...packages])
    for (const [name, content] of Object.entries(source)) write(folder, name, content)
    result.version = ['bullmq', 'ioredis'].map((name) => `${name} ${versionOf(folder, name)}`).join(', ')
    result.sharp = versionOf(folder, 'sharp')
  } catch (error) {
    errors.push(`${packages}: ${said(error)}`)
    return { ...result, version: 'not installed' }
  }
  for (const node of nodes) {
    try {
      await tryQueue(node.path, folder)
      result.cells[node.version] = 'yes'
    } catch (error) {
      result.cells[node.version] = '**no**'
      errors.push(`${result.version}, Node.js ${node.version}: ${said(error)}`)
    }
  }
  console.log(`${result.version}: ${Object.values(result.cells).join(' ')}`)
  return result
}

async function check(dist, bundler, sharp) {
  const names = readdirSync(dist, { recursive: true }).filter((name) => /\.(?:avif|webp|jpe?g|png)$/.test(name))
  const images = names.map((name) => readFileSync(join(dist, name)))
  const seen = []
  for (const bytes of images) {
    const image = await look(bytes)
    seen.push(image)
    const digest = createHash('sha256').update(bytes).digest('hex')
    const known = made.get(`${sharp} ${image}`) ?? made.set(`${sharp} ${image}`, digest).get(`${sharp} ${image}`)
    if (known !== digest) throw new Error(`${image} has other bytes than in the first build with sharp ${sharp}`)
  }
  const all = expected(bundler).join(', ')
  if (seen.sort().join(', ') !== all) throw new Error(`there is ${seen.join(', ')}, not ${all}`)
}

function versionOf(folder, name) {
  return JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version
}

function said({ message, stdout = '', stderr = '' }) {
  return `${message}\n${stdout}${stderr}`.slice(0, 3000)
}

function table() {
  const head = ['', 'sharp', 'other dependencies', ...nodes.map(({ version }) => `Node.js ${version}`)]
  const lines = rows.map(({ bundler, version, sharp, kind, cells }) => [
    `${bundler} ${version}`.trim(),
    sharp,
    kind,
    ...nodes.map((node) => cells[node.version] ?? ''),
  ])
  const drawn = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  const words =
    '"yes": the package was installed from its tarball, the project was built, every image has the right format, size and pixels, and the bytes are those of every other build with the same sharp; of bullmq and ioredis, that a worker made all images of a command with a real Redis, and each as it is made without one. No combination is left out: the `engines` of all of them allow each of these Node.js.'
  return `<!-- generated by npm run test:versions -->\n${drawn}\n\n${words}\n`
}
