import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { expect, onTestFinished, test } from 'vitest'
import { build, createServer, preview, type InlineConfig } from 'vite'
import { inChromium, openPage, shownImages } from '../support/browser.ts'
import { project } from '../support/project.ts'
import { WAYS } from '../support/serve-built.ts'

const SCREENS = [
  { width: 390, scale: 1 },
  { width: 390, scale: 2 },
  { width: 1280, scale: 1 },
  { width: 1280, scale: 2 },
]

/** The playground as its own configuration has it; only what it writes goes to a folder of the test. */
async function open(way: (typeof WAYS)[number]): Promise<string> {
  const { root: folder } = project()
  const settings: InlineConfig = {
    root: fileURLToPath(new URL('../../playground', import.meta.url)),
    logLevel: 'silent',
    cacheDir: `${folder}/vite`,
    build: { outDir: `${folder}/site`, emptyOutDir: true },
  }
  if (way === 'dev') {
    const server = await createServer({ ...settings, server: { host: '127.0.0.1', port: 0 } })
    onTestFinished(() => server.close())
    await server.listen()
    return server.resolvedUrls?.local[0] ?? ''
  }
  await build(settings)
  const server = await preview({ ...settings, preview: { host: '127.0.0.1', port: 0 } })
  onTestFinished(() => server.close())
  return server.resolvedUrls?.local[0] ?? ''
}

inChromium(() => {
  // The photographs are real and many; made for the first time, they take a while.
  test.each(WAYS)('the playground in %s shows every image on every screen', { timeout: 600_000 }, async (way) => {
    const address = await open(way)
    const pixels: number[] = []
    for (const { width, scale } of SCREENS) {
      const { page, faults } = await openPage({ viewport: { width, height: 900 }, deviceScaleFactor: scale })
      page.setDefaultTimeout(300_000)
      await page.goto(address, { waitUntil: 'load' })
      await page.waitForSelector('img')
      const shown = await shownImages(page)
      expect(shown.length).toBeGreaterThan(20)
      expect(shown.filter(({ naturalWidth }) => naturalWidth === 0)).toEqual([])
      const made = shown.filter(({ currentSrc }) => !currentSrc.startsWith('data:'))
      for (const currentSrc of new Set(made.map((image) => image.currentSrc))) {
        const answer = await fetch(currentSrc)
        const { format, width: real, compression } = await sharp(Buffer.from(await answer.arrayBuffer())).metadata()
        const extension = new URL(currentSrc).pathname.split('.').pop()?.replace('jpg', 'jpeg')
        expect(compression === 'av1' ? 'avif' : format).toBe(extension)
        expect(answer.headers.get('content-type')).toBe(`image/${extension}`)
        const descriptor = made.find((image) => image.currentSrc === currentSrc)?.candidates[currentSrc]
        if (descriptor?.endsWith('w')) expect(`${real}w`).toBe(descriptor)
      }
      // A browser that knows AVIF and WebP takes the first source that it can read.
      for (const { currentSrc, candidates } of made) {
        const formats = Object.keys(candidates).map((url) => url.split('.').pop())
        const best = ['avif', 'webp'].find((format) => formats.includes(format))
        if (best) expect(currentSrc.split('.').pop()).toBe(best)
      }
      pixels.push(made.reduce((sum, { currentSrc, candidates }) => sum + (Number.parseInt(candidates[currentSrc] ?? '0', 10) || 0), 0))
      expect(faults).toEqual([])
    }
    const [narrow = 0, narrowDense = 0, wide = 0, wideDense = 0] = pixels
    expect(narrowDense).toBeGreaterThan(narrow)
    expect(wideDense).toBeGreaterThan(wide)
  })
})
