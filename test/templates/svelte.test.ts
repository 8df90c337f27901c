import { SourceMap } from 'node:module'
import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte'
import { expect, test } from 'vitest'
import { gotoLive, inChromium, openPage, shownImages } from '../support/browser.ts'
import { candidatesOf, componentProject, elementsIn, render } from '../support/components.ts'
import { startDev } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import type { Project } from '../support/project.ts'

const COMPONENT = `<script lang="ts">
  import hero from './a.jpg?w=77'
  let { wide = true }: { wide?: boolean } = $props()
  const list: string[] = ['x', 'y']
</script>
<svelte:head><meta property="og:image" content="./a.jpg?w=110&format=jpeg" /></svelte:head>
<main>
  <img id="one" src="./a.jpg?w=32" alt="one">
  <img id="set" src="./a.jpg?w=40;80&format=webp" alt="set" sizes={wide ? '40px' : '80px'} class:wide />
  {#if list.length > 1}
    {#each list as item (item)}
      <img class="many" src="./a.jpg?w=50;100&format=avif;webp;jpeg&placeholder=lqip" alt={item as string} sizes="50px" style="color: red" onload={() => {}}>
    {/each}
  {/if}
  <img id="dense" srcset="./a.jpg?w=60 1x, ./a.jpg?w=120 2x" src="@/a.jpg?w=60" alt="dense">
  <img id="bound" src={hero.src} alt="bound"><img id="spread" {...hero.img} alt="spread">
  <p class="bg">text</p>
  <video poster="./a.jpg?w=70"></video>
</main>
<style lang="scss">
$x: red;
// a comment that's no CSS
.bg { color: $x; background: url(./a.jpg?w=90&format=avif;webp); }
</style>
`
const FILES = {
  'main.js': "import { mount } from 'svelte'\nimport App from './App.svelte'\nmount(App, { target: document.querySelector('#app') })",
  'server.js':
    "import { render as renderComponent } from 'svelte/server'\nimport App from './App.svelte'\nexport const render = () => {\n  const { head, body } = renderComponent(App)\n  return head + body\n}",
}
const plugins = (preprocess = [vitePreprocess({ script: true })]) => [svelte({ configFile: false, preprocess, onwarn: () => undefined })]

function app(component = COMPONENT): Promise<Project> {
  return componentProject(['svelte', 'sass'], { ...FILES, 'App.svelte': component })
}

