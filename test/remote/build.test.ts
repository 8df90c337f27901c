import sharp from 'sharp'
import { createLogger } from 'vite'
import { expect, test } from 'vitest'
import { buildVite, digestsOf, filesOf, VITE_NAMES } from '../support/build.ts'
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

test.each(VITE_NAMES)('the dev server of %s shows images of another server, to browsers and to servers', async (version) => {
  const { origin, asked } = await cdn()
  const { root } = project({
    'index.html': '<script type="module" src="/main.ts"></script>',
    'main.ts': `import hero from '${origin}/img/hero.jpg?t=1234567890123?w=30'
const src: string = hero.src
export const lazy = () => import('${origin}/render?w=20')
export default src`,
  })
  const dev = await startDev(root, { version, options: allowing(origin), config: { optimizeDeps: { noDiscovery: false } } })
  const { text } = await dev.get('/main.ts')
  const [, specifier = ''] = /from\s*"([^"]+)"/.exec(text) ?? []
  expect(specifier).toMatch(/^\//)
  const image = await dev.get(addresses(await dev.module(specifier))[0] ?? '')
  expect((await sharp(image.body).metadata()).width).toBe(30)
  const rendered = await dev.server.ssrLoadModule('/main.ts')
  const module: unknown = await rendered['lazy']()
  expect(module).toMatchObject({ width: 20, height: 13 })
  expect(rendered['default']).toBe(addresses(await dev.module(specifier))[0])
  expect(asked).toEqual(['GET /img/hero.jpg?t=1234567890123', 'GET /render'])
})

test('a build without a network makes the same files as before, with one warning', async () => {
  const { origin, close } = await cdn()
  const { root } = project({
    'index.html': '<script type="module" src="/main.js"></script>',
    'main.js': `import a from '${origin}/a.jpg?w=30'\nimport b from '${origin}/b.jpg?w=20'\ndocument.title = a.src + b.src`,
  })
  const lines: string[] = []
  const note = (line: string): void => void lines.push(line)
  const customLogger = { ...createLogger('warn'), info: () => undefined, warn: note, warnOnce: note, error: note }
  const build = () =>
    buildVite(root, { options: { ...allowing(origin), logLevel: 'warn', manifest: false }, config: { customLogger, logLevel: 'info' } })
  const before = await build()
  expect(lines.filter((line) => line.includes('REMOTE'))).toEqual([])
  await close()
  expect(digestsOf(await build())).toEqual(digestsOf(before))
  expect(lines.filter((line) => line.includes('REMOTE'))).toEqual([expect.stringMatching(/ECONNREFUSED.*what was fetched earlier is used/)])
})

test("with `onError: 'warn'` an image that cannot be fetched is left to the browser", async () => {
  const { origin, close } = await cdn()
  await close()
  const { root } = project({
    'index.html': `<img src="${origin}/b.jpg?w=30" alt=""><script type="module" src="/main.js"></script>`,
    'main.js': `import a from '${origin}/a.jpg?w=30'\ndocument.title = a.src`,
  })
  await expect(buildVite(root, { options: allowing(origin) })).rejects.toThrow(/REMOTE_UNREACHABLE/)
  const files = await buildVite(root, { options: { ...allowing(origin), onError: 'warn' } })
  expect(String(files.get('index.html'))).toContain(`<img src="${origin}/b.jpg" alt="">`)
  const assets = [...files].filter(([name]) => name.startsWith('assets/'))
  expect(assets.map(([name, bytes]) => [name.slice(-3), String(bytes).includes(`${origin}/a.jpg`)])).toEqual([['.js', true]])
})
