// tsc makes the modules and types; the ambient types, which tsc does not copy, are added, and the entry is bundled.
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
rmSync(new URL('dist', root), { recursive: true, force: true })
const { status } = spawnSync(
  process.execPath,
  [fileURLToPath(new URL('node_modules/typescript/bin/tsc', root)), '-p', fileURLToPath(root)],
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
const bundle = await rolldown({
  input: fileURLToPath(new URL('dist/index.js', root)),
  platform: 'node',
  external: /^[^./]/,
  plugins: [
    {
      name: 'worker-path',
      transform: { filter: { id: /queue.processes\.js$/ }, handler: (code) => code.replace(worker.from, worker.to) },
    },
  ],
})
const { output } = await bundle.write({ file: fileURLToPath(new URL('dist/index.js', root)), comments: true })
if (!output[0].code.includes(worker.to.slice(1, -1))) throw new Error('the path of the worker was not found in the bundle')
