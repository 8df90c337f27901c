import sharp from 'sharp'
import { expect, test } from 'vitest'
import { buildVite, filesOf, VITE_NAMES } from '../support/build.ts'
import { BUNDLERS, bundle } from '../support/bundlers.ts'
import { allowing, cdn } from '../support/cdn.ts'
import { startDev, addresses } from '../support/dev.ts'
import { project } from '../support/project.ts'

test.each(VITE_NAMES)('%s builds an image of another server', async (version) => {
  const { origin, asked } = await cdn()
  const { root } = project({
    'index.html': '<script type="module" src="/main.js"></script>',
    'main.js': `import hero from '${origin}/img/hero.jpg?w=30;60'\ndocument.title = JSON.stringify(hero)`,
  })
  const files = await buildVite(root, { version, options: allowing(origin) })
  const images = [...files].filter(([path]) => /^assets\/hero-(30|60)-.*\.jpeg$/.test(path))
  expect(await Promise.all(images.map(async ([, bytes]) => (await sharp(bytes).metadata()).width))).toEqual([30, 60])
  expect(asked).toEqual(['GET /img/hero.jpg'])
})

test.each(BUNDLERS)('%s builds an image of another server', async (bundler) => {
  const { origin } = await cdn()
  const { root, write } = project()
  const input = write('main.js', `import hero from '${origin}/img/hero.jpg?w=30'\nexport default hero.src`)
  await bundle(bundler, input, [{ dir: `${root}/dist`, format: 'es' }], { ...allowing(origin), cache: { dir: `${root}/cache` } })
  const names = [...filesOf(`${root}/dist`).keys()]
  expect(names.some((name) => /^assets\/hero-30-.*\.jpeg$/.test(name))).toBe(true)
})

test.each(VITE_NAMES)('the dev server of %s shows an image of another server', async (version) => {
  const { origin, asked } = await cdn()
  const { root } = project({
    'index.html': '<script type="module" src="/main.js"></script>',
    'main.js': `import hero from '${origin}/img/hero.jpg?t=1234567890123?w=30'\nexport default hero`,
  })
  const dev = await startDev(root, { version, options: allowing(origin) })
  const { text } = await dev.get('/main.js')
  const [, specifier = ''] = /from\s*"([^"]+)"/.exec(text) ?? []
  expect(specifier).toMatch(/^\//)
  const module = await dev.module(specifier)
  const image = await dev.get(addresses(module)[0] ?? '')
  expect((await sharp(image.body).metadata()).width).toBe(30)
  expect(asked).toEqual(['GET /img/hero.jpg?t=1234567890123'])
})
