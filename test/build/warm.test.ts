import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { encodesIn } from '../support/run.ts'

/** Builds in a process of its own that counts the processes it starts, and tells whether sharp was loaded in it. */
const SCRIPT = `
import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import { readFileSync } from 'node:fs'
let started = 0
for (const name of ['fork', 'spawn', 'exec', 'execFile', 'spawnSync', 'execFileSync', 'execSync']) {
  const original = childProcess[name]
  childProcess[name] = (...values) => (started++, original(...values))
}
syncBuiltinESMExports()
const { build } = await import(process.env.VITE)
const { imagemill } = await import('imagemill')
await build({ root: process.env.ROOT, configFile: false, logLevel: 'silent', plugins: [imagemill({ logLevel: 'silent' })], build: { rollupOptions: { input: process.env.ROOT + '/main.js' } } })
const maps = process.platform === 'linux' ? readFileSync('/proc/self/maps', 'utf8') : ''
process.stdout.write(JSON.stringify({ started, sharp: /libvips|sharp-/.test(maps) }))
process.exit(0)
`

test.each(['vite', 'vite7', 'vite6'])('a warm build of %s starts no process and loads no sharp', async (vite) => {
  const { root } = project({
    'main.js':
      "import a from './a.jpg?w=40;80&format=avif;webp;jpeg'\nimport b, { placeholder } from './b.jpg?w=30&as=result&placeholder=thumbhash'\nimport { exif } from './b.jpg?w=30&exif'\nconsole.log(a, b, placeholder, exif)",
    'a.jpg': await jpeg(160, 80),
    'b.jpg': await jpeg(160, 80, 2),
  })
  const run = (): unknown => {
    const { NODE_OPTIONS: _, ...env } = process.env
    return JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
        cwd: join(import.meta.dirname, '..'),
        encoding: 'utf8',
        env: { ...env, ROOT: root, VITE: vite },
      }),
    )
  }
  const cold = run()
  expect(cold).toMatchObject({ sharp: false })
  expect(Object(cold).started).toBeGreaterThan(0)
  expect(encodesIn(root)).toBe(7)
  // esbuild, which Vite 6 and 7 minify with, is a process of its own.
  expect(run()).toEqual({ started: vite === 'vite' ? 0 : 1, sharp: false })
})
