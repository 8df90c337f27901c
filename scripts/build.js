// tsc makes the modules and types; the ambient types, which tsc does not copy, are added, and the entry is bundled.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
/** For coverage: maps back to the sources, and no bundles, which have none. */
const traced = process.argv.includes('--traced')
rmSync(new URL('dist', root), { recursive: true, force: true })
const { status } = spawnSync(
  process.execPath,
  [fileURLToPath(new URL('node_modules/typescript/bin/tsc', root)), '-p', fileURLToPath(root), ...(traced ? ['--sourceMap'] : [])],
  { stdio: 'inherit' },
)
if (status !== 0) process.exit(status ?? 1)
copyFileSync(new URL('src/client.d.ts', root), new URL('dist/client.d.ts', root))
chmodSync(new URL('dist/cli.js', root), 0o755)

const { SCHEMAS, jsonSchemaOf } = await import('../dist/contract/schemas.js')
mkdirSync(new URL('dist/schemas', root))
for (const name of Object.keys(SCHEMAS))
  writeFileSync(new URL(`dist/schemas/${name}.json`, root), `${JSON.stringify(jsonSchemaOf(name), undefined, 2)}\n`)

// What a build loads becomes one file: opening some sixty takes longer than all that a warm build does with an image.
const { rolldown } = await import('rolldown')
const worker = { from: "'../engine/worker.js'", to: "'./engine/worker.js'" }
const path = (name) => fileURLToPath(new URL(`dist/${name}`, root))
const open = (input, plugins = []) => rolldown({ input: path(input), platform: 'node', external: /^[^./]/, plugins })
if (traced) traceWorker()
else await bundleAll()

// The overlay runs in a page: one module, to which the plugin adds its beginning.
const overlay = await open('../src/overlay/app/main.ts')
await overlay.write({ file: path('overlay/script.js') })

const { writeInspector } = await import('./inspector.js')
await writeInspector()

async function bundleAll() {
  const bundle = await open('index.js', [
    {
      name: 'worker-path',
      transform: { filter: { id: /queue.processes\.js$/ }, handler: (code) => code.replace(worker.from, worker.to) },
    },
  ])
  const always = alwaysLoaded((await bundle.generate()).output)
  const { output } = await bundle.write({
    dir: path('.'),
    chunkFileNames: 'lazy-[name].js',
    comments: true,
    // What is loaded at once and later, too, would be cut into a file for each of those who share it.
    codeSplitting: { groups: [{ name: 'core', test: (id) => always.has(id) }] },
  })
  if (!output.some(({ code }) => code.includes(worker.to.slice(1, -1))))
    throw new Error('the path of the worker was not found in the bundle')

  // A command takes a fifth less time to start from a few files. These are a folder deep, as are the modules that look for others.
  const cli = await open('cli.js')
  const { output: files } = await cli.write({ dir: path('.'), chunkFileNames: 'cli/[name].js', comments: true })
  const lost = files.find(({ fileName, code }) => fileName === 'cli.js' && code.includes('import.meta.url'))
  if (lost) throw new Error('a module that looks for another one is in cli.js itself')
}

/** Processes that make images take no options of Node.js from outside. In the first line, so that the map still leads to the others. */
function traceWorker() {
  const file = path('engine/worker.js')
  writeFileSync(file, `import '../../test/support/trace.js';${readFileSync(file, 'utf8')}`)
}

/** Modules that the entry needs whatever is asked of it. */
function alwaysLoaded(chunks) {
  const loaded = new Set()
  const load = (name) => {
    const chunk = chunks.find(({ fileName }) => fileName === name)
    if (!chunk || loaded.has(chunk)) return
    loaded.add(chunk)
    for (const imported of chunk.imports) load(imported)
  }
  load('index.js')
  return new Set([...loaded].flatMap(({ moduleIds }) => moduleIds))
}
