import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { VITE_NAMES, buildVite } from '../support/build.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { addressesIn, runFile } from '../support/run.ts'

/** A worker leaves what it has in `globalThis.answer`; this is all of the page and its workers that Node.js needs. */
const WORKER =
  'globalThis.self = globalThis; self.location = { href: import.meta.url }; globalThis.postMessage = (value) => { globalThis.answer = value }'

describe.each(VITE_NAMES)('workers in %s', (version) => {
  test.each([
    ['/', 'es'],
    ['/sub/', 'es'],
    ['./', 'es'],
    ['/', 'iife'],
  ] as const)('their images are files of the build, base %s, format %s', async (base, format) => {
    const names = ['one', 'two', 'three', 'four']
    const { root } = project({
      'main.js': [
        "import hero from './photo.jpg?w=99&as=url'",
        "import One from './one.js?worker'",
        "import Two from './two.js?worker'",
        "globalThis.start = [() => new One(), () => new Two(), () => new Worker(new URL('./three.js', import.meta.url), { type: 'module' }), () => new Worker(new URL('./four.js', import.meta.url), { type: 'module' })]",
        'globalThis.answer = hero',
      ].join('\n'),
      ...Object.fromEntries(
        names.map((name, index) => [
          `${name}.js`,
          `import shared from './photo.jpg?w=88&as=url'\nimport own from './photo.jpg?w=${20 + index}&format=webp'\nimport unused from './photo.jpg?w=${70 + index}'\npostMessage([shared, own])`,
        ]),
      ),
      'photo.jpg': await jpeg(200, 100),
    })
    const files = await buildVite(root, {
      version,
      config: {
        base,
        worker: { format },
        build: { rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'entry.js' } } },
      },
    })
    const images = [...files.keys()].filter((name) => /\.(webp|jpeg)$/.test(name))
    const scripts = [...files.keys()].filter((name) => /assets\/(one|two|three|four)-.*\.js$/.test(name))
    expect(scripts).toHaveLength(4)
    const found = scripts.flatMap((name) =>
      addressesIn(runFile(join(root, 'dist', name), { before: WORKER })).map((address) => {
        if (base !== './') expect(address.startsWith(base)).toBe(true)
        return address.replace(/^.*\/(?=assets\/)/, '')
      }),
    )
    const hero = addressesIn(runFile(join(root, 'dist/entry.js'))).map((address) => address.replace(/^.*\/(?=assets\/)/, ''))
    expect([...new Set([...found, ...hero])].sort()).toEqual(images.sort())
    expect(images.map((name) => name.replace(/-[\w-]{8}\./, '.')).sort()).toEqual([
      'assets/photo-20.webp',
      'assets/photo-21.webp',
      'assets/photo-22.webp',
      'assets/photo-23.webp',
      'assets/photo-88.jpeg',
      'assets/photo-99.jpeg',
    ])
    const manifest: Record<string, { results: { outputs: { path: string }[] }[] }> = JSON.parse(String(files.get('.vite/imagemill.json')))
    expect(
      Object.values(manifest)
        .flatMap(({ results }) => results.flatMap(({ outputs }) => outputs.map(({ path }) => path)))
        .sort(),
    ).toEqual(images.sort())
  })
})
