import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { inChromium, openPage, shownImages } from '../support/browser.ts'
import { VITES, type ViteName } from '../support/build.ts'
import { jpeg, photo, png } from '../support/images.ts'
import { project } from '../support/project.ts'
import { WAYS, siteAt } from '../support/serve-built.ts'

const versions: ViteName[] = Object.keys(VITES).filter((name): name is ViteName => name in VITES)

const MAIN = `
import hero from './img/hero.jpg?w=200;400;800&format=avif;webp;jpeg'
import picture from './img/hero.jpg?w=100;200&format=webp;png&as=picture'
import img from './img/hero.jpg?w=150;300&as=img'
import srcset from './img/hero.jpg?w=120;240&format=webp&as=srcset'
import url from './img/hero.jpg?w=130&format=webp&as=url'
import result from './img/hero.jpg?w=140&format=webp&as=result'
import inlined from './img/hero.jpg?w=40&format=webp&inline&as=url'
import density from './img/hero.jpg?densities=1;2&basePixels=110&format=webp'
import turned from './img/turned.JPG?w=100&format=webp'
import moving from './img/moving.gif?w=60&format=webp'
import hash from './img/a#b.jpg?w=101&format=webp'
import space from './img/with space.png?w=102&format=webp'
import percent from './img/100%.jpg?w=103&format=webp'
import ampersand from './img/a&b.jpg?w=104&format=webp'
import unicode from './img/Überblick 東京 🎞.jpg?w=105&format=webp'
import encoded from './img/a%23b.jpg?w=109&format=webp'
import odd from "./img/it's (1) [2] {3}; $=4, 5.jpg?w=111&format=webp"
import cropped from './img/hero.jpg?crop=10%,10%,50%,50%&w=112&format=webp'
import coloured from './img/hero.jpg?w=113&h=113&fit=contain&background=#336699&format=webp'
import upper from './img/LOUD.JPEG?w=106&format=webp'
import pub from '/public.jpg?w=107&format=webp'
import aliased from '@img/hero.jpg?w=108&format=webp'

const show = (name, attributes, sources = []) => {
  const picture = document.createElement('picture')
  for (const source of sources) picture.append(Object.assign(document.createElement('source'), source))
  picture.append(Object.assign(document.createElement('img'), { id: name, alt: '' }, attributes))
  document.body.append(picture)
}

show('hero', hero.img, hero.sources.map((source) => ({ ...source, sizes: '50vw' })))
show('picture', { src: picture.img.src, width: picture.img.w, height: picture.img.h }, Object.entries(picture.sources).map(([format, srcset]) => ({ type: 'image/' + format, srcset, sizes: '100px' })))
show('img', { src: img.src, srcset: img.srcset, sizes: '150px' })
show('srcset', { srcset, sizes: '120px' })
show('url', { src: url })
show('result', { src: result.outputs[0].path })
show('inlined', { src: inlined })
show('density', density.img)
for (const [name, image] of Object.entries({ turned, moving, hash, space, percent, ampersand, unicode, encoded, odd, cropped, coloured, upper, pub, aliased })) show(name, image.img)

for (const [path, load] of Object.entries(import.meta.glob('./gallery/*.jpg', { query: { w: '60;120', format: 'webp' } }))) show(path, { ...(await load()).default.img, sizes: '60px', loading: 'lazy' })
for (const [path, image] of Object.entries(import.meta.glob('./gallery/*.jpg', { query: '?w=61&format=webp&as=url', import: 'default', eager: true }))) show('eager ' + path, { src: image })
const name = 'two'
show('templated', (await import(\`./gallery/\${name}.jpg?w=62&format=webp\`)).img)
show('dynamic', (await import('./gallery/one.jpg?w=63&format=webp')).default.img)

const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
show('worker', { src: await new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data)) })
document.body.dataset.result = JSON.stringify(result)
document.body.dataset.ready = 'yes'
`

