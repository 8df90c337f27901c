import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ImagemillOptions } from 'imagemill'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { buildVite } from '../support/build.ts'
import { runCli } from '../support/cli.ts'
import { startDev } from '../support/dev.ts'
import { jpeg, photo } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'
import { encodesIn, runFile } from '../support/run.ts'

const PAINT =
  "import sharp from 'sharp'\nexport default (image, { value, width, height }) => image.composite([{ input: { create: { width: Math.round(width / 2), height, channels: 3, background: value || 'red' } }, left: 0, top: 0 }])\n"
const OPTIONS: ImagemillOptions = {
  transforms: {
    paint: './transforms/paint.js',
    negative: 'transforms/negative.js',
    cut: './transforms/cut.js',
    none: './transforms/none.js',
  },
}

async function site(): Promise<Project & { build(query: string, options?: ImagemillOptions): Promise<Picture[]> }> {
  const made = project({
    'a.jpg': await jpeg(60, 40),
    'moving.gif': await sharp([await photo(20, 20).png().toBuffer(), await photo(20, 20, 2).png().toBuffer()], {
      join: { animated: true },
    })
      .gif()
      .toBuffer(),
    'transforms/paint.js': PAINT.replace("import sharp from 'sharp'\n", ''),
    'node_modules/transforms/package.json': '{ "name": "transforms", "type": "module", "exports": { "./negative.js": "./negative.js" } }',
    'node_modules/transforms/negative.js': 'export default async (image) => image.negate()\n',
    'transforms/cut.js': 'export default (image) => image.resize(10, 10)\n',
    'transforms/none.js': 'export const other = 1\n',
  })
  const build = async (query: string, options = OPTIONS): Promise<Picture[]> => {
    made.write('main.js', `import a from './${query.startsWith('moving') ? query : `a.jpg?${query}`}'\nglobalThis.answer = a.outputs`)
    const input = join(made.root, 'main.js')
    await buildVite(made.root, { options, config: { build: { rollupOptions: { input, output: { entryFileNames: 'main.js' } } } } })
    const outputs = runFile(join(made.root, 'dist/main.js')) as { path: string }[]
    return Promise.all(outputs.map(({ path }) => pictureAt(join(made.root, 'dist', path))))
  }
  return { ...made, build }
}

interface Picture {
  width: number
  left: number[]
  right: number[]
}

async function pictureAt(file: string): Promise<Picture> {
  const { data, info } = await sharp(readFileSync(file)).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const at = (x: number): number[] => [...data.subarray((5 * info.width + x) * 3, (5 * info.width + x) * 3 + 3)]
  return { width: info.width, left: at(2), right: at(info.width - 3) }
}

const RED = [255, 0, 0]
const CYAN = [0, 255, 255]

test('a module of the project changes the pixels, with its value, in turn, at every size', async () => {
  const { build } = await site()
  const plain = await build('w=20;40&format=png')
  const painted = await build('w=20;40&format=png&transform=paint')
  expect(painted.map(({ width, left }) => ({ width, left }))).toEqual([
    { width: 20, left: RED },
    { width: 40, left: RED },
  ])
  expect(painted.map(({ right }) => right)).toEqual(plain.map(({ right }) => right))
  const [both, other] = await build('w=20&format=png&transform=paint,negative;paint:lime')
  expect([both?.left, other?.left].sort()).toEqual([CYAN, [0, 255, 0]].sort())
  expect(both?.right).not.toEqual(plain[0]?.right)
})

test('an image is made anew when its module changes, and only then, wherever the project lies', async () => {
  const { root, write, build } = await site()
  const [first] = await build('w=20&format=png&transform=paint')
  await build('w=20&format=png&transform=paint')
  expect(encodesIn(root)).toBe(1)
  write('transforms/paint.js', PAINT.replace("import sharp from 'sharp'\n", '').replace("'red'", "'blue'"))
  const [second] = await build('w=20&format=png&transform=paint')
  expect([first?.left, second?.left, encodesIn(root)]).toEqual([RED, [0, 0, 255], 2])
  // Another folder with the same files and the same cache makes nothing.
  const other = await site()
  other.write('transforms/paint.js', readFileSync(join(root, 'transforms/paint.js'), 'utf8'))
  const shared = { ...OPTIONS, cache: { dir: join(root, 'node_modules/.cache/imagemill') } }
  await other.build('w=20&format=png&transform=paint', shared)
  expect(encodesIn(root)).toBe(2)
})

