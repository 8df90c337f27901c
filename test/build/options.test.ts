import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ImagemillOptions } from 'imagemill'
import { expect, test } from 'vitest'
import { isOurs } from '../../src/query/text.ts'
import { buildVite, filesOf } from '../support/build.ts'
import { jpeg, png } from '../support/images.ts'
import { project } from '../support/project.ts'
import { encodesIn, runFile } from '../support/run.ts'

async function build(main: string, options: ImagemillOptions): Promise<{ answer: unknown; root: string }> {
  const { root } = project({
    'main.js': main,
    'a.jpg': await jpeg(200, 100),
    'photos/b.jpg': await jpeg(200, 100, 2),
    'icons/c.png': await png(100, 100),
    'icons/d.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>',
  })
  await buildVite(root, {
    options,
    config: { build: { assetsInlineLimit: 0, rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'main.js' } } } },
  })
  return { answer: runFile(join(root, 'dist/main.js')), root }
}

const PLAIN = (name: string): unknown => expect.stringMatching(new RegExp(`^/assets/${name}-[\\w-]{8}\\.\\w+$`))

test('`include` and `exclude` say which images are taken', async () => {
  const main = "import a from './a.jpg?w=50'\nimport b from './photos/b.jpg?w=50'\nglobalThis.answer = [typeof a, typeof b]"
  expect((await build(main, { include: 'photos/**' })).answer).toEqual(['string', 'object'])
  expect((await build(main, { include: ['photos/**', '*.jpg'], exclude: 'photos/b.*' })).answer).toEqual(['object', 'string'])
  expect((await build(main, { exclude: '**/*.jpg' })).answer).toEqual(['string', 'string'])
  expect((await build(main, { include: [/^photos\//, /never/g] })).answer).toEqual(['string', 'object'])
  expect((await build(main, { include: ['*.jpg', /b\.jpg$/g], exclude: /^a/ })).answer).toEqual(['string', 'object'])
})

test('`defaults` make images without a query requests, and give way to a query', async () => {
  const main =
    "import a from './a.jpg'\nimport b from './photos/b.jpg?w=30&format=jpeg'\nimport c from './icons/c.png'\nimport d from './icons/d.svg'\nimport e from './a.jpg?url'\nglobalThis.answer = { a: a.sources, b: b.sources, c: c.width, d, e }"
  const { answer } = await build(main, { defaults: { w: [40, 80], format: 'webp' } })
  expect(answer).toMatchObject({
    a: [{ type: 'image/webp', srcset: expect.stringMatching(/ 40w, .* 80w$/) }],
    b: [{ type: 'image/jpeg', srcset: expect.stringMatching(/ 30w$/) }],
    c: 80,
    d: PLAIN('d'),
    e: PLAIN('a'),
  })
})

test('what is wrong with the answer of `defaults` is not blamed on the import', async () => {
  const main = "import a from './a.jpg?w=50'\nglobalThis.answer = a"
  await expect(build(main, { defaults: () => 'fromat=webp' })).rejects.toThrow(
    /\[INVALID_OPTION\] a\.jpg\?w=50: option `defaults`: unknown directive `fromat`.* Did you mean `format`\?/,
  )
  await expect(build(main.replace('w=50', 'w=50&widht=5'), { defaults: () => 'format=webp&w=30' })).rejects.toThrow(
    '[UNKNOWN_DIRECTIVE] a.jpg?w=50&widht=5: unknown directive `widht`',
  )
})

test('`defaults` that keep metadata leave plain imports plain, whose files keep it anyway', async () => {
  const main = "import a from './a.jpg'\nimport b from './photos/b.jpg?w=30'\nglobalThis.answer = [a, typeof b]"
  expect((await build(main, { defaults: 'metadata=keep' })).answer).toEqual([PLAIN('a'), 'object'])
  expect((await build(main, { defaults: 'metadata=copyright' })).answer).toEqual([expect.objectContaining({ width: 200 }), 'object'])
})

test('`defaults` that only say what is exported leave plain imports plain', async () => {
  const main = "import a from './a.jpg'\nimport b from './photos/b.jpg?w=30'\nglobalThis.answer = [a, typeof b, b]"
  const { answer } = await build(main, { defaults: { as: 'url' } })
  expect(answer).toEqual([PLAIN('a'), 'string', expect.stringMatching(/b-30-[\w-]{8}\.jpeg$/)])
})

test("with `onError: 'warn'` an image with a wrong query keeps its place in the page", async () => {
  const main = "import a from './a.jpg?w=nonsense'\nglobalThis.answer = [a.width, a.height]"
  expect((await build(main, { onError: 'warn', logLevel: 'silent' })).answer).toEqual([200, 100])
})

test('`defaults` can be a function of the file', async () => {
  const main = "import a from './a.jpg'\nimport c from './icons/c.png'\nglobalThis.answer = { a: a.width, c }"
  expect((await build(main, { defaults: (file) => (file.includes('icons') ? undefined : 'w=60') })).answer).toEqual({
    a: 60,
    c: PLAIN('c'),
  })
})

test('a function of `defaults` knows what the import asks for', async () => {
  const main = "import a from './a.jpg?w=60'\nimport b from './photos/b.jpg?w=60&quality=40'\nglobalThis.answer = [a.outputs, b.outputs]"
  const { answer } = await build(main, { defaults: (_, query) => (query.has('quality') ? { format: 'webp' } : 'format=gif') })
  expect(answer).toMatchObject([[{ format: 'gif' }], [{ format: 'webp' }]])
})

test('`presets` are named queries, over the defaults and under the query', async () => {
  const main =
    "import a from './a.jpg?preset=card'\nimport b from './a.jpg?preset=card&w=20'\nglobalThis.answer = [a.width, a.outputs[0].format, b.width, b.outputs[0].format]"
  expect((await build(main, { defaults: 'format=png', presets: { card: 'w=70&format=webp', other: { w: 1 } } })).answer).toEqual([
    70,
    'webp',
    20,
    'webp',
  ])
})

test('`cache.dir` is where the store is', async () => {
  const { root } = await build("import a from './a.jpg?w=50'\nglobalThis.answer = a.src", { cache: { dir: 'own/cache' } })
  expect(existsSync(join(root, 'own/cache/v1/ac'))).toBe(true)
  expect(existsSync(join(root, 'node_modules'))).toBe(false)
})

test.each([
  '',
  'url',
  'raw',
  'inline',
  'no-inline',
  'worker',
  'sharedworker',
  'init',
  'react',
  'component',
  'skipsvgo',
  'vue',
  'svelte',
  'solid',
  'jsx',
  'enhanced',
  'lqip',
  'blurhash',
  'imagetools',
  'thumb',
  'src',
  'file',
  'data',
  'base64',
  'asset',
  'dataurl',
  'external',
  'full',
  'thumbnail',
  'path',
  'text',
  'hash',
  'used',
  'commonjs-proxy',
  'v=1234',
  't=1234',
  'import',
  'html-proxy&index=0.js',
  'sprite',
  'symbol',
  'icon',
])('the query `%s` is not ours', (query) => expect(isOurs(query)).toBe(false))

test('`cache.maxSize` is kept: an image of an earlier build makes way, that of the last one stays', async () => {
  const main = (width: number): string => `import a from './a.jpg?w=${width}&format=png'\nglobalThis.answer = a.src`
  const { root, write } = project({ 'main.js': main(300), 'a.jpg': await jpeg(400, 300) })
  const config = { build: { rollupOptions: { input: join(root, 'main.js') } } }
  await buildVite(root, { config })
  const [bytes = 0] = [...filesOf(join(root, 'dist'))].filter(([name]) => name.endsWith('.png')).map(([, { length }]) => length)
  write('main.js', main(301))
  await buildVite(root, { options: { cache: { maxSize: 3 * bytes } }, config })
  expect(encodesIn(root)).toBe(2)
  write('main.js', main(302))
  await buildVite(root, { options: { cache: { maxSize: Math.round(1.5 * bytes) } }, config })
  expect(encodesIn(root)).toBe(1)
})
