import { createServer } from 'node:http'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { buildVite } from '../support/build.ts'
import { pixelAt, raw, workshop, type Raw } from '../support/engine.ts'
import { quarters } from '../support/images.ts'
import { project } from '../support/project.ts'

const NAMES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xi="http://www.w3.org/2001/XInclude"'
const GREEN = '<rect width="8" height="8" fill="#0f0"/>'
const drawing = (content: string, before = ''): string => `${before}<svg ${NAMES} width="8" height="8">${content}</svg>`
const RED = `<svg ${NAMES} width="8" height="8"><rect id="r" width="8" height="8" fill="#f00"/></svg>`

/** Every way in which a drawing can name something outside of itself; `at` is where that is. */
const REFERENCES: Record<string, (at: string) => string> = {
  image: (at) => drawing(`${GREEN}<image href="${at}.png" width="8" height="8"/>`),
  'image by xlink': (at) => drawing(`${GREEN}<image xlink:href="${at}.png" width="8" height="8"/>`),
  'image of a drawing': (at) => drawing(`${GREEN}<image href="${at}.svg" width="8" height="8"/>`),
  'image in an image': (at) =>
    drawing(
      `${GREEN}<image width="8" height="8" href="data:image/svg+xml,${encodeURIComponent(drawing(`<image href="${at}.png" width="8" height="8"/>`))}"/>`,
    ),
  use: (at) => drawing(`${GREEN}<use xlink:href="${at}.svg#r"/>`),
  filter: (at) => drawing(`<filter id="f"><feImage href="${at}.png"/></filter>${GREEN}<rect width="8" height="8" filter="url(#f)"/>`),
  'fill by reference': (at) => drawing(`${GREEN}<rect width="8" height="8" fill="url(${at}.svg#r) none"/>`),
  '@import': (at) => drawing(`<style>@import url("${at}.css");</style>${GREEN}`),
  '@font-face': (at) => drawing(`<style>@font-face { font-family: x; src: url("${at}.woff") } text { font-family: x }</style>${GREEN}`),
  'style sheet': (at) => drawing(GREEN, `<?xml-stylesheet type="text/css" href="${at}.css"?>`),
  XInclude: (at) => drawing(`${GREEN}<xi:include href="${at}.svg"/>`),
  DTD: (at) => drawing(GREEN, `<!DOCTYPE svg SYSTEM "${at}.dtd">`),
  entity: (at) => drawing(`${GREEN}&x;`, `<!DOCTYPE svg [<!ENTITY x SYSTEM "${at}.svg">]>`),
  'parameter entity': (at) => drawing(GREEN, `<!DOCTYPE svg [<!ENTITY % x SYSTEM "${at}.dtd"> %x;]>`),
  script: (at) => drawing(`<script href="${at}.js"/>${GREEN}`),
  'foreign object': (at) =>
    drawing(`${GREEN}<foreignObject width="8" height="8"><img xmlns="http://www.w3.org/1999/xhtml" src="${at}.png"/></foreignObject>`),
}

test('a drawing is made of its own bytes: no file and no address that it names is read', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end(RED)
  })
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const secret = await quarters(8, 8).negate().png().toBuffer()
  const { root, write } = project({
    'main.js':
      "globalThis.answer = import.meta.glob('./icons/*.svg', { query: '?w=40&format=png&as=url', eager: true, import: 'default' })",
    'icons/secret.png': secret,
    'icons/secret.css': 'rect { fill: #f00 }',
    'icons/secret.dtd': '<!ENTITY y "z">',
    'icons/secret.svg': RED,
    'secret.svg': RED,
    'secret.png': secret,
  })
  const places = [
    'secret',
    '../secret',
    join(root, 'icons/secret'),
    pathToFileURL(join(root, 'icons/secret')).href,
    `http://127.0.0.1:${port}/secret`,
  ]
  const names = Object.entries(REFERENCES).flatMap(([name, make], kind) =>
    places.map((at, place) => {
      write(`icons/${kind}-${place}.svg`, make(at))
      return `${kind}-${place} ${name}`
    }),
  )
  const files = await buildVite(root, {
    options: { onError: 'warn' },
    config: { build: { rollupOptions: { input: join(root, 'main.js') }, assetsInlineLimit: 0 } },
  })
  let drawn = 0
  for (const name of names) {
    const found = [...files].find(([path]) => path.startsWith(`assets/${name.split(' ')[0]}-40-`) && path.endsWith('.png'))
    // Entities from outside are an error, and nothing is made.
    if (!found) expect(name).toMatch(/entity/)
    else {
      const image = await raw(found[1])
      for (const [x, y] of [
        [5, 5],
        [35, 35],
      ] as const)
        expect(pixelAt(image, x, y).slice(0, 3), name).toEqual([0, 255, 0])
      drawn++
    }
  }
  expect(drawn).toBeGreaterThanOrEqual(names.length - 2 * places.length)
  expect(asked).toEqual([])
})

