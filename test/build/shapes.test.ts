import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ImagemillOptions } from 'imagemill'
import { expect, test } from 'vitest'
import { buildVite } from '../support/build.ts'
import { startDev } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'
import { runFile } from '../support/run.ts'

const OPTIONS: ImagemillOptions = {
  presets: { card: 'w=20;40&format=webp&as=lightbox:zoom;pan' },
  shapes: {
    lightbox: ({ src, srcset, width, height, sources }, { path, args }) => ({
      html: `<img src="${src}" srcset="${srcset}">`,
      size: [width, height],
      types: sources.map(({ type }) => type),
      path,
      args,
    }),
    list: async ({ outputs }) => outputs.map((output) => output.path),
    text: ({ width }) => `${width} px`,
    date: () => ({ when: [new Date()] }),
    nothing: () => undefined,
    untitled: () => {
      throw new TypeError('there is no title')
    },
  },
}

async function site(main: string): Promise<Project> {
  return project({ 'main.js': main, 'pics/a.jpg': await jpeg(60, 40), 'tsconfig.json': '{}' })
}

async function build(main: string, options = OPTIONS): Promise<{ root: string; answer: unknown; files: string[] }> {
  const { root } = await site(main)
  const files = await buildVite(root, {
    options,
    config: { build: { rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'main.js' } } } },
  })
  return { root, answer: runFile(join(root, 'dist/main.js')), files: [...files.keys()] }
}

test('`as` names a shape of the options: what it makes of the image is the export, by key, too', async () => {
  const main =
    "import box, { size } from './pics/a.jpg?preset=card'\nimport list, { placeholder } from './pics/a.jpg?w=10&placeholder=dominant_color&as=list'\nimport text from './pics/a.jpg?w=30&as=text'\nglobalThis.answer = [box, size, list, text, placeholder.kind]"
  const { root, answer, files } = await build(main)
  expect(answer).toEqual([
    {
      html: expect.stringMatching(
        /^<img src="\/assets\/a-40-[\w-]{8}\.webp" srcset="\/assets\/a-20-[\w-]{8}\.webp 20w, \/assets\/a-40-[\w-]{8}\.webp 40w">$/,
      ),
      size: [40, 27],
      types: ['image/webp'],
      path: 'pics/a.jpg',
      args: ['zoom', 'pan'],
    },
    [40, 27],
    [expect.stringMatching(/^\/assets\/a-10-[\w-]{8}\.jpeg$/)],
    '30 px',
    'dominant_color',
  ])
  expect(files.filter((file) => /\.(webp|jpeg)$/.test(file))).toHaveLength(3)
  const dts = readFileSync(join(root, 'imagemill.d.ts'), 'utf8')
  expect(dts).toContain('"html": string; "size": [40, 27]; "types": [string]; "path": string; "args": [string, string]')
  expect(dts).toContain('interface ImagemillShapes {\n  "date": true\n')
})

test('on the dev server the addresses are those of the server', async () => {
  const { root } = await site("import list from './pics/a.jpg?w=10&as=list'\nexport { list }")
  const dev = await startDev(root, { options: OPTIONS })
  const { default: list } = await dev.module('/pics/a.jpg?import&w=10&as=list')
  const address = String(Array.isArray(list) && list[0])
  expect((await dev.get(address)).headers['content-type']).toBe('image/jpeg')
})

test.each([
  ['date', /shapes\.date` answered Date in `date\.when\[0\]`: expected plain data/],
  ['untitled', /\[INVALID_OPTION\] pics\/a\.jpg\?w=10&as=untitled: option `shapes\.untitled` failed: there is no title\. It is given/],
  ['nothing', /answered undefined in `nothing`/],
  ['lightbax', /invalid value of `as`: expected one of url, .*, lightbox, .* Did you mean `as=lightbox`\?/],
  ['list&url', /`url` and `as` both say/],
])('`as=%s` is refused', async (shape, message) => {
  await expect(build(`import a from './pics/a.jpg?w=10&as=${shape}'\nglobalThis.answer = a`)).rejects.toThrow(message)
})

test.each([
  [{ shapes: { url: () => '' } }, /shapes\.url`: expected a name .* that is no shape of imagemill/],
  [{ shapes: { card: 'w=3' } }, /shapes\.card`: expected a function of the image, received "w=3"/],
])('wrong shapes in the options are refused', async (options, message) => {
  await expect(build('', options as ImagemillOptions)).rejects.toThrow(message)
})

test('an image that cannot be made keeps its shape in the page', async () => {
  const main = "import text from './pics/a.jpg?w=wide&as=text'\nglobalThis.answer = text"
  expect((await build(main, { ...OPTIONS, onError: 'warn' })).answer).toBe('60 px')
})
