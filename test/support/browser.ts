import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

const PATH = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
)

let browser: Browser | undefined

/** Tests in a real browser. Without one they are left out with a word about it, unless everything is required. */
export function inChromium(tests: () => void): void {
  if (PATH === undefined && process.env['IMAGEMILL_REQUIRE_ALL'] === '1') {
    test('there is a Chromium', () =>
      expect.fail('IMAGEMILL_REQUIRE_ALL is set, but there is no Chromium: apt-get install chromium, or set CHROMIUM_PATH'))
    return
  }
  if (PATH === undefined)
    console.warn('The tests in Chromium are left out, for there is none: apt-get install chromium, or set CHROMIUM_PATH.')
  describe.runIf(PATH !== undefined)('in Chromium', () => {
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: PATH ?? '', headless: true, args: ['--no-sandbox'] })
    })
    afterAll(() => browser?.close())
    tests()
  })
}

export interface Visit {
  page: Page
  context: BrowserContext
  /** What went wrong: console errors, exceptions, failed requests and answers of 400 and above. */
  faults: string[]
}

/** A page of its own that writes down everything that goes wrong in it. */
export async function openPage(options: BrowserContextOptions = {}): Promise<Visit> {
  if (!browser) throw new Error('openPage() is for tests inside of inChromium()')
  const context = await browser.newContext(options)
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const faults: string[] = []
  page.on('console', (message) => message.type() === 'error' && faults.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => faults.push(`exception: ${error.message}`))
  page.on('requestfailed', (request) => faults.push(`failed: ${request.url()} ${request.failure()?.errorText ?? ''}`))
  page.on('response', (response) => response.status() >= 400 && faults.push(`${response.status()}: ${response.url()}`))
  return { page, context, faults }
}

/** Opens a page of a dev server, which hears of changes from now on. */
export async function gotoLive(page: Page, url: string): Promise<void> {
  const connected = page.waitForEvent('console', { predicate: (message) => message.text().includes('[vite] connected') })
  await page.goto(url)
  await connected
}

export interface Shown {
  currentSrc: string
  naturalWidth: number
  /** Candidates by address, of the `srcset` of the image and of its sources. */
  candidates: Record<string, string>
}

/** Every image of the page, decoded; lazy ones are scrolled to first. */
export async function shownImages(page: Page): Promise<Shown[]> {
  return page.evaluate(async () => {
    const shown = []
    for (const image of document.querySelectorAll('img')) {
      image.loading = 'eager'
      await image.decode().catch((error: unknown) => {
        throw new Error(`${image.outerHTML.slice(0, 300)}: ${String(error)}`)
      })
      const sets = [image.srcset, ...[...(image.closest('picture')?.querySelectorAll('source') ?? [])].map((source) => source.srcset)]
      const pairs = sets
        .flatMap((set) => set.split(/,\s+/))
        .filter(Boolean)
        .map((candidate) => candidate.trim().split(/\s+/))
      shown.push({
        currentSrc: image.currentSrc,
        naturalWidth: image.naturalWidth,
        candidates: Object.fromEntries(
          pairs.map(([address = '', descriptor = '']) => [new URL(address, document.baseURI).href, descriptor]),
        ),
      })
    }
    return shown
  })
}
