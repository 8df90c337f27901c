import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { rollup } from 'rollup'
import { imagemill } from 'imagemill'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { VITE_NAMES, buildVite } from '../support/build.ts'
import { startDev } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'

const MAIN = `#!/usr/bin/env node
// new URL('./gone.jpg?w=1', import.meta.url)
const text = "new URL('./gone.jpg?w=1', import.meta.url)"
const one = new URL('./img/a.jpg?w=40&format=webp', import.meta.url).href
const two = new URL( "img/a.jpg?w=30", import.meta.url, )
const inner = \`<img alt="it's" src="\${new URL('./img/a.jpg?w=35', import.meta.url).href}">\`
const plain = new URL('./img/a.jpg', import.meta.url)
const other = new URL('./img/a.jpg?v=3', import.meta.url)
const size = 20
console.log(text, inner, one, two.href, plain, other, size)
`

const site = async (): Promise<Project> =>
  project({
    'index.html': '<!doctype html><script type="module" src="/main.js"></script>',
    'main.js': MAIN.replace(/^#!.*\n/, ''),
    'img/a.jpg': await jpeg(90, 60),
  })

const widths = async (files: Map<string, Buffer>): Promise<(number | undefined)[]> =>
  (
    await Promise.all(
      [...files].filter(([name]) => /a-\d+-.*\.(?:webp|jpeg)$/.test(name)).map(async ([, bytes]) => (await sharp(bytes).metadata()).width),
    )
  ).sort()

describe.each(VITE_NAMES)('%s', (version) => {
  test.each(['/', './'])('`new URL` of an image with a query is the address of what it asks for, base %s', async (base) => {
    const { root } = await site()
    const files = await buildVite(root, { version, config: { base, build: { assetsInlineLimit: 0 } } })
    expect(await widths(files)).toEqual([30, 35, 40])
    const script = String([...files].find(([name]) => name.endsWith('.js'))?.[1])
    expect(script).toMatch(/a-40-[\w-]+\.webp/)
    expect(script).not.toContain('__imagemill_url')
    expect(script).toContain("new URL('./gone.jpg?w=1', import.meta.url)")
    // Vite's own business.
    expect([...files.keys()].filter((name) => /a-[\w-]{8}\.jpg$/.test(name))).toHaveLength(1)
  })
})

test('the dev server answers such an address', async () => {
  const { root } = await site()
  const dev = await startDev(root)
  const code = (await dev.get('/main.js')).text
  const [, specifier = ''] = /from\s+"(\/img\/a\.jpg\?[^"]*w=40[^"]*)"/.exec(code) ?? []
  const address = String((await dev.module(specifier))['default'])
  expect((await sharp((await dev.get(address)).body).metadata()).width).toBe(40)
})

test.each([
  ['rollup', rollup],
  ['rolldown', rolldown],
] as const)('%s', async (_, open) => {
  const { root, write } = await site()
  write('main.js', MAIN)
  const plugins = [imagemill({ logLevel: 'silent', types: false })]
  const bundle = await (open as typeof rollup)({ input: join(root, 'main.js'), plugins })
  const { output } = await bundle.generate({ format: 'es', sourcemap: true })
  const names = output.flatMap((file) => (file.type === 'asset' && /\.(?:webp|jpeg)$/.test(file.fileName) ? [file.fileName] : []))
  expect(names).toHaveLength(3)
  expect(output[0].code).toMatch(/^#!/)
})
