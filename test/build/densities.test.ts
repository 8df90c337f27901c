import { join } from 'node:path'
import { createLogger } from 'vite'
import { expect, test } from 'vitest'
import { buildVite } from '../support/build.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { runFile } from '../support/run.ts'

const SITE = (query: string, element = '') => ({
  'main.js': `import a from './tree.jpg?${query}'\nglobalThis.answer = a`,
  'index.html': `<!doctype html>${element}<script type="module" src="main.js"></script>`,
})

test('a file for a denser screen takes no more room on the page', async () => {
  const { root } = project({
    ...SITE('w=50&densities=1;2&format=webp', '<img src="./tree.jpg?w=50&densities=1;2&format=webp;jpeg" alt="">'),
    'tree.jpg': await jpeg(200, 100),
  })
  const config = { build: { modulePreload: false as const, rollupOptions: { output: { entryFileNames: 'main.js' } } } }
  const files = await buildVite(root, { config })
  const image: unknown = runFile(join(root, 'dist/main.js'))
  expect(image).toMatchObject({ width: 50, height: 25, img: { width: 50, height: 25, srcset: expect.stringMatching(/ 1x, \S+ 2x$/) } })
  expect(Object(image).outputs).toMatchObject([{ width: 50 }, { width: 100 }])
  expect(String(files.get('index.html'))).toMatch(/<img [^>]*2x"[^>]* width="50" height="25"/)
})

test.each([
  ['w=50&aspect=1;2', '50w'],
  ['w=50&quality=20;90', '50w'],
  ['w=50;60&format=webp', undefined],
  ['w=50&quality=20;90&as=metadata', undefined],
])('candidates that a browser cannot tell apart are told of: ?%s', async (query, descriptor) => {
  const { root } = project({ ...SITE(query), 'tree.jpg': await jpeg(200, 100) })
  const warnings: string[] = []
  const customLogger = { ...createLogger('silent'), warn: (message: string) => void warnings.push(message) }
  await buildVite(root, { options: { logLevel: 'warn' }, config: { customLogger } })
  if (descriptor === undefined) return expect(warnings).toEqual([])
  expect(warnings.join('\n')).toContain(`several files of one srcset are \`${descriptor}\``)
})