test('a placeholder stands in for the changed picture, and a breakpoint can have a change of its own', async () => {
  const { root, write } = await site()
  write(
    'main.js',
    "import { placeholder as plain } from './a.jpg?placeholder=dominant_color'\nimport changed from './a.jpg?placeholder=dominant_color&transform=negative&phone.w=10&phone.transform=paint&format=png'\nglobalThis.answer = [plain.dominant_color, changed.placeholder.dominant_color, changed.sources[0].srcset.split(' ')[0]]",
  )
  const input = join(root, 'main.js')
  await buildVite(root, {
    options: { ...OPTIONS, breakpoints: { phone: '(max-width: 600px)' } },
    config: { build: { assetsInlineLimit: 0, rollupOptions: { input, output: { entryFileNames: 'main.js' } } } },
  })
  const [plain, changed, phone] = runFile(join(root, 'dist/main.js')) as string[]
  const channels = (hex = ''): number[] => (hex.match(/[\da-f]{2}/g) ?? []).map((two) => Number.parseInt(two, 16))
  const sums = channels(plain).map((value, index) => value + (channels(changed)[index] ?? 0))
  expect(sums.every((sum) => Math.abs(sum - 255) < 25)).toBe(true)
  expect((await pictureAt(join(root, 'dist', phone ?? ''))).left).toEqual(RED)
})

test('the dev server makes an image anew when its module has changed', async () => {
  const { root, write } = await site()
  const dev = await startDev(root, { options: OPTIONS })
  const src = async (): Promise<unknown> => (await dev.module('/a.jpg?import&w=20&format=png&transform=paint'))['src']
  const before = await src()
  expect(await src()).toBe(before)
  write('transforms/paint.js', PAINT.replace("import sharp from 'sharp'\n", '').replace("'red'", "'blue'"))
  await expect.poll(src).not.toBe(before)
})

test.each([
  ['w=10&transform=pain', /unknown transform `pain`: expected one of paint, negative, cut, none.*Did you mean `paint`\?/],
  ['w=10&transform=9', /invalid value of `transform`: expected names of transforms/],
  ['w=20&transform=cut', /transform `cut` failed: it gave 10 × 10 px: expected 20 × 13 px/],
  ['w=20&transform=none', /transform `none` failed: its default export is no function/],
  ['moving.gif?w=10&transform=paint', /`transform` cannot be used on frames that move/],
])('%s is an error', async (query, message) => {
  const { build } = await site()
  await expect(build(query)).rejects.toThrow(message)
})

test('a module that is not there, and a name without one, are errors of the options', async () => {
  const { build } = await site()
  await expect(build('w=10&transform=gone', { transforms: { gone: './gone.js' } })).rejects.toThrow(
    /option `transforms\.gone`: there is no module \.\/gone\.js/,
  )
  await expect(build('w=10', { transforms: { gone: '' } })).rejects.toThrow(/`transforms\.gone`: expected the path of a module/)
})

test('the command line, which has no options of the plugin, knows none', async () => {
  const { root } = await site()
  const files = await runCli(root, ['a.jpg?w=10&transform=paint', '--out', 'out'])
  expect([files.code, files.stderr]).toEqual([
    2,
    expect.stringContaining('unknown transform `paint`: expected one of the plugin options, which have none'),
  ])
  const job = '{"operation":"resize","input":"a.jpg","output_dir":"out","w":10,"transform":"paint"}'
  expect((await runCli(root, ['process', '--job', job])).stdout).toMatch(/unknown field `transform`/i)
})
