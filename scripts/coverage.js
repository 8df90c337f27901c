// npm run coverage [-- <area>]: lines and branches of src/ that the tests run, in their own process and in all that they start.
// Not counted are processes that were killed, and what runs in a browser.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'coverage')
const traces = join(folder, 'traces')
// What vitest counts with comes with it.
const require = createRequire(createRequire(import.meta.url).resolve('@vitest/coverage-v8'))
const { createCoverageMap } = require('istanbul-lib-coverage')
const { mergeProcessCovs } = require('@bcoe/v8-coverage')
const { parseAstAsync } = await import('vite')
const { default: convert } = await import(pathToFileURL(require.resolve('ast-v8-to-istanbul')).href)

rmSync(folder, { recursive: true, force: true })
mkdirSync(traces, { recursive: true })
run(process.execPath, [join(root, 'scripts/build.js'), '--traced'])
const status = run('npx', ['vitest', 'run', '--config', 'test/vitest.config.ts', ...process.argv.slice(2)], { IMAGEMILL_TRACES: traces })

const map = createCoverageMap({})
const own = join(folder, 'coverage-final.json')
if (existsSync(own)) add(JSON.parse(readFileSync(own, 'utf8')))
for (const script of childScripts()) add(await toSource(script))
report()
process.exitCode = status

function run(command, args, env = {}) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1
}

function add(coverage) {
  for (const [path, file] of Object.entries(coverage)) if (path.startsWith(join(root, 'src/'))) map.merge({ [path]: file })
}

/** Everything that processes of the tests ran of dist/, counted together. */
function childScripts() {
  const names = readdirSync(traces)
  let sum = { result: [] }
  while (names.length > 0) {
    sum = mergeProcessCovs([sum, ...names.splice(0, 50).flatMap(traceOf)])
  }
  return sum.result
}

/** One that was killed while it wrote has noted nothing. */
function traceOf(name) {
  try {
    return [JSON.parse(readFileSync(join(traces, name), 'utf8'))]
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}

async function toSource({ url, functions }) {
  const path = fileURLToPath(url)
  if (!existsSync(`${path}.map`)) return {}
  const code = readFileSync(path, 'utf8')
  const sourceMap = JSON.parse(readFileSync(`${path}.map`, 'utf8'))
  return convert({ code, sourceMap, ast: await parseAstAsync(code), coverage: { url, functions }, wrapperLength: 0 })
}

/** A line for each file that is not covered whole, the least covered first, and the sums. */
function report() {
  const files = map.files().map((path) => ({ path: relative(root, path), ...map.fileCoverageFor(path).toSummary().toJSON() }))
  const part = ({ covered, total }) => (total === 0 ? 100 : (100 * covered) / total)
  const text = (count) => `${part(count).toFixed(1)} %`.padStart(8)
  const { lines, branches } = map.getCoverageSummary().toJSON()
  const rows = files
    .filter((file) => file.branches.covered < file.branches.total || file.lines.covered < file.lines.total)
    .sort((a, b) => part(a.lines) - part(b.lines) || part(a.branches) - part(b.branches))
    .map((file) => `${text(file.lines)} ${text(file.branches)}  ${file.path}  ${missing(join(root, file.path))}`)
  const sums = `${text(lines)} ${text(branches)}  all of ${files.length} files (lines, branches)`
  writeFileSync(join(folder, 'coverage.txt'), `${[...rows, sums].join('\n')}\n`)
  process.stdout.write(`${rows.slice(0, 25).join('\n')}\n\n${sums}\nAll of it is in coverage/coverage.txt.\n`)
}

/** Lines that nothing ran, as 3-5,9. */
function missing(path) {
  const lines = map.fileCoverageFor(path).getUncoveredLines().map(Number)
  const ranges = lines
    .filter((line) => !lines.includes(line - 1))
    .map((from) => {
      let to = from
      while (lines.includes(to + 1)) to++
      return from === to ? `${from}` : `${from}-${to}`
    })
  return ranges.join(',')
}
