import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { ImagemillOptions } from 'imagemill'
import { VITE_NAMES, buildVite, type ViteName } from '../support/build.ts'
import { startDev } from '../support/dev.ts'
import { pixelAt, raw } from '../support/engine.ts'
import { quarters } from '../support/images.ts'
import { project } from '../support/project.ts'
import { runFile } from '../support/run.ts'

const OPTIONS: ImagemillOptions = { breakpoints: { phone: '(max-width: 600px)', tablet: '(max-width: 1000px)' } }
const QUERY = 'w=60;120&aspect=4&focus=1,1&format=webp;jpeg&tablet.h=20&phone.aspect=1:2&phone.w=20;40&phone.focus=0,0'

interface Source {
  media?: string
  type: string
  srcset: string
  width?: number
  height?: number
}

/** Builds a page that exports `modules`, and answers them beside a way to read their images. */
async function run(
  modules: string,
  { version = 'vite 8', more = {} }: { version?: ViteName; more?: Record<string, Uint8Array> } = {},
): Promise<{ answer: unknown; files: Map<string, Buffer> }> {
  const { root } = project({ 'main.js': modules, 'a.png': await quarters(160, 120).png().toBuffer(), ...more })
  const files = await buildVite(root, {
    version,
    options: OPTIONS,
    config: { build: { rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'entry.js' } } } },
  })
  return { answer: runFile(join(root, 'dist/entry.js')), files }
}

/** `20x20 red` and the like for each candidate: its size, and the colour in the middle of its upper left quarter. */
async function candidates(srcset: string, read: (address: string) => Promise<Buffer> | Buffer): Promise<string[]> {
  return Promise.all(
    srcset.split(', ').map(async (candidate) => {
      const [address = '', descriptor] = candidate.split(' ')
      const image = await raw(sharp(await read(address)).removeAlpha())
      expect(descriptor).toBe(`${image.width}w`)
      const [red = 0, green = 0, blue = 0] = pixelAt(image, image.width >> 2, image.height >> 2)
      const colour = Math.min(red, green, blue) > 200 ? 'white' : red > Math.max(green, blue) ? 'red' : green > blue ? 'green' : 'blue'
      return `${image.width}x${image.height} ${colour}`
    }),
  )
}

/** What a browser is told, source by source. */
async function told(sources: Source[], read: (address: string) => Promise<Buffer> | Buffer): Promise<unknown[]> {
  return Promise.all(
    sources.map(async ({ media = 'all', type, srcset, width, height }) =>
      [media, type, `${width}x${height}`, ...(await candidates(srcset, read))].join(' | '),
    ),
  )
}

const PHONE = ['webp', 'jpeg'].map((format) => `(max-width: 600px) | image/${format} | 40x80 | 20x40 red | 40x80 red`)
const TABLET = ['webp', 'jpeg'].map((format) => `(max-width: 1000px) | image/${format} | 80x20 | 80x20 blue`)
const REST = ['webp', 'jpeg'].map((format) => `all | image/${format} | undefinedxundefined | 60x15 blue | 120x30 blue`)

const isSources = (value: unknown): value is Source[] => Array.isArray(value)
const sourcesOf = (image: unknown, key = 'sources'): Source[] => {
  const list: unknown = Object(image)[key]
  if (!isSources(list)) throw new TypeError(`no list of ${key}`)
  return list
}

describe.each(VITE_NAMES)('art direction in %s', (version) => {
  test('is a whole <picture> in one import: each screen has its own cut', async () => {
    const { answer, files } = await run(`import a from './a.png?${QUERY}'\nglobalThis.answer = a`, { version })
    const read = (address: string): Buffer => files.get(address.slice(1)) ?? Buffer.alloc(0)
    expect(await told(sourcesOf(answer), read)).toEqual([...PHONE, ...TABLET, ...REST])
    expect(answer).toMatchObject({ width: 120, height: 30, img: { width: 120, height: 30 } })
    const addresses = sourcesOf(answer).flatMap(({ srcset }) => srcset.split(', ').map((candidate) => candidate.split(' ')[0]))
    expect(sourcesOf(answer, 'outputs')).toMatchObject(addresses.map((path) => ({ path })))
    // The manifest has them all, under one name.
    const manifest: Record<string, { results: { outputs: unknown[] }[] }> = JSON.parse(String(files.get('.vite/imagemill.json')))
    expect(Object.keys(manifest)).toEqual([
      'a.png?aspect=4&focus=1,1&format=webp;jpeg&phone.aspect=0.5&phone.focus=0,0&phone.w=20;40&tablet.h=20&w=60;120',
    ])
    expect(Object.values(manifest)[0]?.results[0]?.outputs).toMatchObject(addresses.map((path) => ({ path: path?.slice(1) })))
  })
})

test('art direction is the same on the dev server', async () => {
  const { root } = project({ 'a.png': await quarters(160, 120).png().toBuffer() })
  const { module, get } = await startDev(root, { options: OPTIONS })
  const { default: image } = await module(`/a.png?import&${QUERY}`)
  const read = async (address: string): Promise<Buffer> => (await get(address)).body
  expect(await told(sourcesOf(image), read)).toEqual([...PHONE, ...TABLET, ...REST])
})

test('`as=picture` has the sources of breakpoints as `art`, `as=result` all files in one record', async () => {
  const { answer, files } = await run(
    `import a from './a.png?${QUERY}&as=picture'\nimport b from './a.png?${QUERY}&as=result'\nimport c from './a.png?w=60&as=picture'\nglobalThis.answer = { a, b, c }`,
  )
  const read = (address: string): Buffer => files.get(address.slice(1)) ?? Buffer.alloc(0)
  const { a, b, c } = Object(answer)
  expect(await told(sourcesOf(a, 'art'), read)).toEqual([...PHONE, ...TABLET])
  expect(await candidates(String(a.sources.webp), read)).toEqual(['60x15 blue', '120x30 blue'])
  expect(a).toMatchObject({ sources: { jpeg: expect.any(String) }, img: { w: 120, h: 30 } })
  expect(b.outputs.map(({ width, height, format }: Record<string, unknown>) => `${width}x${height} ${format}`)).toEqual([
    '20x40 webp',
    '40x80 webp',
    '20x40 jpeg',
    '40x80 jpeg',
    '80x20 webp',
    '80x20 jpeg',
    '60x15 webp',
    '120x30 webp',
    '60x15 jpeg',
    '120x30 jpeg',
  ])
  for (const { path, size_bytes } of b.outputs) expect(read(path).length).toBe(size_bytes)
  expect(Object.keys(c)).toEqual(['sources', 'img'])
})

test('a breakpoint trims for itself, and what the code leaves out is not made', async () => {
  const framed = await quarters(40, 20).extend({ top: 5, bottom: 5, left: 10, right: 10, background: '#808080' }).png().toBuffer()
  const { answer, files } = await run(
    [
      "import { img } from './b.png?w=12&format=png&phone.aspect=1:1&phone.w=10'",
      "import { sources } from './b.png?format=png&phone.trim'",
      'globalThis.answer = { img, sources }',
    ].join('\n'),
    { more: { 'b.png': framed } },
  )
  expect(sourcesOf(answer)).toMatchObject([
    { media: '(max-width: 600px)', width: 40, height: 20 },
    { srcset: expect.stringMatching(/ 60w$/) },
  ])
  expect([...files.keys()].filter((name) => name.endsWith('.png')).map((name) => /-(\d+)-/.exec(name)?.[1])).toEqual(['12', '40', '60'])
})
