import { join } from 'node:path'
import { query } from 'imagemill'
import { expect, test } from 'vitest'
import { VITE_NAMES, buildVite } from '../support/build.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { runFile } from '../support/run.ts'

const config = (root: string) => ({
  build: { rollupOptions: { input: join(root, 'main.ts'), output: { entryFileNames: 'main.js' } } },
})

test.each(VITE_NAMES)('a typed object is the query of a glob (%s)', async (version) => {
  const { root } = project({
    'main.ts':
      "import type { Directives } from 'imagemill'\nconst all = import.meta.glob('./pics/*.jpg', { eager: true, import: 'default', query: { w: '20;40', format: 'webp', flip: true } satisfies Directives })\nObject.assign(globalThis, { answer: all })\n",
    'pics/a.jpg': await jpeg(60, 40),
  })
  await buildVite(root, { version, config: config(root) })
  expect(runFile(join(root, 'dist/main.js'))).toMatchObject({ './pics/a.jpg': { width: 40, sources: [{ type: 'image/webp' }] } })
})

test('`query()` writes presets, defaults, and imports of code that is generated', async () => {
  const { root } = project({
    'main.ts': "import a from './a.jpg?preset=card'\nimport b from 'virtual:b'\nObject.assign(globalThis, { answer: [a, b] })\n",
    'a.jpg': await jpeg(60, 40),
  })
  const image = `${join(root, 'a.jpg')}?${query({ w: 30, crop: '0,0,50%,100%', background: '#fff', as: 'img' })}`
  const generated = {
    name: 'generated',
    resolveId: (id: string) => (id === 'virtual:b' ? '\0b' : undefined),
    load: (id: string) => (id === '\0b' ? `export { default } from ${JSON.stringify(image)}` : undefined),
  }
  await buildVite(root, {
    options: { presets: { card: query({ w: [10, 20], format: ['avif', 'webp'] }) }, defaults: query({ kernel: 'nearest' }) },
    config: { ...config(root), plugins: [generated] },
  })
  expect(runFile(join(root, 'dist/main.js'))).toMatchObject([
    { outputs: [{ format: 'avif', width: 10 }, { width: 20 }, { format: 'webp', width: 10 }, { width: 20 }] },
    { w: 30, h: 40 },
  ])
})