test.each([
  [
    'a billion laughs',
    `<!DOCTYPE svg [<!ENTITY a0 "ha">${Array.from({ length: 9 }, (_, n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`).join('')}]>`,
    '<text>&a9;</text>',
  ],
  ['one very long laugh', `<!DOCTYPE svg [<!ENTITY a "${'ha'.repeat(50_000)}">]>`, `<text>${'&a;'.repeat(10_000)}</text>`],
  ['an entity of itself', '<!DOCTYPE svg [<!ENTITY a "&b;"><!ENTITY b "&a;">]>', '<text>&a;</text>'],
  ['groups without end', '', '<g>'.repeat(20_000) + '</g>'.repeat(20_000)],
])('%s is refused', async (_, before, content) => {
  await expect(workshop().one(Buffer.from(drawing(content, before)), 'format=png')).rejects.toMatchObject({ code: 'SOURCE_CORRUPT' })
})

/** Left, top, right and bottom of what is not transparent. */
function inked({ data, width, height, channels }: Raw): number[] {
  const inside: [number, number][] = []
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) if ((data[(y * width + x) * channels + 3] ?? 0) > 127) inside.push([x, y])
  const [xs, ys] = [inside.map(([x]) => x), inside.map(([, y]) => y)]
  const [left, top, right, bottom] = [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1]
  return [left, top, right, bottom]
}

describe('a drawing is as large, and drawn as sharply, as it is asked for', () => {
  const SHAPE = '<rect x="10" y="20" width="50" height="25" fill="#00f"/>'
  test.each([
    ['a size in px', 'width="100" height="50"', [100, 50]],
    ['a size in px and a viewBox', 'width="200px" height="100px" viewBox="0 0 100 50"', [200, 100]],
    ['a viewBox alone', 'viewBox="0 0 100 50"', [100, 50]],
    ['a viewBox and percentages', 'width="100%" height="100%" viewBox="0 0 100 50"', [100, 50]],
    ['a viewBox and a width', "width='300' viewBox='0 0 100 50'", [300, 150]],
    ['a huge viewBox', 'viewBox="0 0 100000 50000"', [100_000, 50_000], 1000],
    ['neither', '', [300, 150]],
    ['percentages alone', 'width="100%" height="100%"', [300, 150]],
    ['a width alone', 'width="100"', [100, 150]],
    ['inches', 'width="2in" height="1in"', [192, 96]],
    ['millimetres, after a comment', 'height="25.4mm" width="50.8mm"', [192, 96]],
  ] satisfies [string, string, [number, number], number?][])('with %s', async (name, attributes, [width, height], unit = 1) => {
    const { plan, pixels } = workshop()
    const content = unit === 1 ? SHAPE : SHAPE.replace(/\d+/g, (digits) => (digits === '00' ? digits : String(Number(digits) * unit)))
    const bytes = Buffer.from(
      `<?xml version="1.0"?>\n${name.includes('comment') ? '<!-- ö <svg> -->' : ''}<svg ${NAMES} ${attributes}>${content}</svg>`,
    )
    expect((await plan(bytes, 'w=10')).source.header).toMatchObject({ width, height })
    const scale = 400 / (attributes.includes('viewBox') ? 100 : width)
    for (const query of ['w=400', 'crop=0,0,50%,100%&w=200']) {
      const image = await pixels(bytes, `${query}&format=png`)
      expect(image.height).toBe(Math.round((400 * height) / width))
      const expected = [10, 20, 60, 45].map((px, index) => Math.min(px * scale, index % 2 === 0 ? image.width : image.height))
      inked(image).forEach((px, index) => expect(Math.abs(px - (expected[index] ?? 0))).toBeLessThanOrEqual(1))
      // An edge that was enlarged would be as wide as the scale.
      const row = Array.from({ length: image.width }, (_, x) => pixelAt(image, x, Math.floor(32 * scale))[3] ?? 0)
      expect(row.filter((alpha) => alpha > 3 && alpha < 252).length).toBeLessThanOrEqual(unit === 1 ? 2 : 4)
    }
  })

  test('and one without a size that can be drawn is refused', async () => {
    for (const attributes of ['width="0" height="0"', 'viewBox="0 0 0 0"', 'viewBox="0 0 1e30 1e30"'])
      await expect(workshop().one(Buffer.from(`<svg ${NAMES} ${attributes}>${SHAPE}</svg>`), 'format=png')).rejects.toMatchObject({
        code: 'SOURCE_CORRUPT',
      })
    await expect(
      workshop().one(Buffer.from(`<svg ${NAMES} viewBox="0 0 100000 100000">${SHAPE}</svg>`), 'format=png'),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/PIXEL_LIMIT|SIZE_LIMIT/),
    })
  })
})
