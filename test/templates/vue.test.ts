import { SourceMap } from 'node:module'
import vue from '@vitejs/plugin-vue'
import { expect, test } from 'vitest'
import { gotoLive, inChromium, openPage, shownImages } from '../support/browser.ts'
import { candidatesOf, componentProject, elementsIn, render } from '../support/components.ts'
import { startDev } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import type { Project } from '../support/project.ts'

const COMPONENT = `<script setup>
import hero from './a.jpg?w=77'
const wide = true
const list = ['x', 'y']
</script>
<template>
  <main>
    <img id="one" src="./a.jpg?w=32" alt="one">
    <img id="set" src="./a.jpg?w=40;80&amp;format=webp" alt="set" :sizes="wide ? '40px' : '80px'" />
    <img v-if="!wide" src="./a.jpg?w=51" alt="not shown">
    <img v-else id="formats" src="./a.jpg?w=50;100&format=avif;webp;jpeg&placeholder=lqip" alt="formats" sizes="50px" style="color: red">
    <img v-for="item of list" :key="item" class="many" src="./a.jpg?w=33&format=webp;jpeg" :alt="item" :width="20">
    <img id="dense" srcset="./a.jpg?crop=10%,10%,50%,50%&w=60 1x, ./a.jpg?w=120 2x" src="@/a.jpg?w=60" alt="dense">
    <img id="bound" :src="hero.src" alt="bound"><img id="spread" v-bind="hero.img" alt="spread">
    <p class="bg" :class="$style.other">text</p>
    <video poster="./a.jpg?w=70"></video>
    <img id="plain" src="./a.jpg" alt="plain">
    <Unknown src="./a.jpg?w=32" />
  </main>
</template>
<style scoped>
.bg { background: url(./a.jpg?w=90&format=avif;webp) }
</style>
<style module lang="scss">
.other { & b { background: url('./a.jpg?w=91') } }
</style>
`
const FILES = {
  'App.vue': COMPONENT,
  'main.js': "import { createSSRApp } from 'vue'\nimport App from './App.vue'\ncreateSSRApp(App).mount('#app')",
  'server.js':
    "import { createSSRApp } from 'vue'\nimport { renderToString } from 'vue/server-renderer'\nimport App from './App.vue'\nexport const render = () => renderToString(createSSRApp(App))",
}
const PACKAGES = ['vue', 'sass']
const plugins = () => [vue({ template: { compilerOptions: { isCustomElement: (tag) => tag === 'Unknown' } } })]

function app(component = COMPONENT): Promise<Project> {
  return componentProject(PACKAGES, { ...FILES, 'App.vue': component })
}

