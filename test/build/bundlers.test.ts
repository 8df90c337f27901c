import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { filesOf } from '../support/build.ts'
import { BUNDLERS, bundle, watch, type Output } from '../support/bundlers.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { addressesIn, encodesIn, runFile } from '../support/run.ts'

const MAIN =
  "import hero from './img/photo #1.jpg?w=40;80&format=webp;jpeg'\nimport { src } from './img/photo #1.jpg?w=20'\nimport unused from './img/photo #1.jpg?w=21'\nimport shape from './img/photo #1.jpg?w=30&as=result'\n"
const EXPECTED = [
  'photo_1-20.jpeg 20',
  'photo_1-30.jpeg 30',
  'photo_1-40.jpeg 40',
  'photo_1-40.webp 40',
  'photo_1-80.jpeg 80',
  'photo_1-80.webp 80',
]

describe.each(BUNDLERS)('%s', (bundler) => {
  const widthsOf = (files: Map<string, Buffer>, names: readonly string[]) =>
    Promise.all(
      names.map(
        async (name) => `${name.replace(/^.*\//, '').replace(/-[\w-]{8}\./, '.')} ${(await sharp(files.get(name)).metadata()).width}`,
      ),
    ).then((list) => list.sort())
  const options = (root: string) => ({ cache: { dir: join(root, 'node_modules/.cache/imagemill') } })

  const RUNS: Record<string, { output: Omit<Output, 'dir'>; kind?: 'commonjs' }> = {
    es: { output: { format: 'es' } },
    'es in folders, minified': {
      output: { format: 'es', entryFileNames: 'deep/down/[name].js', assetFileNames: 'media/50% a#b/[name]-[hash][extname]', minify: true },
    },
    cjs: { output: { format: 'cjs', entryFileNames: 'lib/[name].cjs' }, kind: 'commonjs' },
    umd: { output: { format: 'umd', entryFileNames: '[name].cjs', name: 'page' }, kind: 'commonjs' },
  }
  test.each(Object.keys(RUNS))('%s: addresses of files beside the code', async (name) => {
    const { output, kind } = RUNS[name] ?? { output: { format: 'es' } }
    const { root } = project({
      'main.js': `${MAIN}const value = [hero, src, shape, \`url(\${src})\`.slice(4, -1)]\nexport default value`,
      'img/photo #1.jpg': await jpeg(160, 80),
    })
    await bundle(bundler, join(root, 'main.js'), [{ dir: join(root, 'dist'), ...output }], options(root))
    const files = filesOf(join(root, 'dist'))
    const entry = [...files.keys()].find((file) => /main\.(c?js)$/.test(file)) ?? ''
    const names = addressesIn(runFile(join(root, 'dist', entry), { ...(kind && { kind }) })).map((address) =>
      fileURLToPath(address).slice(root.length + 6),
    )
    expect(await widthsOf(files, names)).toEqual(EXPECTED)
    expect([...files.keys()].filter((file) => /\.(webp|jpeg)$/.test(file)).sort()).toEqual(names.sort())
    expect(encodesIn(root)).toBe(6)
    const manifest: Record<string, { results: { outputs: { path: string; size_bytes: number }[] }[] }> = JSON.parse(
      String(files.get('.vite/imagemill.json')),
    )
    const listed = Object.values(manifest).flatMap(({ results }) => results.flatMap(({ outputs }) => outputs))
    expect(listed.map(({ path }) => path).sort()).toEqual(names.sort())
    for (const { path, size_bytes } of listed) expect(files.get(path)?.length).toBe(size_bytes)
  })

  test.each(['`', "'"])('in literals of another kind: %s', async (quote) => {
    const { root } = project({ 'main.js': `${MAIN}export default [hero, src, shape]`, 'img/photo #1.jpg': await jpeg(160, 80) })
    const requote = {
      name: 'test:requote',
      renderChunk: {
        order: 'pre' as const,
        handler: (code: string) => ({ code: code.replace(/"(__IMAGEMILL_\w+)"/g, `${quote}$1${quote}`), map: null }),
      },
    }
    await bundle(bundler, join(root, 'main.js'), [{ dir: join(root, 'dist'), format: 'es' }], options(root), [requote])
    const names = addressesIn(runFile(join(root, 'dist/main.js'))).map((address) => fileURLToPath(address).slice(root.length + 6))
    expect(await widthsOf(filesOf(join(root, 'dist')), names)).toEqual(EXPECTED)
  })

  test('iife: addresses from the page', async () => {
    const { root } = project({ 'main.js': `${MAIN}globalThis.answer = [hero, src, shape]`, 'img/photo #1.jpg': await jpeg(160, 80) })
    await bundle(bundler, join(root, 'main.js'), [{ dir: join(root, 'dist'), format: 'iife', entryFileNames: 'js/main.js' }], options(root))
    const files = filesOf(join(root, 'dist'))
    const before =
      "globalThis.document = { currentScript: { tagName: 'SCRIPT', src: 'https://site.test/some/js/main.js' }, baseURI: 'https://site.test/' }"
    const names = addressesIn(runFile(join(root, 'dist/js/main.js'), { before })).map((address) =>
      address.replace('https://site.test/some/', ''),
    )
    expect(await widthsOf(files, names)).toEqual(EXPECTED)
  })

  test('several outputs at a time: complete each, encoded once', async () => {
    const { root } = project({ 'main.js': `${MAIN}export default [hero, src, shape]`, 'img/photo #1.jpg': await jpeg(160, 80) })
    await bundle(
      bundler,
      join(root, 'main.js'),
      [
        { dir: join(root, 'dist/es'), format: 'es' },
        { dir: join(root, 'dist/cjs'), format: 'cjs', entryFileNames: '[name].cjs' },
        { dir: join(root, 'dist/other'), format: 'es', assetFileNames: 'x/[name][extname]' },
      ],
      options(root),
    )
    for (const [folder, entry] of [
      ['es', 'main.js'],
      ['cjs', 'main.cjs'],
      ['other', 'main.js'],
    ] as const) {
      const files = filesOf(join(root, 'dist', folder))
      const names = addressesIn(runFile(join(root, 'dist', folder, entry), { ...(folder === 'cjs' && { kind: 'commonjs' as const }) })).map(
        (address) => address.slice(pathToFileURL(join(root, 'dist', folder)).href.length + 1),
      )
      expect(await widthsOf(files, names)).toEqual(EXPECTED)
      const manifest: object = JSON.parse(String(files.get('.vite/imagemill.json')))
      expect(Object.keys(manifest)).toHaveLength(3)
    }
    expect(encodesIn(root)).toBe(6)
  })

  test('a file that is not there is told by our own error', async () => {
    const { root } = project({ 'main.js': "import a from './gone.jpg?w=20'\nexport default a" })
    await expect(bundle(bundler, join(root, 'main.js'), [{ dir: join(root, 'dist'), format: 'es' }], options(root))).rejects.toThrow(
      /\[SOURCE_NOT_FOUND\] .*gone\.jpg\?w=20/,
    )
  })

  test("other plugins' queries and images without directives are left alone", async () => {
    const { root } = project({ 'main.js': "import a from './photo.jpg?other'\nexport default a", 'photo.jpg': await jpeg(20, 20) })
    await expect(bundle(bundler, join(root, 'main.js'), [{ dir: join(root, 'dist'), format: 'es' }], options(root))).rejects.toThrow(
      /photo\.jpg/,
    )
    expect(encodesIn(root)).toBe(0)
  })

  test('watching: an edited image is built again', async () => {
    const { root, write } = project({
      'main.js': "import hero from './photo.jpg?w=40&as=metadata'\nexport default hero",
      'photo.jpg': await jpeg(160, 80),
    })
    const watcher = watch(bundler, join(root, 'main.js'), { dir: join(root, 'dist'), format: 'es' }, options(root))
    const size = () => (existsSync(join(root, 'dist/main.js')) ? runFile(join(root, 'dist/main.js')) : undefined)
    try {
      await expect.poll(size, { timeout: 20_000 }).toMatchObject({ width: 40, height: 20 })
      write('photo.jpg', await jpeg(160, 160, 2))
      await expect.poll(size, { timeout: 20_000 }).toMatchObject({ width: 40, height: 40 })
    } finally {
      await watcher.close()
    }
  })
})
