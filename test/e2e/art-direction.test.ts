import { expect, test } from 'vitest'
import { inChromium, openPage } from '../support/browser.ts'
import { quarters } from '../support/images.ts'
import { project } from '../support/project.ts'
import { WAYS, siteAt } from '../support/serve-built.ts'

const options = { breakpoints: { phone: '(max-width: 600px)', tablet: '(max-width: 1000px)' } }

/** The page of a reader of the README: attributes as they are, nothing added. */
const PAGE = `
import whole from './a.png?w=400;800&aspect=4&focus=1,1&format=webp;jpeg&tablet.aspect=2&phone.aspect=1:2&phone.w=150;300&phone.focus=0,0'
import simple from './a.png?w=400;800&aspect=4&focus=1,1&format=webp;jpeg&phone.aspect=1:2&phone.w=150;300&phone.focus=0,0&as=picture'
const attributes = (bag) => Object.entries(bag).map(([name, value]) => name + '="' + value + '"').join(' ')
const source = (bag) => '<source sizes="100vw" ' + attributes(bag) + '>'
document.body.innerHTML =
  '<picture>' + whole.sources.map(source).join('') + '<img alt="" sizes="100vw" ' + attributes(whole.img) + '></picture>' +
  '<picture>' + simple.art.map(source).join('') + Object.entries(simple.sources).map(([format, srcset]) => source({ type: 'image/' + format, srcset })).join('') +
  '<img alt="" src="' + simple.img.src + '" width="' + simple.img.w + '" height="' + simple.img.h + '"></picture>'
`

inChromium(() => {
  test.each(WAYS)('each screen shows its own cut, in %s', async (way) => {
    const { root } = project({
      'a.png': await quarters(1000, 800).png().toBuffer(),
      'index.html':
        '<link rel="icon" href="data:,"><style>body { margin: 0 } img { width: 100%; height: auto; display: block }</style><script type="module" src="./main.js"></script>',
      'main.js': PAGE,
    })
    const address = await siteAt(way, root, { options })
    const { page, faults } = await openPage({ viewport: { width: 1200, height: 800 } })
    await page.goto(address)
    await page.waitForSelector('img')

    /** Size, shape in the page and colour of the upper left of every image that is shown. */
    const shown = (width: number): Promise<unknown[]> =>
      page.setViewportSize({ width, height: 800 }).then(() =>
        page.evaluate(async () => {
          const seen = []
          // A browser chooses anew some time after its window has changed.
          for (const image of document.querySelectorAll('img')) {
            await image.decode()
            const canvas = document.createElement('canvas')
            const context = canvas.getContext('2d')
            context?.drawImage(image, 0, 0, 8, 8)
            const [red = 0, green = 0, blue = 0] = context?.getImageData(1, 3, 1, 1).data ?? []
            const colour = red > Math.max(green, blue) ? 'red' : blue > green ? 'blue' : 'green'
            const { format } = /\.(?<format>\w+)$/.exec(image.currentSrc)?.groups ?? {}
            const bytes = await createImageBitmap(await (await fetch(image.currentSrc)).blob())
            seen.push(`${format} ${bytes.width}x${bytes.height} ${colour} at ${image.clientWidth}x${image.clientHeight}`)
          }
          return seen
        }),
      )
    await expect.poll(() => shown(1200)).toEqual(['webp 800x200 blue at 1200x300', 'webp 800x200 blue at 1200x300'])
    await expect.poll(() => shown(800)).toEqual(['webp 800x400 blue at 800x400', 'webp 800x200 blue at 800x200'])
    await expect.poll(() => shown(300)).toEqual(['webp 300x600 red at 300x600', 'webp 300x600 red at 300x600'])
    expect(faults).toEqual([])
  })

  test('the place of an image is kept before it is there', async () => {
    const { root } = project({
      'a.png': await quarters(1000, 800).png().toBuffer(),
      'index.html':
        '<link rel="icon" href="data:,"><style>body { margin: 0 } img { width: 100%; height: auto; display: block }</style><script type="module" src="./main.js"></script>',
      'main.js': PAGE,
    })
    const address = await siteAt('build and preview', root, { options })
    const { page } = await openPage({ viewport: { width: 300, height: 800 } })
    await page.route(/\.(webp|jpeg|png)$/, (route) => route.abort())
    await page.goto(address)
    await page.waitForSelector('img', { state: 'attached' })
    // The width that a style gives and the size in the attributes of the chosen source: an image that failed is measured without its alt text.
    const ratios = await page.evaluate(() => [...document.querySelectorAll('img')].map((image) => getComputedStyle(image).aspectRatio))
    expect(ratios).toEqual(['auto 300 / 600', 'auto 300 / 600'])
  })
})
