import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { gotoLive, inChromium, openPage } from '../support/browser.ts'
import { VITES, type ViteName } from '../support/build.ts'
import { startDev, until, type Dev } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'
import type { ImagemillOptions } from 'imagemill'

const versions: ViteName[] = Object.keys(VITES).filter((name): name is ViteName => name in VITES)

const SHOW =
  "const img = document.querySelector('img') ?? document.body.appendChild(document.createElement('img'))\nimg.src = url\nwindow.loads = (window.loads ?? 0) + 1\n"

interface Site extends Project {
  site: string
  photo: string
}

/** A site that shows one photograph, which is a plain colour so that a browser can tell which one it shows. */
async function site({
  file = 'site/photo.jpg',
  importer = './photo.jpg?w=40&format=png&as=url',
  accepts = false,
}: { file?: string; importer?: string; accepts?: boolean } = {}): Promise<Site> {
  const made = project({
    'site/package.json': '{}',
    'site/index.html': '<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="/main.js"></script>',
    'site/main.js': `import url from ${JSON.stringify(importer)}\n${SHOW}${accepts ? 'import.meta.hot.accept()' : ''}`,
    [file]: await plain('#ff0000'),
  })
  return { ...made, site: join(made.root, 'site'), photo: join(made.root, file) }
}

function plain(colour: string): Promise<Buffer> {
  return sharp({ create: { width: 80, height: 60, channels: 3, background: colour } })
    .png()
    .toBuffer()
}

/** The colour that the page shows, or what is in its way. */
async function colour(page: Page): Promise<string> {
  return page
    .evaluate(async () => {
      const image = document.querySelector('img')
      if (!image) return 'no image'
      await image.decode().catch(() => undefined)
      const canvas = new OffscreenCanvas(1, 1)
      const context = canvas.getContext('2d')
      if (image.naturalWidth === 0 || !context) return 'broken image'
      context.drawImage(image, 0, 0, 1, 1)
      return [...context.getImageData(0, 0, 1, 1).data]
        .slice(0, 3)
        .map((value) => (value > 127 ? 'f' : '0'))
        .join('')
    })
    .catch(() => 'loading')
}

const overlayText = (page: Page): Promise<string> =>
  page.evaluate(() => document.querySelector('vite-error-overlay')?.shadowRoot?.querySelector('.window')?.textContent ?? '').catch(() => '')

async function shows(page: Page, wanted: string): Promise<void> {
  let last = ''
  await until(`the page shows ${wanted}`, async () => (last = await colour(page)) === wanted).catch(async (error: unknown) => {
    throw new Error(`${String(error)}, but ${last}; overlay: ${await overlayText(page)}`)
  })
}

