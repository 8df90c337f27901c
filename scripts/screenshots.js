// Pictures of the inspector for the README, taken of the playground in a real browser: npm run screenshots
import { mkdirSync, writeFileSync } from 'node:fs'
import { chromium } from 'playwright-core'
import sharp from 'sharp'
import { createServer } from 'vite'

const folder = new URL('../playground/screenshots/', import.meta.url)
const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'

const server = await createServer({ root: 'playground', configFile: 'playground/vite.config.ts', logLevel: 'warn', server: { port: 0 } })
await server.listen()
const [url] = server.resolvedUrls.local
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
mkdirSync(folder, { recursive: true })
try {
  const site = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  await site.goto(url)
  await site.evaluate(async () => {
    for (const image of document.images) {
      image.loading = 'eager'
      await image.decode().catch(() => undefined)
    }
  })
  await shoot('inspector-light', 'light', async (page) => {
    await open(page, 'kit')
  })
  await shoot('inspector-dark', 'dark', async (page) => {
    await open(page, 'masthead')
    await page.getByText('Difference', { exact: true }).click()
    await page.getByText('of 255 on average').waitFor()
  })
} finally {
  await browser.close()
  await server.close()
}

async function shoot(name, colorScheme, prepare) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 }, deviceScaleFactor: 1, colorScheme })
  await page.goto(`${url}__imagemill/`)
  await page.locator('.row').first().waitFor()
  await prepare(page)
  // Pictures fade in and thumbnails come as they are made.
  await page.waitForLoadState('networkidle').catch(() => undefined)
  await page.waitForTimeout(1500)
  const bytes = await sharp(await page.screenshot())
    .webp({ quality: 78, effort: 6 })
    .toBuffer()
  writeFileSync(new URL(`${name}.webp`, folder), bytes)
  console.log(`${name}.webp: ${bytes.length} bytes`)
  await page.close()
}

async function open(page, search) {
  await page.getByPlaceholder('Search').fill(search)
  await page.locator('.row').first().click()
  await page.locator('.stage').waitFor()
  await page.getByPlaceholder('Search').fill('')
  await page.getByRole('combobox', { name: 'Sort by' }).selectOption('saved')
}
