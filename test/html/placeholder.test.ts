import { HtmlValidate } from 'html-validate'
import { expect, test } from 'vitest'
import { inChromium, openPage } from '../support/browser.ts'
import { buildVite } from '../support/build.ts'
import { quarters } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'
import { WAYS, siteAt } from '../support/serve-built.ts'

const red = quarters(300, 200).extract({ left: 0, top: 0, width: 150, height: 100 }).jpeg().toBuffer()

async function page(body: string): Promise<Project> {
  const html = `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Images</title>\n<link rel="icon" href="data:,">\n</head>\n<body>\n${body}\n</body>\n</html>\n`
  return project({ 'index.html': html, 'red.jpg': await red })
}

const BODY = `<img id="plain" src="./red.jpg?w=60&placeholder=dominant_color" alt="plain">
<img id="styled" src="./red.jpg?w=60;90&format=webp;jpeg&placeholder=lqip" alt="styled" sizes="60px" style="border: 1px solid blue; background-size: 50%">
<img id="own" src="./red.jpg?w=50&placeholder=thumbhash" alt="own" style="background: url(./red.jpg?w=40&format=webp)">
<img id="none" src="./red.jpg?w=30" alt="none" style="color: red">`

test('a page shows placeholders without a script, and keeps the styles that are there', async () => {
  const { root } = await page(BODY)
  const files = await buildVite(root, { config: { build: { assetsInlineLimit: 0 } } })
  const html = String(files.get('index.html'))
  const { results } = await new HtmlValidate({ extends: ['html-validate:standard'], rules: { 'no-inline-style': 'off' } }).validateString(
    html,
  )
  expect(results.flatMap(({ messages }) => messages.map(({ message, line }) => `${line}: ${message}`))).toEqual([])
  const styles = Object.fromEntries(
    [...html.matchAll(/<img[^>]*>/g)].map(([tag]) => [/id="(\w+)"/.exec(tag)?.[1], /style="([^"]*)"/.exec(tag)?.[1]]),
  )
  expect(styles['plain']).toBe('background: #fe0000')
  expect(styles['styled']).toMatch(
    /^background: center \/ cover no-repeat url\(data:image\/webp;base64,[\w+/=]+\); ?border: 1px solid blue; background-size: 50%$/,
  )
  expect(styles['own']).toMatch(
    /^background: \S.*url\(data:image\/webp;base64,[\w+/=]+\); ?background: url\(&quot;\/assets\/red-40-\S+\.webp&quot;\)/,
  )
  expect(styles['none']).toBe('color: red')
  const manifest: unknown = JSON.parse(String(files.get('.vite/imagemill.json')))
  expect(manifest).toMatchObject({
    'red.jpg?placeholder=dominant_color&w=60': {
      results: [{ operation: 'resize' }, { operation: 'placeholder', metadata: { dominant_color: '#fe0000' } }],
    },
  })
})

test.each([
  ['a source', '<picture><source srcset="./red.jpg?w=50&placeholder=lqip"><img src="./red.jpg?w=50" alt=""></picture>'],
  ['one candidate among others', '<img srcset="./red.jpg?w=50&placeholder=lqip 1x, ./red.jpg?w=60 2x" src="./red.jpg?w=50" alt="">'],
  ['a poster', '<video poster="./red.jpg?w=50&placeholder=lqip"></video>'],
  ['a background', '<p style="background: url(./red.jpg?w=50&placeholder=lqip)">'],
])('%s cannot show a placeholder, and says so', async (_, body) => {
  const { root } = await page(body)
  await expect(buildVite(root)).rejects.toThrow(/placeholder[^\n]* needs the `src` of an `<img>`[\s\S]*index\.html:9:\d+/)
})

test('a placeholder of the defaults is for the images that can show one', async () => {
  const { root } = await page('<img src="./red.jpg?w=50" alt=""><video poster="./red.jpg?w=60"></video>')
  const files = await buildVite(root, { options: { defaults: 'placeholder=dominant_color' } })
  expect(String(files.get('index.html'))).toMatch(/<img style="background: #fe0000"[^>]*><video poster="[^"]*">/)
})

inChromium(() => {
  test.each(WAYS)('the placeholder is behind the image in %s', async (way) => {
    const { root } = await page(BODY)
    const url = await siteAt(way, root)
    const { page: tab, faults } = await openPage({ javaScriptEnabled: way === 'dev' })
    await tab.goto(url)
    const style = (id: string, name: string): Promise<string> =>
      tab.locator(`#${id}`).evaluate((element, key) => getComputedStyle(element).getPropertyValue(key), name)
    expect(await style('plain', 'background-color')).toBe('rgb(254, 0, 0)')
    expect(await style('styled', 'background-image')).toMatch(/^url\("data:image\/webp/)
    expect(await style('styled', 'background-size')).toBe('50% auto')
    expect(await style('own', 'background-image')).toMatch(/^url\("http.*webp"\)$/)
    expect(faults).toEqual([])
  })
})
