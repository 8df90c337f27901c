import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { InlineConfig } from 'vite'
import { VITE_NAMES, buildVite, type ViteName } from '../support/build.ts'
import { jpeg, png } from '../support/images.ts'
import { project } from '../support/project.ts'
import { addressesIn, encodesIn, runFile } from '../support/run.ts'

const isImage = (name: string): boolean => /\.(webp|jpe?g|png|avif|gif)$/.test(name)

/** Builds a page of the given files, runs it, and answers what it exports beside the sizes of the images at its addresses. */
async function run(
  version: ViteName,
  main: string,
  more: Record<string, string | Uint8Array> = {},
  config: InlineConfig = {},
): Promise<{ answer: unknown; widths: (number | undefined)[]; files: Map<string, Buffer>; root: string }> {
  const { root } = project({
    'main.js': main,
    'a.jpg': await jpeg(200, 100, 1),
    'img/b.jpg': await jpeg(200, 100, 2),
    'img/c.JPG': await jpeg(200, 100, 3),
    ...more,
  })
  const files = await buildVite(root, {
    version,
    config: {
      ...config,
      build: { rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'entry.js' } }, ...config.build },
    },
  })
  const answer = runFile(join(root, 'dist/entry.js'))
  const widths = await Promise.all(
    addressesIn(answer).map(async (address) => (await sharp(files.get(address.replace(/^\//, ''))).metadata()).width),
  )
  return { answer, widths: widths.sort(), files, root }
}

describe.each(VITE_NAMES)('forms of imports in %s', (version) => {
  const GLOBS: Record<string, string> = {
    'a glob with a query as text':
      "import.meta.glob('./img/*.{jpg,JPG}', { query: '?w=30;60&format=webp', eager: true, import: 'default' })",
    'a glob with a query as an object':
      "import.meta.glob('./img/*.{jpg,JPG}', { query: { w: '30;60', format: 'webp' }, eager: true, import: 'default' })",
    'a lazy glob':
      "Object.fromEntries(await Promise.all(Object.entries(import.meta.glob('./img/*.{jpg,JPG}', { query: { w: '30;60', format: 'webp' } })).map(async ([name, load]) => [name, (await load()).default])))",
    'a lazy glob of defaults':
      "Object.fromEntries(await Promise.all(Object.entries(import.meta.glob('./img/*.{jpg,JPG}', { query: '?w=30;60&format=webp', import: 'default' })).map(async ([name, load]) => [name, await load()])))",
  }
  test.each(Object.keys(GLOBS))('%s', async (name) => {
    const { answer, widths, files } = await run(version, `const load = async () => (${GLOBS[name]})\nglobalThis.answer = load()`)
    expect(Object.keys(Object(answer)).sort()).toEqual(['./img/b.jpg', './img/c.JPG'])
    expect(answer).toMatchObject({ './img/b.jpg': { width: 60, height: 30 }, './img/c.JPG': { width: 60 } })
    expect(widths).toEqual([30, 30, 60, 60])
    expect([...files.keys()].filter(isImage)).toHaveLength(4)
  })

  test('a glob of one named export', async () => {
    const { answer, widths } = await run(
      version,
      "globalThis.answer = import.meta.glob('./img/*.jpg', { query: '?w=30', eager: true, import: 'src' })",
    )
    expect(answer).toEqual({ './img/b.jpg': expect.stringMatching(/^\/assets\/b-30-.{8}\.jpeg$/) })
    expect(widths).toEqual([30])
  })

  test('dynamic and templated imports', async () => {
    const { answer, widths } = await run(
      version,
      "const name = globalThis.none ?? 'b'\nglobalThis.answer = Promise.all([import('./a.jpg?w=40').then((m) => m.default), import(`./img/${name}.jpg?w=50`).then((m) => m.src)])",
    )
    expect(answer).toMatchObject([{ width: 40, height: 20 }, expect.stringContaining('/b-50-')])
    expect(widths).toEqual([40, 50])
  })

  test('a templated new URL', async () => {
    const { answer, files } = await run(
      version,
      "const name = globalThis.none ?? 'b'\nglobalThis.answer = new URL(`./img/${name}.jpg?w=50`, import.meta.url).pathname",
    )
    expect(files.has(String(answer).slice(1))).toBe(true)
    expect(await sharp(files.get(String(answer).slice(1))).metadata()).toMatchObject({ width: 50, height: 25 })
  })

  test('`?url` beside our directives is the address', async () => {
    const { answer, widths } = await run(
      version,
      "import a from './a.jpg?url&w=44'\nimport b from './a.jpg?w=45&url'\nglobalThis.answer = [a, b]",
    )
    expect(answer).toEqual([expect.stringContaining('/a-44-'), expect.stringContaining('/a-45-')])
    expect(widths).toEqual([44, 45])
  })

  test('aliases, root-absolute paths, public files, packages and files outside of the root', async () => {
    const { root: outside } = project({ 'far.jpg': await jpeg(200, 100, 4) })
    const { widths, files } = await run(
      version,
      [
        "import a from '@img/b.jpg?w=31'",
        "import b from '/img/b.jpg?w=32'",
        "import c from '/pub.jpg?w=33'",
        "import d from 'pictures/deep/d.jpg?w=34'",
        `import e from ${JSON.stringify(join(outside, 'far.jpg?w=35'))}`,
        "import f from 'pictures'",
        "import g from '/folder/pub 2.png?w=36'",
        'globalThis.answer = [a, b, c, d, e, f, g]',
      ].join('\n'),
      {
        'public/pub.jpg': await jpeg(200, 100, 5),
        'public/folder/pub 2.png': await png(200, 100, 6),
        'node_modules/pictures/package.json': '{ "name": "pictures", "version": "1.0.0", "main": "index.js" }',
        'node_modules/pictures/index.js': "import own from './deep/d.jpg?w=37'\nexport default own",
        'node_modules/pictures/deep/d.jpg': await jpeg(200, 100, 7),
      },
      { resolve: { alias: { '@img': '/img' } } },
    )
    expect(widths).toEqual([31, 32, 33, 34, 35, 36, 37])
    expect([...files.keys()].filter((name) => isImage(name) && !name.startsWith('assets/')).sort()).toEqual(['folder/pub 2.png', 'pub.jpg'])
    const manifest: unknown = JSON.parse(String(files.get('.vite/imagemill.json')))
    expect(Object.keys(Object(manifest))).toContain('public/pub.jpg?w=33')
  })

  test('inline scripts of several pages', async () => {
    const { root } = project({
      'a.jpg': await jpeg(200, 100),
      'index.html': '<script type="module">import a from \'./a.jpg?w=51&as=url\'; console.log(a)</script>',
      'sub/other.html':
        "<script type=\"module\">import a from '../a.jpg?w=52&as=url'; import b from '../a.jpg?w=51&as=url'; console.log(a, b)</script>",
    })
    const files = await buildVite(root, {
      version,
      config: { build: { rollupOptions: { input: [join(root, 'index.html'), join(root, 'sub/other.html')] } } },
    })
    expect(
      [...files.keys()]
        .filter(isImage)
        .map((name) => name.replace(/-[\w-]{8}\./, '.'))
        .sort(),
    ).toEqual(['assets/a-51.jpeg', 'assets/a-52.jpeg'])
    expect([...files.keys()].filter((name) => name.endsWith('.html')).sort()).toEqual(['index.html', 'sub/other.html'])
  })
})

describe.each(VITE_NAMES)('tree shaking in %s', (version) => {
  test('makes nothing that is not used', async () => {
    const { files, root } = await run(
      version,
      [
        "import unused from './a.jpg?w=21'",
        "import './a.jpg?w=22'",
        "import { width, height } from './a.jpg?w=23'",
        "import { src } from './a.jpg?w=24;25&format=webp;jpeg'",
        "import * as all from './a.jpg?w=26;27'",
        "import whole from './a.jpg?w=28'",
        "import { img } from './a.jpg?w=29&as=picture'",
        "import { helper } from './helpers.js'",
        'const dead = () => import("./a.jpg?w=61")',
        'if (import.meta.env.NEVER) import("./a.jpg?w=62")',
        'if (false) console.log(unused)',
        'globalThis.answer = [width, height, src, all.width, whole.width, img.w, helper]',
      ].join('\n'),
      { 'helpers.js': "import other from './a.jpg?w=63'\nexport const helper = 1\nexport const unusedHelper = other" },
    )
    const names = [...files.keys()]
      .filter(isImage)
      .map((name) => name.replace(/-[\w-]{8}\./, '.'))
      .sort()
    // `whole.width` and `img.w` are read through an object: whether its other keys fall away is up to the bundler.
    const certain = names.filter((name) => !/-2[89]\./.test(name))
    expect(certain).toEqual(['assets/a-25.jpeg'])
    expect(encodesIn(root)).toBe(names.length)
  })

  test('makes nothing for a chunk that nobody loads', async () => {
    const { files, root } = await run(version, "const load = () => import('./lazy.js')\nglobalThis.answer = 1", {
      'lazy.js': "import a from './a.jpg?w=64'\nexport default a",
    })
    expect([...files.keys()].filter(isImage)).toEqual([])
    expect(encodesIn(root)).toBe(0)
    expect(files.has('.vite/imagemill.json')).toBe(false)
  })
})