async function overlaySays(page: Page, ...words: string[]): Promise<string> {
  let text = ''
  let asked = 0
  await until(`the overlay says ${words.join(', ')}`, async () => {
    // An error that Vite sends while a page is being reloaded can reach the socket of the page that is going.
    if (++asked % 100 === 0 && text === '') await page.reload()
    text = await overlayText(page)
    return words.every((word) => text.includes(word))
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}, but: ${text}`)
  })
  return text
}

async function visit(
  project: Site,
  {
    version,
    options = {},
    allow = project.site,
    edit = true,
  }: { version: ViteName; options?: ImagemillOptions; allow?: string; edit?: boolean },
): Promise<{ page: Page; dev: Dev }> {
  const dev = await startDev(project.site, {
    version,
    options: { logLevel: 'silent', ...options },
    config: { server: { fs: { allow: [allow] } } },
  })
  const { page } = await openPage()
  await gotoLive(page, dev.origin)
  if (edit) await shows(page, 'f00')
  return { page, dev }
}

inChromium(() => {
  describe.each(versions)('%s', (version) => {
    test.each([
      ['inside of the root', {}],
      ['outside of the root', { file: 'outside/photo.jpg', importer: '../outside/photo.jpg?w=40&format=png&as=url' }],
      ['with # and % in its name', { file: 'site/a#b 5%.jpg', importer: './a#b 5%.jpg?w=40&format=png&as=url' }],
      ['outside, with # in its name', { file: 'outside/a#b.jpg', importer: '../outside/a#b.jpg?w=40&format=png&as=url' }],
      ['in the public folder', { file: 'site/public/photo.jpg', importer: '/photo.jpg?w=40&format=png&as=url' }],
      ['in a module that accepts itself', { accepts: true }],
    ])(
      'an image %s that is edited, replaced, deleted and made again updates the page',
      async (_, settings: Parameters<typeof site>[0] & object) => {
        const made = await site(settings)
        const { page } = await visit(made, { version, allow: made.root })
        writeFileSync(made.photo, await plain('#00ff00'))
        await shows(page, '0f0')
        writeFileSync(`${made.photo}.new`, await plain('#0000ff'))
        renameSync(`${made.photo}.new`, made.photo)
        await shows(page, '00f')
        // A module that accepts itself is replaced in the page; any other one reloads it.
        expect(await page.evaluate(() => Reflect.get(window, 'loads'))).toBe(settings.accepts ? 3 : 1)
        rmSync(made.photo)
        // An address on the site is looked up by Vite, which says the same in its own words.
        if (made.photo.includes('/public/')) await overlaySays(page, 'Does the file exist?', '/photo.jpg?w=40&format=png&as=url', 'main.js')
        else
          expect(await overlaySays(page, 'SOURCE_NOT_FOUND', 'w=40&format=png&as=url', 'main.js')).toMatch(
            /the image file does not exist.*Check its name/s,
          )
        writeFileSync(made.photo, await plain('#ffff00'))
        await shows(page, 'ff0')
        expect(await overlayText(page)).toBe('')
      },
    )

    test('a mistake in the query is shown in the overlay, and goes away when it is put right', async () => {
      const made = await site()
      const { page } = await visit(made, { version })
      made.write('site/main.js', `import url from './photo.jpg?w=40&formt=png&as=url'\n${SHOW}`)
      await overlaySays(page, 'UNKNOWN_DIRECTIVE', 'photo.jpg?w=40&formt=png&as=url', 'Did you mean', 'format', 'main.js')
      made.write('site/main.js', `import url from './photo.jpg?w=41&format=png&as=url'\n${SHOW}`)
      await shows(page, 'f00')
      expect(await overlayText(page)).toBe('')
    })

    test('an image with a broken body is answered with 500 and shown in the overlay, until it is whole', async () => {
      const made = await site()
      const whole = await jpeg(300, 200)
      const { page, dev } = await visit(made, { version })
      writeFileSync(made.photo, whole.subarray(0, whole.length / 2))
      const text = await overlaySays(page, 'SOURCE_CORRUPT', 'photo.jpg', 'w=40')
      expect(text).not.toContain(made.root)
      const src = String(await page.evaluate(() => document.querySelector('img')?.getAttribute('src')))
      const { status, headers, text: body } = await dev.get(src)
      expect({ status, type: headers['content-type'], cache: headers['cache-control'] }).toEqual({
        status: 500,
        type: 'application/json',
        cache: 'no-store',
      })
      expect(JSON.parse(body)).toMatchObject({
        code: 'SOURCE_CORRUPT',
        error: expect.stringContaining('photo.jpg?'),
        hint: expect.any(String),
      })
      expect(body).not.toContain(made.root)
      writeFileSync(made.photo, await plain('#00ff00'))
      await shows(page, '0f0')
      expect(await overlayText(page)).toBe('')
    })

    test("`onError: 'warn'` shows the source of an image that cannot be made", async () => {
      const made = await site({ importer: './photo.jpg?w=40&formt=png&as=url' })
      const { page, dev } = await visit(made, { version, options: { onError: 'warn', logLevel: 'warn' } })
      expect(dev.log.join('\n')).toMatch(/UNKNOWN_DIRECTIVE.*photo\.jpg\?w=40&formt=png.*The source is used as it is/s)
      const [type, caching] = await page.evaluate(async () => {
        const { headers } = await fetch(document.querySelector('img')?.src ?? '')
        return [headers.get('content-type'), headers.get('cache-control')]
      })
      expect({ type, caching }).toEqual({ type: 'image/png', caching: 'no-store' })
      expect(await overlayText(page)).toBe('')
      writeFileSync(made.photo, await plain('#00ff00'))
      await shows(page, '0f0')
    })

    test("`onError: 'warn'` shows what there is of an image with a broken body", async () => {
      const made = await site()
      const { page, dev } = await visit(made, { version, options: { onError: 'warn', logLevel: 'warn' } })
      const whole = await sharp(await plain('#0000ff'))
        .resize(400, 300)
        .jpeg({ progressive: true })
        .toBuffer()
      writeFileSync(made.photo, Buffer.concat([whole.subarray(0, whole.length - 40)]))
      await until('the source is shown', () => page.evaluate(() => document.querySelector('img')?.naturalWidth === 400).catch(() => false))
      expect(dev.log.join('\n')).toMatch(/SOURCE_CORRUPT.*photo\.jpg\?.*The source is used as it is/s)
    })

    test('several tabs and several requests of one image are all updated', async () => {
      const made = await site()
      made.write(
        'site/main.js',
        `import url from './photo.jpg?w=40&format=png&as=url'\nimport other from './photo.jpg?w=20&format=webp;png'\n${SHOW}window.other = other.src`,
      )
      const { page, dev } = await visit(made, { version })
      const second = (await openPage()).page
      await gotoLive(second, dev.origin)
      await shows(second, 'f00')
      const before = await page.evaluate(() => String(Reflect.get(window, 'other')))
      writeFileSync(made.photo, await plain('#00ff00'))
      await shows(page, '0f0')
      await shows(second, '0f0')
      const after = await second.evaluate(() => String(Reflect.get(window, 'other')))
      expect(after).not.toBe(before)
      expect((await dev.get(after)).status).toBe(200)
    })
  })
})
