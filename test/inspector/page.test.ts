import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { totalsOf } from '../../src/contract/inspection-totals.ts'
import { inspectorPage } from '../../dist/inspector/page.js'
import { inChromium, openPage } from '../support/browser.ts'
import { buildVite } from '../support/build.ts'
import { addresses, startDev, type Dev } from '../support/dev.ts'
import { inspectionOf, manyRequests, proxy, requestIn } from '../support/inspector.ts'
import { jpeg, quarters } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'

const HERO = 'hero.jpg?w=64;120&format=webp;jpeg'
/** What comes in its place. */
const NEW = 'hero.jpg?w=66;70&format=webp;jpeg'
/** How its name begins. */
const MADE = 'hero.jpg?format=webp'

/** A site with some images, of which the outputs of the first are made. */
async function site(base = '/'): Promise<Project & { dev: Dev; id: string }> {
  const made = project({
    'hero.jpg': await jpeg(240, 160),
    'broken.jpg': Buffer.from('no image at all'),
    'main.js': `import hero from './${HERO}'\nimport soft from './hero.jpg?w=100&placeholder=lqip&target_size=2kb&format=jpeg'\nconsole.log(hero, soft)`,
    'wrong.js': "import './broken.jpg?w=64'",
  })
  const dev = await startDev(made.root, { config: { base }, options: { logLevel: 'silent' } })
  for (const name of ['main.js', 'wrong.js']) await dev.get(base + name)
  for (const query of [`${HERO.replace('?', '?import&')}`, 'hero.jpg?import&w=100&placeholder=lqip&target_size=2kb&format=jpeg']) {
    for (const address of addresses(await dev.module(base + query))) await dev.get(address)
  }
  await dev.get(`${base}broken.jpg?import&w=64`)
  return { ...made, dev, id: requestIn(await inspectionOf(dev, base), MADE).id }
}

/** Waits for both pictures of the comparison. */
async function loaded(page: Page): Promise<void> {
  const pictures = async (): Promise<boolean[]> =>
    page.locator('.stage__picture').evaluateAll((all) => all.map((each) => each instanceof HTMLImageElement && each.complete))
  await expect.poll(pictures).toEqual([true, true])
}

/** A report where nothing else of its build is; answers its address. */
function moved(file: string, built: Map<string, Buffer>): string {
  writeFileSync(file, built.get('.vite/imagemill-report.html') ?? '')
  return pathToFileURL(file).href
}

async function openInspector(url: string, options: Parameters<typeof openPage>[0] = {}): Promise<{ page: Page; faults: string[] }> {
  const { page, faults } = await openPage({ viewport: { width: 1280, height: 900 }, ...options })
  page.setDefaultTimeout(10_000)
  await page.goto(url)
  return { page, faults }
}

