// Builds, serves and looks at one small project for each framework, with the package as it would be published.
//   npm run test:frameworks                 all of them
//   npm run test:frameworks -- sveltekit    some of them; KEEP=1 leaves their folder behind
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, existsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { chromium } from 'playwright-core'
import sharp from 'sharp'
import { astro } from './astro.js'
import { nuxt } from './nuxt.js'
import { reactRouter } from './react-router.js'
import { start } from './server.js'
import { sveltekit } from './sveltekit.js'
import { tanstackStart } from './tanstack-start.js'
import { visit } from './visit.js'

const FRAMEWORKS = [sveltekit, astro, reactRouter, tanstackStart, nuxt]
const names = process.argv.slice(2)
const unknown = names.find((name) => !FRAMEWORKS.some((framework) => framework.name === name))
if (unknown) {
  console.error(`There is no ${unknown}: expected some of ${FRAMEWORKS.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}

const root = mkdtempSync(join(tmpdir(), 'imagemill-frameworks-'))
const run = (command, args, options) => execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options })
const install = (folder, packages, env) => {
  if (!existsSync(join(folder, 'package.json'))) write(folder, 'package.json', '{ "type": "module", "private": true }')
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], { cwd: folder, env })
}

function write(folder, name, content) {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), content)
}

/** The frameworks want Node.js 22, whatever this runs on; the package `node` brings one. */
function environment() {
  const env = { ...process.env, CI: '1', NO_COLOR: '1', ASTRO_TELEMETRY_DISABLED: '1', NUXT_TELEMETRY_DISABLED: '1' }
  delete env.NODE_OPTIONS
  if (Number(process.versions.node.split('.')[0]) >= 22) return env
  install(join(root, 'node'), ['node@22'], env)
  return { ...env, PATH: `${join(root, 'node/node_modules/node/bin')}:${env.PATH}` }
}

/** Images that were made, by what the builds said, and those that are in the cache: were one made twice, they would differ. */
function encodes(folder) {
  const log = stripVTControlCharacters(readFileSync(join(folder, 'imagemill.log'), 'utf8'))
  const made = [...log.matchAll(/hits, (\d+) made/g)].reduce((sum, [, count]) => sum + Number(count), 0)
  const cache = join(folder, 'node_modules/.cache/imagemill/v1/ac')
  const entries = readdirSync(cache, { recursive: true }).filter(
    (name) => name.endsWith('.json') && readFileSync(join(cache, name), 'utf8').includes('"blob"'),
  )
  return { made, kept: entries.length }
}

async function check(framework, { tarball, env, browser, row }) {
  const folder = join(root, framework.name)
  for (const [name, content] of Object.entries(framework.files)) write(folder, name, content)
  for (const [name, colour] of [
    ['a', '#c04020'],
    ['b', '#2040c0'],
  ])
    write(
      folder,
      `src/images/${name}.jpg`,
      await sharp({ create: { width: 300, height: 200, channels: 3, background: colour } })
        .jpeg()
        .toBuffer(),
    )
  install(folder, [tarball, ...framework.packages], env)
  const bin = { cwd: folder, env: { ...env, PATH: `${join(folder, 'node_modules/.bin')}:${env.PATH}` } }
  const [command, ...args] = framework.build
  run(command, args, bin)
  const { made, kept } = encodes(folder)
  row.encoded = made === kept ? `${made}` : `${made} for ${kept}`
  if (made !== kept || made === 0) throw new Error(`${made} images were made, and ${kept} are kept`)
  for (const way of ['build', 'dev']) {
    const server = await start(framework, way, bin)
    try {
      row[way] = await visit(browser, server.origin, framework)
    } catch (error) {
      throw new Error(`${way}: ${error.message}\n${server.output().slice(-3000)}`, { cause: error })
    } finally {
      await server.close()
    }
  }
}

const env = environment()
const tarball = join(root, run('npm', ['pack', '--silent', '--pack-destination', root]).trim().split('\n').at(-1))
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
const rows = []
for (const framework of FRAMEWORKS) {
  if (names.length > 0 && !names.includes(framework.name)) continue
  const row = { framework: framework.name, encoded: '', build: '', dev: '', seconds: 0, error: '' }
  rows.push(row)
  const began = Date.now()
  try {
    await check(framework, { tarball, env, browser, row })
  } catch (error) {
    row.error = 'see below'
    console.error(`${framework.name}: ${error.message}\n${error.stdout ?? ''}${error.stderr ?? ''}`)
  }
  row.seconds = Math.round((Date.now() - began) / 1000)
}
await browser.close()
console.table(rows)
if (process.env.KEEP) console.log(`The projects are in ${root}`)
else rmSync(root, { recursive: true, force: true })
process.exit(rows.some(({ error }) => error !== '') ? 1 : 0)
