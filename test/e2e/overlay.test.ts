import { join } from 'node:path'
import axe from 'axe-core'
import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { inChromium, openPage } from '../support/browser.ts'
import { buildVite } from '../support/build.ts'
import { startDev, type DevSettings } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'

const MARKUP = `<!doctype html><html lang="en"><head><title>Photos</title><link rel="icon" href="data:,"></head><body><main><h1>Photos</h1>
<img id="large" src="./a.jpg?w=150;300;600&format=webp" alt="" loading="lazy" style="width:300px;height:auto">
<img id="small" src="./b.jpg?w=600&format=webp&quality=90" alt="" style="width:100px;height:auto">
<img id="fine" src="./c.jpg?w=100&format=webp" alt="">
<img id="free" alt=""></main><script type="module" src="./main.js"></script></body></html>`

async function site(more: Record<string, string | Buffer> = {}): Promise<Project> {
  return project({
    'index.html': MARKUP,
    'main.js': "import d from './c.jpg?w=120&as=url'\ndocument.querySelector('#free').src = d",
    ...more,
    'a.jpg': await jpeg(600, 450),
    'b.jpg': await jpeg(800, 600, 2),
    'c.jpg': await jpeg(300, 200, 3),
  })
}

const overlayOf = (page: Page): Locator => page.locator('imagemill-overlay')
const itemOf = (page: Page, name: string): Locator => overlayOf(page).locator('ol > li', { hasText: name })

/** The page of a dev server with the list open. */
async function open(root: string, settings: DevSettings = {}, screen = {}, images = 4): Promise<{ page: Page; faults: string[] }> {
  const { origin } = await startDev(root, { ...settings, options: { overlay: true, logLevel: 'warn', ...settings.options } })
  const { page, faults } = await openPage({ viewport: { width: 1000, height: 1400 }, ...screen })
  await page.goto(origin + (settings.config?.base ?? '/'))
  await overlayOf(page)
    .getByRole('button', { name: new RegExp(`^Images: ${images}`) })
    .click()
  return { page, faults }
}