test.each([true, false])('the markup and the styles of a component get their images (our plugin first: %s)', async (first) => {
  const { root } = await app()
  const { html, files, widthOf } = await render(root, plugins, { first, config: { resolve: { alias: { '@': root } } } })
  expect(html).not.toMatch(/imagemill/i)
  const [one, set, formats, ...rest] = elementsIn(html, 'img')
  expect(one).toMatchObject({ id: 'one', width: '32', height: '21' })
  expect(await widthOf(one?.['src'])).toBe(32)
  expect(set).toMatchObject({ id: 'set', width: '80', height: '53', sizes: '40px' })
  const candidates = candidatesOf(set?.['srcset'])
  expect(await Promise.all(candidates.map(async ([address, descriptor]) => [await widthOf(address), descriptor]))).toEqual([
    [40, '40w'],
    [80, '80w'],
  ])
  expect(formats).toMatchObject({
    id: 'formats',
    sizes: '50px',
    style: expect.stringMatching(/^background:.*url\(data:image\/webp;.*;color:red;?$/),
  })
  expect(html).toMatch(
    /<picture[^>]*><source type="image\/avif" srcset="\S+\.avif 50w, \S+\.avif 100w" sizes="50px"[^>]*><source type="image\/webp" [^>]*><img [^>]*id="formats"/,
  )
  expect(
    html.match(/<picture[^>]*><source type="image\/webp" srcset="\S+a-33-\S+\.webp"[^>]*><img [^>]*class="many"[^>]*><\/picture>/g),
  ).toHaveLength(2)
  const byId = Object.fromEntries(rest.map((each) => [each['id'], each]))
  expect(await widthOf(candidatesOf(byId['dense']?.['srcset'])[1]?.[0])).toBe(120)
  expect(await widthOf(byId['dense']?.['src'])).toBe(60)
  expect(await widthOf(byId['bound']?.['src'])).toBe(77)
  expect(byId['spread']).toMatchObject({ src: byId['bound']?.['src'], width: '77' })
  expect(byId['plain']?.['src']).toMatch(/^\/assets\/a-[\w-]{8}\.jpg$/)
  expect(elementsIn(html, 'Unknown')[0]).toMatchObject({ src: './a.jpg?w=32' })
  expect(await widthOf(elementsIn(html, 'video')[0]?.['poster'])).toBe(70)
  const css = String([...files].find(([name]) => name.endsWith('.css'))?.[1])
  for (const name of [/a-90-[\w-]{8}\.avif/, /a-90-[\w-]{8}\.webp/, /a-91-[\w-]{8}\.jpeg/])
    expect(await widthOf(`assets/${name.exec(css)?.[0]}`)).toBe(Number(/\d+/.exec(name.source)?.[0]))
  // The client has the same addresses, and each was made once.
  const script = String([...files].find(([name]) => name.endsWith('.js'))?.[1])
  for (const { src = '' } of elementsIn(html, 'img')) expect(script).toContain(src)
})

test('a relative base, an inlined image and lines of the source survive', async () => {
  const { root } = await app(
    '<template>\n<div>\n<img src="./a.jpg?w=40;80" alt="">\n<img src="./a.jpg?w=20&inline" alt="">{{ fail() }}</div>\n</template>\n<script setup>\nfunction fail() {\n  return globalThis.missing?.()\n}\n</script>\n',
  )
  const { files } = await render(root, plugins, { config: { base: './', build: { sourcemap: true, minify: false } } })
  const [name = '', script = ''] = [...files].map(([path, bytes]) => [path, String(bytes)]).find(([path]) => path?.endsWith('.js')) ?? []
  expect(script).toMatch(/srcset: "" \+ new URL\("a-40-[\w-]{8}\.jpeg", import\.meta\.url\)\.href \+ " 40w, "/)
  expect(script).toContain('data:image/jpeg;base64,')
  const lines = script.split('\n')
  const line = lines.findIndex((text) => text.includes('globalThis.missing'))
  const column = lines[line]?.indexOf('globalThis') ?? 0
  const map = new SourceMap(JSON.parse(String(files.get(`${name}.map`))))
  expect(map.findEntry(line, column)).toMatchObject({ originalSource: '../../App.vue', originalLine: 7 })
})

test.each([
  ['a wrong directive', '<img src="./a.jpg?w=40&hight=2" alt="">', /unknown directive `hight`[\s\S]*App\.vue:2:9/],
  ['a missing file', '<img src="./gone.jpg?w=40" alt="">', /gone\.jpg[\s\S]*does not exist[\s\S]*App\.vue:2:9/],
  [
    'several formats for a poster',
    '<video poster="./a.jpg?w=40&format=avif;webp"/>',
    /\] a\.jpg\?w=40&format=avif;webp: <video> takes one file[\s\S]*App\.vue:2:11/,
  ],
  [
    'a syntax error',
    '<div><img src="./a.jpg?w=40" alt=""</div></i>',
    /App\.vue[\s\S]*(?:Attribute|Invalid end tag|Illegal|Unquoted|Element is missing)/i,
  ],
])('%s fails the build, with its place', async (_, markup, message) => {
  const { root } = await app(`<template>\n<p>${markup}</p>\n</template>\n`)
  await expect(render(root, plugins)).rejects.toThrow(message)
})

test('what is in another language or only known later stays as it is', async () => {
  const { root } = await app(
    '<script setup>\nconst name = "a"\n</script>\n<template>\n<img :src="`./${name}.jpg?w=40`" alt=""><img v-bind:src="\'./a.jpg?w=41\'" alt=""><img src="https://elsewhere.test/a.jpg?w=42" alt=""><img src="missing/a.jpg?v=2" alt="">\n</template>\n',
  )
  const { html } = await render(root, () => [vue({ template: { transformAssetUrls: false } })])
  expect(elementsIn(html, 'img').map(({ src }) => src)).toEqual([
    './a.jpg?w=40',
    './a.jpg?w=41',
    'https://elsewhere.test/a.jpg?w=42',
    'missing/a.jpg?v=2',
  ])
})

inChromium(() => {
  test('the dev server shows the images and follows them', async () => {
    const { root, write } = await app()
    const dev = await startDev(root, {
      config: {
        base: '/sub/',
        resolve: { alias: { '@': root } },
        plugins: plugins(),
        optimizeDeps: { noDiscovery: true, include: ['vue'] },
      },
    })
    const { page, faults } = await openPage()
    await gotoLive(page, `${dev.origin}/sub/`)
    await page.waitForSelector('#plain')
    const shown = await shownImages(page)
    expect(shown.map(({ naturalWidth }) => naturalWidth)).toEqual([32, 40, 50, 33, 33, 60, 77, 77, 300])
    expect(await page.evaluate(() => getComputedStyle(document.querySelector('.bg') ?? document.body).backgroundImage)).toMatch(/\.avif"/)
    expect(faults.filter((fault) => !fault.includes('Unknown'))).toEqual([])
    write('a.jpg', await jpeg(300, 300, 3))
    const ratio = (): Promise<string | null> => page.getAttribute('#one', 'height')
    await expect.poll(ratio, { timeout: 10_000 }).toBe('32')
    expect((await shownImages(page))[0]?.naturalWidth).toBe(32)
  })
})