async function site(): Promise<string> {
  const small = await jpeg(240, 160)
  const { root } = project({
    'index.html': '<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="/main.js"></script>',
    'main.js': MAIN,
    'worker.js': "import url from './img/hero.jpg?w=64&format=webp&as=url'\npostMessage(new URL(url, self.location.href).href)",
    'img/hero.jpg': await jpeg(900, 600),
    'img/turned.JPG': await sharp(await jpeg(300, 200))
      .withMetadata({ orientation: 6 })
      .toBuffer(),
    'img/moving.gif': await sharp([await png(80, 60, 1), await png(80, 60, 2)], { join: { animated: true } })
      .gif()
      .toBuffer(),
    'img/a#b.jpg': small,
    'img/with space.png': await png(240, 160),
    'img/100%.jpg': small,
    'img/a&b.jpg': small,
    'img/Überblick 東京 🎞.jpg': small,
    'img/a%23b.jpg': await jpeg(250, 160),
    "img/it's (1) [2] {3}; $=4, 5.jpg": small,
    'img/LOUD.JPEG': small,
    'public/public.jpg': small,
    'gallery/one.jpg': await photo(200, 150, 3).jpeg().toBuffer(),
    'gallery/two.jpg': await photo(200, 150, 4).jpeg().toBuffer(),
  })
  return root
}

/** Of the hero, half as wide as the viewport: what a browser has to choose. */
const SCREENS = [
  { width: 380, scale: 1, hero: 200 },
  { width: 380, scale: 2, hero: 400 },
  { width: 760, scale: 1, hero: 400 },
  { width: 760, scale: 2, hero: 800 },
]

const WIDTHS = {
  url: 130,
  result: 140,
  inlined: 40,
  turned: 100,
  moving: 60,
  hash: 101,
  space: 102,
  percent: 103,
  ampersand: 104,
  unicode: 105,
  encoded: 109,
  odd: 111,
  cropped: 112,
  coloured: 113,
  upper: 106,
  pub: 107,
  aliased: 108,
  templated: 62,
  dynamic: 63,
  worker: 64,
  'eager ./gallery/one.jpg': 61,
  'eager ./gallery/two.jpg': 61,
}

inChromium(() => {
  describe.each(versions)('%s', (version) => {
    test.each(WAYS)('%s: every image of every form of import is shown, in the size and format that fit the screen', async (way) => {
      const root = await site()
      const address = await siteAt(way, root, {
        version,
        config: { base: '/app/', resolve: { alias: { '@img': `${root}/img` } }, build: { target: 'esnext' }, worker: { format: 'es' } },
      })
      for (const { width, scale, hero } of SCREENS) {
        const { page, faults } = await openPage({ viewport: { width, height: 800 }, deviceScaleFactor: scale })
        await page.goto(address)
        await page
          .waitForSelector('body[data-ready]', { timeout: 20_000 })
          .catch((error: unknown) => expect.fail(`${String(error)}\n${faults.join('\n')}`))
        const shown = await shownImages(page)
        expect(shown).toHaveLength(Object.keys(WIDTHS).length + 7)
        expect(shown.filter(({ naturalWidth }) => naturalWidth === 0)).toEqual([])
        const current = await page.evaluate(() => Object.fromEntries([...document.images].map((image) => [image.id, image.currentSrc])))
        const sizes: Record<string, { width: number; format: string }> = {}
        for (const [id, src] of Object.entries(current)) {
          const bytes = Buffer.from(await page.evaluate(async (url) => [...new Uint8Array(await (await fetch(url)).arrayBuffer())], src))
          const facts = await sharp(bytes).metadata()
          sizes[id] = { width: facts.width, format: facts.compression === 'av1' ? 'avif' : facts.format }
        }
        expect(sizes).toEqual({
          ...Object.fromEntries(Object.entries(WIDTHS).map(([id, px]) => [id, { width: px, format: 'webp' }])),
          hero: { width: hero, format: 'avif' },
          picture: { width: 100 * scale, format: 'webp' },
          img: { width: 150 * scale, format: 'jpeg' },
          srcset: { width: 120 * scale, format: 'webp' },
          density: { width: 110 * scale, format: 'webp' },
          './gallery/one.jpg': { width: 60 * scale, format: 'webp' },
          './gallery/two.jpg': { width: 60 * scale, format: 'webp' },
        })
        const told: unknown = JSON.parse((await page.getAttribute('body', 'data-result')) ?? '')
        const resultBytes = await page.evaluate(
          async () => (await (await fetch(document.querySelector('img#result')?.getAttribute('src') ?? '')).arrayBuffer()).byteLength,
        )
        expect(told).toMatchObject({
          success: true,
          operation: 'resize',
          outputs: [{ format: 'webp', width: 140, height: 93, size_bytes: resultBytes }],
          metadata: null,
        })
        expect(faults).toEqual([])
      }
    })
  })
})
