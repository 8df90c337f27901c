import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { InlineConfig } from 'vite'
import { VITE_NAMES, buildVite } from '../support/build.ts'
import { jpeg } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'
import { addressesIn, runFile } from '../support/run.ts'

const PAGE = 'globalThis.window = globalThis; globalThis.cdn = (file) => `https://cdn.test/run/${file}`'

async function page(): Promise<Project> {
  return project({
    'main.js':
      "import hero from './img/photo.jpg?w=80;160&format=webp;jpeg'\nimport lazy from './img/photo.jpg?w=40&as=srcset'\nglobalThis.answer = [hero, lazy, import('./later.js').then((module) => module.default)]\nglobalThis.answer = Promise.all(globalThis.answer)\nglobalThis.texts = [`url(${hero.src})`, `it's \"${lazy}\"`, 'url(' + hero.src + ')']",
    'later.js': "import later from './img/photo.jpg?w=50&as=url'\nexport default later",
    'img/photo.jpg': await jpeg(300, 200),
  })
}

function asPage(answer: unknown): { all: unknown; src: unknown; set: unknown } {
  const [hero, set]: unknown[] = Array.isArray(answer) ? answer : []
  return { all: answer, src: Object(hero).src, set }
}

/** How an address is turned into the name of a file in the output folder. */
const BASES: Record<string, { config: InlineConfig; nameOf: (address: string, dist: string) => string }> = {
  'base /': { config: { base: '/' }, nameOf: (address) => address.replace(/^\//, '') },
  'base /sub/': { config: { base: '/sub/' }, nameOf: (address) => address.replace(/^\/sub\//, '') },
  'base ./': { config: { base: './' }, nameOf: (address, dist) => fileURLToPath(address).slice(dist.length + 1) },
  'an empty base': { config: { base: '' }, nameOf: (address, dist) => fileURLToPath(address).slice(dist.length + 1) },
  'a base on another host': {
    config: { base: 'https://cdn.test/site/' },
    nameOf: (address) => address.replace('https://cdn.test/site/', ''),
  },
  'renderBuiltUrl as text': {
    config: { experimental: { renderBuiltUrl: (file) => `https://cdn.test/text/${file}` } },
    nameOf: (address) => address.replace('https://cdn.test/text/', ''),
  },
  'renderBuiltUrl at run time': {
    config: {
      experimental: {
        renderBuiltUrl: (file, { hostType }) => (hostType === 'js' ? { runtime: `window.cdn(${JSON.stringify(file)})` } : undefined),
      },
    },
    nameOf: (address) => address.replace('https://cdn.test/run/', ''),
  },
  'renderBuiltUrl relative': {
    config: { experimental: { renderBuiltUrl: () => ({ relative: true }) } },
    nameOf: (address, dist) => fileURLToPath(address).slice(dist.length + 1),
  },
}

describe.each(VITE_NAMES)('addresses in %s', (version) => {
  describe.each(Object.keys(BASES))('%s', (name) => {
    test.each([
      ['minified', true],
      ['readable', false],
    ] as const)('%s', async (_, minify) => {
      const { root } = await page()
      const { config, nameOf } = BASES[name] ?? { config: {}, nameOf: String }
      const files = await buildVite(root, {
        version,
        config: {
          ...config,
          build: { minify, rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'js/entry.js' } } },
        },
      })
      const answer = asPage(runFile(join(root, 'dist/js/entry.js'), { before: PAGE }))
      // In whatever kind of literal an address ends up, it stays one.
      const { src, set } = answer
      expect(runFile(join(root, 'dist/js/entry.js'), { before: PAGE, global: 'texts' })).toEqual([
        `url(${src})`,
        `it's "${set}"`,
        `url(${src})`,
      ])
      const names = addressesIn(answer.all).map((address) => nameOf(address, join(root, 'dist')))
      expect(names).toHaveLength(6)
      const sizes = await Promise.all(
        names.map(async (file) => `${file.replace(/-[\w-]{8}\./, '.')} ${(await sharp(files.get(file)).metadata()).width}`),
      )
      expect(sizes.sort()).toEqual([
        'assets/photo-160.jpeg 160',
        'assets/photo-160.webp 160',
        'assets/photo-40.jpeg 40',
        'assets/photo-50.jpeg 50',
        'assets/photo-80.jpeg 80',
        'assets/photo-80.webp 80',
      ])
      expect([...files.keys()].filter((file) => /\.(jpe?g|webp)$/.test(file)).sort()).toEqual(names.sort())
    })
  })
})