test.each([true, false])('the markup and the styles of a component get their images (our plugin first: %s)', async (first) => {
  const { root } = await app()
  const { html, files, widthOf } = await render(root, plugins, { first, config: { resolve: { alias: { '@': root } } } })
  expect(html).not.toMatch(/imagemill/i)
  expect(await widthOf(elementsIn(html, 'meta')[0]?.['content'])).toBe(110)
  const images = elementsIn(html, 'img')
  const byId = Object.fromEntries(images.map((each) => [each['id'], each]))
  expect(byId['one']).toMatchObject({ width: '32', height: '21' })
  expect(await widthOf(byId['one']?.['src'])).toBe(32)
  expect(byId['set']).toMatchObject({ width: '80', height: '53', sizes: '40px', class: 'wide' })
  const candidates = candidatesOf(byId['set']?.['srcset'])
  expect(await Promise.all(candidates.map(async ([address, descriptor]) => [await widthOf(address), descriptor]))).toEqual([
    [40, '40w'],
    [80, '80w'],
  ])
  const pictures = html.match(
    /<picture><source type="image\/avif" srcset="\S+\.avif 50w, \S+\.avif 100w" sizes="50px"\/><source type="image\/webp" [^>]*><img [^>]*class="many"[^>]*><\/picture>/g,
  )
  expect(pictures).toHaveLength(2)
  expect(images.find((each) => each['class'] === 'many')?.['style']).toMatch(/^background:.*url\(data:image\/webp;.*; color: red$/)
  expect(await widthOf(candidatesOf(byId['dense']?.['srcset'])[1]?.[0])).toBe(120)
  expect(await widthOf(byId['dense']?.['src'])).toBe(60)
  expect(await widthOf(byId['bound']?.['src'])).toBe(77)
  expect(byId['spread']).toMatchObject({ src: byId['bound']?.['src'], width: '77' })
  expect(await widthOf(elementsIn(html, 'video')[0]?.['poster'])).toBe(70)
  const css = String([...files].find(([name]) => name.endsWith('.css'))?.[1])
  for (const name of [/a-90-[\w-]{8}\.avif/, /a-90-[\w-]{8}\.webp/]) expect(await widthOf(`assets/${name.exec(css)?.[0]}`)).toBe(90)
  const script = String([...files].find(([name]) => name.endsWith('.js'))?.[1])
  for (const { src = '' } of images) expect(script).toContain(src)
})

test('styles that no preprocessor has seen have their images, too', async () => {
  const { root } = await app('<p class="bg">text</p>\n<style>\n.bg { background: url(./a.jpg?w=90) }\n</style>\n')
  const { files, widthOf } = await render(root, () => plugins([]))
  const css = String([...files].find(([name]) => name.endsWith('.css'))?.[1])
  expect(await widthOf(`assets/${/a-90-[\w-]{8}\.jpeg/.exec(css)?.[0]}`)).toBe(90)
})

test('a relative base and lines of the source survive', async () => {
  const { root } = await app(
    '<script>\n  function fail() {\n    return globalThis.missing?.()\n  }\n</script>\n<img src="./a.jpg?w=40;80&format=webp" alt=""><b>{fail()}</b>\n',
  )
  const { files } = await render(root, plugins, { config: { base: './', build: { sourcemap: true, minify: false } } })
  const [name = '', script = ''] = [...files].map(([path, bytes]) => [path, String(bytes)]).find(([path]) => path?.endsWith('.js')) ?? []
  expect(script).toMatch(/`<img srcset="\$\{"" \+ new URL\("a-40-[\w-]{8}\.webp", import\.meta\.url\)\.href\} 40w, \$\{/)
  const lines = script.split('\n')
  const line = lines.findIndex((text) => text.includes('globalThis.missing'))
  const column = lines[line]?.indexOf('globalThis') ?? 0
  const map = new SourceMap(JSON.parse(String(files.get(`${name}.map`))))
  expect(map.findEntry(line, column)).toMatchObject({ originalSource: '../../App.svelte', originalLine: 2 })
})

test.each([
  ['a wrong directive', '<img src="./a.jpg?w=40&hight=2" alt="">', /unknown directive `hight`[\s\S]*App\.svelte:2:9/],
  [
    'a placeholder beside a style that is not known',
    '<img src="./a.jpg?w=40&placeholder=lqip" style={x} alt="">',
    /has to be plain text[\s\S]*App\.svelte:2:9/,
  ],
  ['a syntax error', '<img src="./a.jpg?w=40" alt="">{#if}', /App\.svelte[\s\S]*(?:expected|Expected|Unexpected)/],
])('%s fails the build, with its place', async (_, markup, message) => {
  const { root } = await app(`\n<p>${markup}</p>\n`)
  await expect(render(root, plugins)).rejects.toThrow(message)
})

inChromium(() => {
  test('the dev server shows the images and follows them', async () => {
    const { root, write } = await app()
    const dev = await startDev(root, {
      config: {
        base: '/sub/',
        resolve: { alias: { '@': root } },
        plugins: plugins(),
        optimizeDeps: { noDiscovery: true, include: ['svelte'] },
      },
    })
    const { page, faults } = await openPage()
    await gotoLive(page, `${dev.origin}/sub/`)
    await page.waitForSelector('#spread')
    expect((await shownImages(page)).map(({ naturalWidth }) => naturalWidth)).toEqual([32, 40, 50, 50, 60, 77, 77])
    expect(await page.evaluate(() => getComputedStyle(document.querySelector('.bg') ?? document.body).backgroundImage)).toMatch(/\.avif"/)
    expect(faults).toEqual([])
    write('a.jpg', await jpeg(300, 300, 3))
    await expect.poll(() => page.getAttribute('#one', 'height'), { timeout: 10_000 }).toBe('32')
    expect((await shownImages(page))[0]?.naturalWidth).toBe(32)
  })
})