inChromium(() => {
  test('it lists, finds, filters and sorts what the site asks for', async () => {
    const { dev } = await site()
    const { page, faults } = await openInspector(`${dev.origin}/__imagemill/`)
    await page.locator('.row').nth(2).waitFor()
    const files = async (): Promise<string[]> => page.locator('.row__file').allTextContents()
    expect(await files()).toEqual(['broken.jpg', 'hero.jpg', 'hero.jpg'])
    await page.getByPlaceholder('Search').fill('hero target_size')
    expect(await files()).toEqual(['hero.jpg'])
    await page.getByPlaceholder('Search').fill('nothing like that')
    await page.getByText('No image is like that').waitFor()
    await page.getByRole('button', { name: 'Show all' }).click()
    await page.getByRole('combobox', { name: 'Status' }).selectOption('failed')
    expect(await files()).toEqual(['broken.jpg'])
    await page.getByRole('combobox', { name: 'Status' }).selectOption('')
    await page.getByRole('combobox', { name: 'Format' }).selectOption('webp')
    expect(await files()).toEqual(['hero.jpg'])
    await page.getByRole('combobox', { name: 'Format' }).selectOption('')
    await page.getByRole('combobox', { name: 'Sort by' }).selectOption('largest')
    expect((await files()).at(-1)).toBe('broken.jpg')
    expect(faults).toEqual([])
  })

  test('the address holds the search, the order and the filters, so that it can be sent', async () => {
    const { dev } = await site()
    const { page, faults } = await openInspector(`${dev.origin}/__imagemill/`)
    await page.locator('.row').nth(2).waitFor()
    await page.getByPlaceholder('Search').fill('hero & 100')
    await page.getByRole('combobox', { name: 'Sort by' }).selectOption('slowest')
    await page.getByRole('combobox', { name: 'Format' }).selectOption('jpeg')
    await page.locator('.row').click()
    await page.getByRole('heading', { level: 1, name: 'hero.jpg' }).waitFor()
    const address = page.url()
    const { page: other } = await openInspector(address)
    await other.getByRole('heading', { level: 1, name: 'hero.jpg' }).waitFor()
    expect(await other.getByPlaceholder('Search').inputValue()).toBe('hero & 100')
    expect(await other.getByRole('combobox', { name: 'Sort by' }).inputValue()).toBe('slowest')
    expect(await other.locator('.row').count()).toBe(1)
    await other.goto(`${dev.origin}/__imagemill/#/?sort=nonsense&status=failed`)
    await expect.poll(async () => other.locator('.row__file').allTextContents()).toEqual(['broken.jpg'])
    expect(faults).toEqual([])
  })

  test('a phone has the overview and what goes on, a link away from the list', async () => {
    const { dev } = await site()
    const { page } = await openInspector(`${dev.origin}/__imagemill/`, { viewport: { width: 390, height: 844 } })
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByRole('heading', { level: 1, name: 'All images' }).waitFor()
    expect(await page.locator('.page .gauges').innerText()).toMatch(/Workers[^]*Queue[^]*Store[^]*Hits/)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    await page.getByRole('link', { name: 'The list' }).click()
    await page.locator('.row').first().waitFor()
  })

  test('a link leads to one request, with its outputs, importers and true bytes', async () => {
    const { dev, id } = await site()
    const { outputs } = requestIn(await inspectionOf(dev), MADE)
    const { page, faults } = await openInspector(`${dev.origin}/__imagemill/#/request/${id}`)
    await page.getByRole('heading', { level: 1, name: 'hero.jpg' }).waitFor()
    await page.getByText('main.js:1').waitFor()
    const titles = await page.locator('.outputs span[title$=" bytes"]').evaluateAll((all) => all.map((each) => each.getAttribute('title')))
    expect(titles).toEqual(outputs.map(({ size_bytes }) => `${size_bytes} bytes`))
    // Its last answer is there, so that leaving breaks off none.
    await page.getByRole('heading', { name: 'Privacy' }).waitFor()
    await page.goto(`${dev.origin}/__imagemill/#/request/${'0'.repeat(12)}`)
    await page.getByText('Nothing has this address').waitFor()
    expect(faults).toEqual([])
  })

  test.each([
    [1280, 600],
    [390, 844],
  ])('only its panes scroll, wherever the focus goes: %i × %i px', async (width, height) => {
    const { dev, id } = await site()
    const { page } = await openInspector(`${dev.origin}/__imagemill/#/request/${id}`, { viewport: { width, height } })
    await page.getByRole('heading', { name: 'Privacy' }).waitFor()
    await page.getByRole('button', { name: 'Make it', exact: true }).focus()
    await page.mouse.wheel(0, 5000)
    expect(await page.evaluate(() => [document.documentElement.scrollHeight, document.documentElement.scrollTop])).toEqual([height, 0])
    expect((await page.locator('.top').boundingBox())?.y).toBe(0)
  })

  test('keys go through the list, to the search and back', async () => {
    const { dev } = await site()
    const { page } = await openInspector(`${dev.origin}/__imagemill/`)
    await page.locator('.row').nth(2).waitFor()
    const selected = async (): Promise<string[]> => page.locator('.row[aria-current] .row__file').allTextContents()
    await page.keyboard.press('ArrowDown')
    await expect.poll(selected).toEqual(['broken.jpg'])
    await page.keyboard.press('ArrowDown')
    await expect.poll(selected).toEqual(['hero.jpg'])
    await page.keyboard.press('/')
    await page.keyboard.type('broken')
    await expect.poll(async () => page.locator('.row').count()).toBe(1)
    await page.keyboard.press('Enter')
    await expect.poll(selected).toEqual(['broken.jpg'])
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('details')
    await page.getByRole('alert').getByText('FORMAT_UNSUPPORTED').waitFor()
    await page.keyboard.press('Escape')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-id'))).toMatch(/^[0-9a-f]{12}$/)
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { level: 1, name: 'All images' }).waitFor()
  })

  test('the line between source and output is dragged, by mouse and by keys', async () => {
    const { root } = project({ 'four.png': await quarters(200, 100).png().toBuffer() })
    const dev = await startDev(root, { options: { logLevel: 'silent' } })
    // Grey against the colours of the file itself: each side is told by one pixel.
    for (const address of addresses(await dev.module('/four.png?import&w=200&format=png&grayscale'))) await dev.get(address)
    const { id } = requestIn(await inspectionOf(dev), 'four.png')
    const { page, faults } = await openInspector(`${dev.origin}/__imagemill/#/request/${id}`)
    // Whoever picks another picture breaks off the one that is not there yet.
    await loaded(page)
    await page.getByRole('combobox', { name: 'Left' }).selectOption('source')
    const line = page.getByRole('slider', { name: 'Source on the left' })
    const stage = (await page.locator('.stage').boundingBox()) ?? expect.fail('there is no stage')
    const picture = (await page.locator('.stage__picture').first().boundingBox()) ?? expect.fail('there is no picture')
    await page.waitForLoadState('networkidle')
    const isGrey = async (share: number): Promise<boolean> => {
      const [red = 0, green = 0] = await sharp(await page.screenshot())
        .extract({
          left: Math.round(picture.x + picture.width * share),
          top: Math.round(picture.y + picture.height / 4),
          width: 1,
          height: 1,
        })
        .raw()
        .toBuffer()
      return red === green
    }
    expect([await isGrey(0.2), await isGrey(0.8)]).toEqual([false, true])
    const middle = stage.y + stage.height / 2 + 40
    const box = (await line.boundingBox()) ?? expect.fail('there is no line')
    await page.mouse.move(box.x + box.width / 2, middle)
    await page.mouse.down()
    await page.mouse.move(picture.x + picture.width * 0.9, middle, { steps: 4 })
    await page.mouse.up()
    expect([await isGrey(0.2), await isGrey(0.8), await isGrey(0.97)]).toEqual([false, false, true])
    await line.focus()
    await page.keyboard.press('Home')
    expect(await line.getAttribute('aria-valuenow')).toBe('0')
    expect([await isGrey(0.2), await isGrey(0.8)]).toEqual([true, true])
    await page.getByText('Difference', { exact: true }).click()
    await page.getByText('of 255 on average').waitFor()
    expect(faults).toEqual([])
  })

  test('zoom shows one pixel of the picture as one, or as four, of the screen', async () => {
    const { dev, id } = await site()
    const { page } = await openInspector(`${dev.origin}/__imagemill/#/request/${id}`, { deviceScaleFactor: 2 })
    const width = async (zoom: string): Promise<number> => {
      await page.getByText(zoom, { exact: true }).click()
      return (await page.locator('.stage__picture').first().boundingBox())?.width ?? 0
    }
    await page.locator('.stage').waitFor()
    expect([await width('1×'), await width('2×'), await width('8×')]).toEqual([60, 120, 480])
  })

  test('it follows the work while it goes on', async () => {
    const { dev, write } = await site()
    const { page } = await openInspector(`${dev.origin}/__imagemill/`)
    await page.locator('.row').nth(2).waitFor()
    write('new.jpg', await jpeg(300, 200, 5))
    const [address = ''] = addresses(await dev.module('/new.jpg?import&w=150&format=webp'))
    const row = page.locator('.row', { hasText: 'new.jpg' })
    await row.getByText('Not asked for yet').waitFor({ state: 'attached' })
    await dev.get(address)
    await row.getByText('Made', { exact: true }).waitFor({ state: 'attached' })
  })

  test('what is edited away and what is deleted is told on the open page', async () => {
    const { dev, write, root, id } = await site()
    const { page, faults } = await openInspector(`${dev.origin}/__imagemill/#/request/${id}`)
    await page.locator('.row').nth(2).waitFor()
    write('wrong.js', 'console.log()')
    await expect.poll(async () => page.locator('.row').count()).toBe(2)
    expect(await page.locator('.tools__count p').textContent()).toBe('2 images')
    write('main.js', `import hero from './${NEW}'\nconsole.log(hero)`)
    await page.getByText('Nothing has this address').waitFor()

    const [address = ''] = addresses(await dev.module(`/${NEW.replace('?', '?import&')}`))
    await dev.get(`/main.js?t=${Date.now()}`)
    await dev.get(address)
    const row = page.locator('.row')
    await row.getByText('1 of 4 made').waitFor({ state: 'attached' })
    await row.click()
    await page.getByText('Make it now').first().waitFor()
    // All that it asks for is there, so that nothing of it fails.
    await page.getByRole('heading', { name: 'Privacy' }).waitFor()
    await loaded(page)
    rmSync(join(root, 'hero.jpg'))
    await page.getByRole('alert').getByText('SOURCE_NOT_FOUND').waitFor()
    await page.getByText('there is nothing to compare with').waitFor()
    expect(await page.getByText('Make it now').count()).toBe(0)
    expect(await page.getByText('not made', { exact: true }).count()).toBe(3)
    expect(faults).toEqual([])
  })

  test('other settings give the very bytes of a build with the line that is copied', async () => {
    const { dev, id, root, write } = await site()
    const { page, faults } = await openInspector(`${dev.origin}/__imagemill/#/request/${id}`)
    await page.getByLabel('Widths').fill('90')
    await page.getByRole('checkbox', { name: 'JPEG' }).uncheck()
    await page.getByText('Number', { exact: true }).click()
    await page.getByRole('slider', { name: 'Quality' }).fill('40')
    await page.getByRole('button', { name: 'Make it', exact: true }).click()
    const size = page.locator('[data-bytes]')
    await size.waitFor()
    const shown = Number(await size.getAttribute('data-bytes'))
    const code = (await page.locator('.copy code').textContent()) ?? ''
    expect(code).toBe("import hero from './hero.jpg?w=90&format=webp&quality=40'")
    const tried = await dev.get(
      new URL((await page.locator('.tried__preview').getAttribute('src')) ?? '', `${dev.origin}/__imagemill/`).pathname,
    )

    write('index.html', '<script type="module" src="/built.js"></script>')
    write('built.js', `${code}\nconsole.log(hero)`)
    const built = [...(await buildVite(root))].filter(([name]) => name.endsWith('.webp')).map(([, bytes]) => bytes)
    expect(built.map(({ length }) => length)).toEqual([shown])
    expect(built[0]?.equals(tried.body)).toBe(true)
    for (const wrong of ['900000', 'abc', '-5', '90;1&2']) {
      await page.getByLabel('Widths').fill(wrong)
      // What was made is of other settings, and so is its line.
      await expect.poll(async () => page.locator('.copy').count()).toBe(0)
      await page.getByRole('button', { name: 'Make it', exact: true }).click()
      await page.getByText(`expected a width in px from 1 to 65535, received ${wrong.split(';').at(-1)}`).waitFor()
    }
    await page.getByLabel('Widths').fill('90')
    await page.getByRole('button', { name: 'Make it', exact: true }).click()
    await page.locator('.copy').waitFor()
    await page.getByLabel('Widths').fill('91')
    await page.getByText('This is of ?w=90&').waitFor()
    expect(await page.locator('.copy').count()).toBe(0)
    // The browser tells of the answer 422 by itself.
    expect(faults.filter((fault) => !fault.includes('422'))).toEqual([])
  })

  test.each([
    ['light', 'hero'],
    ['dark', 'hero'],
    ['light', 'broken'],
    ['dark', 'overview'],
  ] as const)('it has no serious fault of accessibility: %s, %s', async (colorScheme, what) => {
    const { dev, id } = await site()
    const { requests } = await inspectionOf(dev)
    const hash = { hero: `#/request/${id}`, broken: `#/request/${requests.find(({ status }) => status === 'failed')?.id}`, overview: '' }[
      what
    ]
    const { page } = await openInspector(`${dev.origin}/__imagemill/${hash}`, { colorScheme })
    await page.locator('h1').waitFor()
    if (what === 'hero') await page.getByText('Imported by').waitFor()
    await page.evaluate(axe.source)
    const violations = await page.evaluate(async () => {
      const { axe: tool } = globalThis as unknown as { axe: typeof axe }
      const found = await tool.run()
      return found.violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id: rule, nodes }) => `${rule}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
    })
    expect(violations).toEqual([])
  })

  test('the switch of colours is kept', async () => {
    const { dev } = await site()
    const { page } = await openInspector(`${dev.origin}/__imagemill/`, { colorScheme: 'light' })
    const background = async (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const light = await background()
    await page.getByRole('radio', { name: 'Dark' }).check({ force: true })
    await expect.poll(background).not.toBe(light)
    const dark = await background()
    await page.reload()
    await expect.poll(background).toBe(dark)
  })

  test('it works below a base and behind a proxy that has a path of its own', async () => {
    const { dev } = await site('/app/')
    const front = await proxy(dev.origin, '/machines/7')
    const { page, faults } = await openInspector(`${front}/machines/7/app/__imagemill`)
    await page.locator('.row').nth(1).click()
    await expect
      .poll(async () =>
        page
          .locator('.stage__picture')
          .first()
          .evaluate((image) => (image instanceof HTMLImageElement ? image.naturalWidth : 0)),
      )
      .toBeGreaterThan(0)
    await page.getByRole('button', { name: 'Make it', exact: true }).click()
    await page.locator('[data-bytes]').first().waitFor()
    expect(faults).toEqual([])
  })

  test('without an image, and when the server goes away, it says so', async () => {
    const { root } = project({})
    const dev = await startDev(root, { options: { logLevel: 'silent' } })
    const { page } = await openInspector(`${dev.origin}/__imagemill/`)
    await page.getByRole('heading', { name: 'No images yet' }).waitFor()
    await dev.close()
    await page.getByText('The dev server does not answer').waitFor()
  })

  describe('as a file', () => {
    test('two thousand requests take few elements, and the last one is there when it is scrolled to', async () => {
      const { root } = project({})
      const requests = manyRequests(2000)
      const file = join(root, 'report.html')
      writeFileSync(file, inspectorPage({ version: '0.1.0', command: 'build', requests, totals: totalsOf(requests, 0) }))
      const { page, faults } = await openInspector(pathToFileURL(file).href)
      await page.getByText('photo-00000.jpg').first().waitFor()
      expect(await page.locator('.row').count()).toBeLessThan(40)
      await page.locator('.list').evaluate((list) => list.scrollTo(0, list.scrollHeight))
      await page.locator('.row', { hasText: 'photo-01999.jpg' }).waitFor()
      expect(await page.locator('.row').count()).toBeLessThan(40)
      await page.getByPlaceholder('Search').fill('photo-01234')
      await page.locator('.row').click()
      await page.getByRole('heading', { level: 1, name: 'photo-01234.jpg' }).waitFor()
      expect(faults).toEqual([])
    })

    test('the report of a build shows its files, and nothing that the build does not use', async () => {
      const { root } = project({
        'hero.jpg': await jpeg(240, 160),
        'spare.jpg': await jpeg(100, 80, 3),
        'index.html': '<script type="module" src="/main.js"></script>',
        'main.js': `import hero from './${HERO}'\nimport spare from './spare.jpg?w=50&exif'\nconsole.log(hero.srcset, hero.sources)`,
      })
      await buildVite(root, { options: { report: true } })
      const report = pathToFileURL(join(root, 'dist/.vite/imagemill-report.html')).href
      const { page, faults } = await openInspector(report)
      await page.locator('.row').first().waitFor()
      expect(await page.locator('.row__file').allTextContents()).toEqual(['hero.jpg'])
      expect(await page.locator('.thumbnail img').getAttribute('src')).toMatch(/^data:image\/webp/)
      await page.locator('.row').click()
      await page.getByText('main.js:1').waitFor()
      const widths = async (): Promise<number[]> =>
        page.locator('.stage__picture').evaluateAll((all) => all.map((each) => (each instanceof HTMLImageElement ? each.naturalWidth : 0)))
      // The source against the last format, in the same size.
      await expect.poll(widths).toEqual([120, 120])
      expect(
        await page.locator('.compare select').evaluateAll((all) => all.map((each) => each.querySelector(':checked')?.textContent)),
      ).toEqual(['Source at this size', expect.stringMatching(/^JPEG 120 × 80/)])
      await page.getByText('Difference', { exact: true }).click()
      await page.getByText('of 255 on average').waitFor()
      expect(await page.getByText('Try other settings').count()).toBe(0)
      expect(faults).toEqual([])
    })

    test('the report that was moved alone compares the source with its outputs, and says what it cannot show', async () => {
      const { root } = project({
        'hero.jpg': await jpeg(2400, 1600),
        'index.html': '<script type="module" src="/main.js"></script>',
        'main.js': "import hero from './hero.jpg?w=320;640;2400&format=webp;jpeg'\nconsole.log(hero.srcset, hero.sources)",
      })
      const built = await buildVite(root, { options: { report: true } })
      const { page, faults } = await openInspector(moved(join(root, 'alone.html'), built))
      await page.locator('.row').click()
      const right = page.getByRole('combobox', { name: 'Right' })
      // The largest of the last format that is small enough for the page.
      await expect.poll(async () => right.locator(':checked').textContent()).toMatch(/^JPEG 640 × 427/)
      await page.getByText('Difference', { exact: true }).click()
      const mean = async (): Promise<number> =>
        Number(/[\d.]+(?= of 255)/.exec((await page.locator('.heat-scale').textContent()) ?? '')?.[0])
      const jpegs = await mean()
      expect(jpegs).toBeGreaterThan(0)
      expect(faults).toEqual([])
      await right.selectOption({ label: (await right.locator('option', { hasText: 'JPEG 2400' }).textContent()) ?? '' })
      await page.getByText('is not beside this page').waitFor()
    })

    test('it opens without a server, and no name in its data ends its script', async () => {
      const { root } = project({})
      const name = `${'long-'.repeat(80)}</script><script>alert(1)</script>.jpg`
      const [made] = manyRequests(1)
      const requests = made ? [{ ...made, name, source: { ...made.source, path: name } }] : []
      const file = join(root, 'report.html')
      writeFileSync(file, inspectorPage({ version: '0.1.0', command: 'build', requests, totals: totalsOf(requests, 0) }))
      const { page, faults } = await openInspector(`${pathToFileURL(file).href}#/request/${'0'.repeat(12)}`)
      await page.locator('h1', { hasText: 'long-long-' }).waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
      expect(faults).toEqual([])
    })
  })
})