inChromium(() => {
  describe('the overlay', () => {
    test('lists what the browser chose, what of it is wasted, and what to write instead', async () => {
      const { root } = await site()
      const { page, faults } = await open(root)
      const small = itemOf(page, 'b.jpg?w=600')
      await small.getByText('600 × 450 px webp · shown 100 × 75, 100 px needed').waitFor()
      expect(await small.innerText()).toMatch(/about [\d.]+ kB wasted/)
      expect(await small.locator('code').allInnerTexts()).toEqual(['b.jpg?w=100;200&format=webp&quality=90'])
      const large = itemOf(page, 'a.jpg?w=150;300;600')
      await large.getByText('It is the largest thing on the page').waitFor()
      expect(await large.locator('code').allInnerTexts()).toEqual([
        'loading="eager" fetchpriority="high"',
        'sizes="(min-width: 300px) 300px, 100vw"',
      ])
      expect(await itemOf(page, 'c.jpg?w=100').locator('code').count()).toBe(0)
      expect(await itemOf(page, 'c.jpg?w=120').locator('code').allInnerTexts()).toEqual(['width="120" height="80"'])
      // What keeps its place in CSS does not jump.
      await page.addStyleTag({ content: '#free { width: 60px; height: 40px }' })
      await itemOf(page, 'c.jpg?w=120').getByText('shown 60 × 40').waitFor()
      expect(await itemOf(page, 'c.jpg?w=120').locator('code').count()).toBe(0)
      expect(await small.getByRole('link', { name: 'Inspect' }).getAttribute('href')).toMatch(/^\/__imagemill\/#\/request\/[0-9a-f]{12}$/)
      // What wastes most is first.
      expect(await overlayOf(page).locator('.name').first().innerText()).toContain('b.jpg')
      expect(faults).toEqual([])
    })

    test('lists images whatever their addresses are', async () => {
      const { root } = await site({
        'index.html': MARKUP.replace(
          '</main>',
          `<img src="/100%.jpg" alt=""><picture><source media="(max-width: 1px)" srcset="http://[x 1x"><img src="/plain.png" alt=""></picture></main>`,
        ),
        'public/100%.jpg': await jpeg(40, 30),
        'public/plain.png': await jpeg(40, 30),
      })
      const { page, faults } = await open(root, {}, {}, 6)
      await itemOf(page, '/100%.jpg').waitFor()
      await itemOf(page, '/plain.png').getByText('40 × 30 px').waitFor()
      expect(faults.filter((fault) => !fault.includes('srcset'))).toEqual([])
    })

    test('offers a size that changes nothing of what is shown', async () => {
      const { root } = await site({
        'index.html': MARKUP.replace(
          '</main>',
          `<img src="/wide.jpg?1" alt="" width="320"><img src="/wide.jpg?2" alt="" style="max-width:100px"></main>`,
        ),
        'public/wide.jpg': await jpeg(640, 427),
      })
      const { page } = await open(root, {}, {}, 6)
      const codes = async (index: number): Promise<string[]> => itemOf(page, '/wide.jpg').nth(index).locator('code').allInnerTexts()
      await itemOf(page, '/wide.jpg').nth(1).locator('code').first().waitFor()
      expect([...(await codes(0)), ...(await codes(1))].filter((code) => code.startsWith('width')).sort()).toEqual([
        'width="320" height="214"',
        'width="640" height="427"',
      ])
    })

    test('shows where an image is that was replaced by a copy of itself', async () => {
      const { root } = await site()
      const { page } = await open(root)
      await itemOf(page, 'b.jpg?w=600').getByText('shown 100 × 75').waitFor()
      await page.evaluate(() => {
        const image = document.querySelector('#small')
        image?.replaceWith(image.cloneNode())
      })
      const frame = overlayOf(page).locator('.frame')
      await expect
        .poll(async () => {
          await itemOf(page, 'b.jpg?w=600').locator('.name').blur()
          await itemOf(page, 'b.jpg?w=600').locator('.name').focus()
          const box = (await frame.count()) > 0 ? await frame.boundingBox() : undefined
          return box && [Math.round(box.width), Math.round(box.height)]
        })
        .toEqual([100, 75])
    })

    test('says of an image that failed that it did, and counts nothing of it', async () => {
      const { root } = await site({
        'index.html': MARKUP.replace('</main>', '<img src="/gone.png" alt=""><img src="http://127.0.0.1:9/x.png" alt=""></main>'),
      })
      const { origin } = await startDev(root, { options: { overlay: true, logLevel: 'warn' } })
      const { page } = await openPage({ viewport: { width: 1000, height: 1400 } })
      await page.route('**/*.webp', async (route) =>
        route.request().url().includes('@imagemill') ? route.fulfill({ status: 404 }) : route.continue(),
      )
      await page.route('**/gone.png', (route) => route.fulfill({ status: 404 }))
      await page.goto(origin)
      await overlayOf(page)
        .getByRole('button', { name: /^Images: 6/ })
        .click()
      for (const name of ['b.jpg?w=600', '/gone.png', 'http://127.0.0.1:9 /x.png']) {
        const item = itemOf(page, name)
        await item.locator('.facts', { hasText: 'could not be loaded' }).waitFor()
        expect(await item.locator('.facts').innerText()).not.toMatch(/ px|kB/)
        expect(await item.locator('code').count()).toBe(0)
      }
    })

    test('goes by the density of the screen, and follows the page', async () => {
      const { root } = await site()
      const { page } = await open(root, {}, { deviceScaleFactor: 2 })
      await itemOf(page, 'b.jpg?w=600').getByText('shown 100 × 75 at 2×, 200 px needed').waitFor()
      await page.evaluate(() => {
        const image = document.querySelector('#small')
        if (image instanceof HTMLImageElement) image.style.width = '300px'
      })
      await itemOf(page, 'b.jpg?w=600').getByText('shown 300 × 225 at 2×, 600 px needed').waitFor()
      expect(await itemOf(page, 'b.jpg?w=600').locator('code').count()).toBe(0)
      await page.evaluate(() => document.querySelector('#free')?.remove())
      await overlayOf(page)
        .getByRole('button', { name: /^Images: 3/ })
        .waitFor()
    })

    test('can be used by keyboard, is switched off and on again, and remembers that', async () => {
      const { root } = await site()
      const { page } = await open(root)
      await page.keyboard.press('Escape')
      const toggle = overlayOf(page).getByRole('button', { name: /^Images/ })
      expect(await toggle.getAttribute('aria-expanded')).toBe('true')
      await overlayOf(page).locator('.name').first().focus()
      expect(await overlayOf(page).locator('.frame').count()).toBe(1)
      await page.keyboard.press('Escape')
      expect(await toggle.getAttribute('aria-expanded')).toBe('false')
      expect(await overlayOf(page).locator('.frame').count()).toBe(0)
      await page.keyboard.press('Enter')
      expect(await toggle.getAttribute('aria-expanded')).toBe('true')
      await page.reload()
      await overlayOf(page).locator('#panel').waitFor()
      await overlayOf(page).getByRole('button', { name: 'Switch off' }).click()
      expect(await overlayOf(page).count()).toBe(0)
      await page.reload()
      await page.waitForFunction(() => document.querySelector('#free')?.getAttribute('src'))
      await page.keyboard.press('Alt+Shift+I')
      await overlayOf(page).locator('#panel').waitFor()
    })

    test.each(['light', 'dark'] as const)('has no accessibility findings in %s', async (colorScheme) => {
      const { root } = await site()
      const { page } = await open(root, {}, { colorScheme })
      await itemOf(page, 'b.jpg').locator('code').waitFor()
      await page.evaluate(axe.source)
      const found = await page.evaluate<string[]>(
        "axe.run('imagemill-overlay').then(({ violations }) => violations.map(({ id, nodes }) => id + ' ' + nodes.map(({ html }) => html).join(' ')))",
      )
      expect(found).toEqual([])
    })

    test('does not touch the page: no style goes in or out, and the page does not find it among its images', async () => {
      const { root } = await site({
        'main.js': "import './page.css'\nimport d from './c.jpg?w=120&as=url'\ndocument.querySelector('#free').src = d",
        'page.css':
          '* { display: none !important; font-size: 99px !important } html, body, main, img, imagemill-overlay { display: block !important }',
      })
      const { page } = await open(root)
      await itemOf(page, 'b.jpg').waitFor()
      expect(
        await overlayOf(page)
          .locator('.facts')
          .first()
          .evaluate((element) => getComputedStyle(element).fontSize),
      ).toBe('13px')
      expect(await page.evaluate(() => document.querySelectorAll('img').length)).toBe(4)
    })

    test.each([
      ['with a base', { config: { base: '/deep/' } }],
      ['of Vite 6', { version: 'vite 6' }],
      ['of Vite 7', { version: 'vite 7' }],
    ] as const)('works on a dev server %s', async (_, settings) => {
      const { root } = await site()
      const { page, faults } = await open(root, settings)
      await itemOf(page, 'b.jpg?w=600').getByText('600 × 450 px webp').waitFor()
      expect(faults).toEqual([])
    })

    test('is imported where a framework has no page of its own, and is there once', async () => {
      const { root } = await site({
        'other.js': "import 'virtual:imagemill/overlay'\nimport './main.js'",
        'page.html': MARKUP.replace('./main.js', './other.js'),
      })
      const { origin } = await startDev(root, { options: { overlay: true, logLevel: 'warn' } })
      const { page, faults } = await openPage()
      await page.goto(`${origin}/page.html`)
      await overlayOf(page)
        .getByRole('button', { name: /^Images: 4/ })
        .waitFor()
      expect(await overlayOf(page).count()).toBe(1)
      expect(faults).toEqual([])
    })
  })
})

test('without the option, and in a build with it, there is nothing of the overlay', async () => {
  const { root } = await site({ 'main.js': "import 'virtual:imagemill/overlay'\nconsole.log(1)" })
  const off = await startDev(root, { options: {} })
  expect((await off.get('/')).text).not.toContain('overlay')
  expect((await off.get('/@id/__x00__virtual:imagemill/overlay')).text).not.toContain('PerformanceObserver')
  expect((await off.get('/@imagemill-overlay?keys=')).headers['content-type']).not.toContain('json')
  const files = await buildVite(root, {
    options: { overlay: true },
    config: { build: { rollupOptions: { input: join(root, 'index.html') } } },
  })
  for (const [name, bytes] of files) if (/\.(html|js)$/.test(name)) expect(String(bytes)).not.toContain('overlay')
})

test('the dev server tells what it knows of the images that a page names, and makes none for it', async () => {
  const { root } = await site()
  const { get, module } = await startDev(root, { options: { overlay: true, logLevel: 'warn' } })
  const { default: src } = await module('/c.jpg?w=50;100&format=webp&as=url&import')
  const keys = (Array.isArray(src) ? src : []).map((address: string) => address.replace(/^.*\/|\..*$/g, ''))
  expect(keys).toHaveLength(2)
  const ask = async (): Promise<unknown> => JSON.parse((await get(`/@imagemill-overlay?keys=${keys[1]},${'0'.repeat(64)},x`)).text)
  const facts = {
    inspector: expect.stringMatching(/^\/__imagemill\/#\/request\/[0-9a-f]{12}$/),
    path: 'c.jpg',
    query: 'w=50;100&format=webp&as=url',
    source_width: 300,
    format: 'webp',
    width: 100,
    height: 67,
    widths: [50, 100],
  }
  expect(await ask()).toEqual({ [keys[1] ?? '']: facts })
  const { body } = await get(`/@imagemill/${keys[1]}.webp`)
  expect(await ask()).toEqual({ [keys[1] ?? '']: { ...facts, size_bytes: body.length } })
})
