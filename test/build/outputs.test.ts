import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { imagemill } from 'imagemill'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { InlineConfig } from 'vite'
import { VITES, VITE_NAMES, buildVite } from '../support/build.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { addressesIn, encodesIn, runFile } from '../support/run.ts'

const isImage = (name: string): boolean => /\.(webp|jpe?g|png)$/.test(name)

describe.each(VITE_NAMES)('outputs of %s', (version) => {
  test.each([true, false])('a library in two formats, minify %s', async (minify) => {
    const { root } = project({
      'lib.js': "import hero from './photo.jpg?w=40;80'\nimport tiny from './photo.jpg?w=10&inline&as=url'\nexport default [hero, tiny]",
      'photo.jpg': await jpeg(160, 80),
    })
    const files = await buildVite(root, {
      version,
      config: { base: './', build: { minify, lib: { entry: join(root, 'lib.js'), formats: ['es', 'cjs'], fileName: 'lib' } } },
    })
    for (const [entry, kind] of [
      ['lib.js', 'module'],
      ['lib.cjs', 'commonjs'],
    ] as const) {
      const [inline, ...others] = addressesIn(runFile(join(root, 'dist', entry), { kind }))
      expect(inline).toMatch(/^data:image\/jpeg;base64,/)
      expect(others.map((address) => fileURLToPath(address).slice(root.length + 6)).sort()).toEqual(
        [...files.keys()].filter(isImage).sort(),
      )
    }
    expect([...files.keys()].filter(isImage).map((name) => name.replace(/-[\w-]{8}\./, '.'))).toEqual(['photo-40.jpeg', 'photo-80.jpeg'])
    expect(encodesIn(root)).toBe(3)
  })

  test('several outputs', async () => {
    const { root } = project({
      'main.js': "import hero from './photo.jpg?w=40;80'\nglobalThis.answer = hero",
      'photo.jpg': await jpeg(160, 80),
    })
    const output = (dir: string, format: 'es' | 'iife') => ({
      dir: join(root, 'dist', dir),
      format,
      entryFileNames: 'main.js',
      assetFileNames: 'assets/[name]-[hash][extname]',
    })
    const files = await buildVite(root, {
      version,
      config: { build: { rollupOptions: { input: join(root, 'main.js'), output: [output('one', 'es'), output('two', 'iife')] } } },
    })
    for (const folder of ['one', 'two']) {
      const names = addressesIn(runFile(join(root, 'dist', folder, 'main.js'))).map((address) => folder + address)
      expect([...files.keys()].filter((name) => isImage(name) && name.startsWith(folder)).sort()).toEqual(names.sort())
      expect(Object.keys(Object(JSON.parse(String(files.get(`${folder}/.vite/imagemill.json`)))))).toHaveLength(1)
    }
    expect(encodesIn(root)).toBe(2)
  })

  test('without writing', async () => {
    const { root } = project({ 'main.js': "import hero from './photo.jpg?w=40;80'\nconsole.log(hero)", 'photo.jpg': await jpeg(160, 80) })
    const { build } = VITES[version]
    const config: InlineConfig = {
      root,
      configFile: false,
      logLevel: 'silent',
      plugins: [imagemill({ logLevel: 'silent', types: false })],
      build: { write: false, rollupOptions: { input: join(root, 'main.js') } },
    }
    // The three versions describe the same configuration in types that are not assignable to each other.
    const result = await (build as (typeof VITES)['vite 8']['build'])(config)
    const [bundle] = Array.isArray(result) ? result : [result]
    if (!bundle || !('output' in bundle)) throw new TypeError('the build has no output')
    const names = bundle.output.map(({ fileName }) => fileName)
    expect(names.filter(isImage)).toHaveLength(2)
    for (const file of bundle.output) if (file.type === 'asset' && isImage(file.fileName)) expect(file.source.length).toBeGreaterThan(300)
  })

  test.each([true, false])('maps of the code stay right, minify %s', async (minify) => {
    const { root } = project({
      'main.js':
        "import hero from './photo.jpg?w=40;80'\nimport result from './photo.jpg?w=30&as=result'\nglobalThis.answer = [hero, result]; console.log(hero); globalThis.marker('here')\n",
      'photo.jpg': await jpeg(160, 80),
    })
    const files = await buildVite(root, {
      version,
      config: {
        build: { minify, sourcemap: true, rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'main.js' } } },
      },
    })
    const code = String(files.get('main.js'))
    const at = code.search(/["'`]here/)
    const before = code.slice(0, at).split('\n')
    const found = new SourceMap(JSON.parse(String(files.get('main.js.map')))).findEntry(before.length - 1, before.at(-1)?.length ?? 0)
    // Lines and columns from 0: the third line of main.js, at or a little before the text.
    expect(found).toMatchObject({ originalLine: 2, originalSource: expect.stringContaining('main.js') })
    expect(Object(found).originalColumn).toBeGreaterThan(50)
    expect(String(files.get('main.js.map'))).not.toContain('__IMAGEMILL_')
  })

  test('watching: an edited image is built again', async () => {
    const { root, write } = project({
      'main.js': "import hero from './photo.jpg?w=40&as=metadata'\nglobalThis.answer = hero",
      'photo.jpg': await jpeg(160, 80),
    })
    const { build } = VITES[version]
    const config: InlineConfig = {
      root,
      configFile: false,
      logLevel: 'silent',
      plugins: [imagemill({ logLevel: 'silent', types: false })],
      build: { watch: {}, rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'main.js' } } },
    }
    const watcher = await (build as (typeof VITES)['vite 8']['build'])(config)
    if (!('on' in watcher)) throw new TypeError('the build does not watch')
    watcher.on('event', (event) => (event.code === 'BUNDLE_END' ? event.result.close() : undefined))
    const size = () => (existsSync(join(root, 'dist/main.js')) ? runFile(join(root, 'dist/main.js')) : undefined)
    try {
      await expect.poll(size, { timeout: 20_000 }).toMatchObject({ width: 40, height: 20 })
      write('photo.jpg', await jpeg(160, 160, 2))
      await expect.poll(size, { timeout: 20_000 }).toMatchObject({ width: 40, height: 40 })
      const [own] = addressesIn(size())
      // The files of one turn are written side by side: the chunk may be there before the image and the manifest.
      const image = () => sharp(readFileSync(join(root, 'dist', String(own)))).metadata()
      await expect.poll(image, { timeout: 20_000 }).toMatchObject({ width: 40, height: 40 })
      // What the manifest lists is there, whatever earlier turns of watching have left.
      const manifest = () => JSON.stringify(JSON.parse(readFileSync(join(root, 'dist/.vite/imagemill.json'), 'utf8')))
      await expect.poll(manifest, { timeout: 20_000 }).toContain(`"path":"${String(own).slice(1)}"`)
    } finally {
      await watcher.close()
    }
  })
})
