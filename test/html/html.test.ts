import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HtmlValidate } from 'html-validate'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { gotoLive, inChromium, openPage, shownImages } from '../support/browser.ts'
import { VITE_NAMES, buildVite } from '../support/build.ts'
import { startDev } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'
import { WAYS, siteAt } from '../support/serve-built.ts'

const page = (body: string, head = ''): string =>
  `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Images</title>\n<link rel="icon" href="data:,">\n${head}\n</head>\n<body>\n${body}\n</body>\n</html>\n`

const BODY = `<img id="one" src="./img/hero.jpg?w=80;160&format=webp" alt="one" sizes="80px">
<img id="formats" src="img/hero.jpg?w=80;160&amp;format=avif;webp;jpeg" alt="formats" sizes="100px" class="wide">
<img id="picture" src='/img/hero.jpg?w=60&format=webp;png&as=picture' alt="picture" height="40">
<picture><source srcset="./img/hero.jpg?w=50;100&format=avif;webp" media="(min-width: 1px)" sizes="50px"><img id="source" src="./img/hero.jpg?w=50" alt="source"></picture>
<img id="set" srcset="./img/hero.jpg?crop=10%,10%,50%,50%&w=30 1x, ./img/hero.jpg?w=60 2x" src="./img/hero.jpg?w=30" alt="set">
<div id="styled" style="height: 20px; background: url('./img/hero.jpg?w=90&format=avif;webp') center">text</div>
<video id="video" poster="./img/hero.jpg?w=70"></video>
<img id="public" src="/pub.jpg?w=33" alt="public">
<img id="inline" src="./img/hero.jpg?w=20&inline" alt="inline">
<img id="plain" src="./img/hero.jpg" alt="plain">
<img id="other" src="./img/hero.jpg?v=2" alt="not ours">
<template><img src="./img/hero.jpg?w=21" alt="in a template"></template>`
const HEAD = `<meta property="og:image" content="./img/hero.jpg?w=120&format=jpeg">
<link rel="preload" as="image" href="./img/hero.jpg?w=80;160&format=webp" imagesizes="80px">`

async function site(body = BODY, head = HEAD): Promise<Project> {
  return project({
    'index.html': page(body, head),
    'deep/page.html': page('<img id="up" src="../img/hero.jpg?w=44&format=webp" alt="up">'),
    'img/hero.jpg': await jpeg(300, 200),
    'public/pub.jpg': await jpeg(66, 44, 2),
  })
}

const BASES = ['/', '/sub/', './'] as const

test('a link to an image leads to the file that is made, one of the site stays as it is', async () => {
  const body = `<a id="a" href="./img/hero.jpg?w=110">large</a> <a id="b" href="/api/hero.jpg?w=110">other</a>
<object data="./img/hero.jpg?w=111" type="image/jpeg"></object> <embed src="./img/hero.jpg?w=112" type="image/jpeg">`
  const { root } = await site(body, '')
  const files = await buildVite(root)
  const html = String(files.get('index.html'))
  expect(html).toContain('href="/api/hero.jpg?w=110"')
  for (const [pattern, width] of [
    [/id="a" href="\/([^"]*)"/, 110],
    [/<object data="\/([^"]*)"/, 111],
    [/<embed src="\/([^"]*)"/, 112],
  ] as const)
    expect(await sharp(files.get(pattern.exec(html)?.[1] ?? '')).metadata()).toMatchObject({ width })
})

describe.each(VITE_NAMES)('%s', (version) => {
  test.each(BASES)('builds pages with the images that they name, base %s', async (base) => {
    const { root } = await site()
    const input = [join(root, 'index.html'), join(root, 'deep/page.html')]
    const files = await buildVite(root, { version, config: { base, build: { assetsInlineLimit: 0, rollupOptions: { input } } } })
    const html = String(files.get('index.html'))
    const prefix = base === './' ? './' : base
    expect(html).not.toMatch(/imagemill|\?w=/i)
    for (const [, address = ''] of html.matchAll(/(?:src|poster|content|href)="([^"]*assets\/[^"]*)"/g)) {
      expect(address.startsWith(`${prefix}assets/`)).toBe(true)
      expect([...files.keys()]).toContain(address.slice(prefix.length).replace('?v=2', ''))
    }
    const [, first, second] = /srcset="(\S+) 80w, (\S+) 160w" width="160" height="107"/.exec(html) ?? []
    const sizes = await Promise.all(
      [first, second].map(async (name = '') => (await sharp(files.get(name.slice(prefix.length))).metadata()).width),
    )
    expect(sizes).toEqual([80, 160])
    expect(String(files.get('deep/page.html'))).toContain(`src="${base === './' ? '../' : base}assets/hero-44-`)
  })
})

test('a built page is valid HTML, keeps what it had, and every place gets what it can hold', async () => {
  const { root } = await site()
  const files = await buildVite(root, { config: { build: { assetsInlineLimit: 0 } } })
  const html = String(files.get('index.html'))
  const { results } = await new HtmlValidate({ extends: ['html-validate:standard'], rules: { 'no-inline-style': 'off' } }).validateString(
    html,
  )
  expect(results.flatMap(({ messages }) => messages.map(({ message, line }) => `${line}: ${message}`))).toEqual([])
  expect(html).toMatch(
    /<picture><source type="image\/avif" srcset="\S+ 80w, \S+ 160w" sizes="100px"><source type="image\/webp"[^>]*><img [^>]*srcset="\S+\.jpeg 80w, \S+\.jpeg 160w"[^>]*class="wide"><\/picture>/,
  )
  expect(html).toMatch(
    /<picture><source type="image\/webp" srcset="\S+\.webp"><img id="picture" src='?"?\S+\.png"? alt="picture" height="40"><\/picture>/,
  )
  expect(html).toMatch(
    /<picture><source type="image\/avif" srcset="\S+ 50w, \S+ 100w" media="\(min-width: 1px\)" sizes="50px"><source type="image\/webp" [^>]*><img/,
  )
  expect(html).toMatch(
    /background: url\(&quot;\S+\.webp&quot;\) center; background: image-set\(url\(&quot;\S+\.avif&quot;\) type\(&quot;image\/avif&quot;\)/,
  )
  expect(html).toMatch(/<link[^>]*imagesrcset="\S+ 80w, \S+ 160w"/)
  expect(html).toMatch(/property="og:image" content="\/assets\/hero-120-\S+\.jpeg"/)
  expect(html).toMatch(/<template><img [^>]*src="\/assets\/hero-21-/)
  expect(html).toMatch(/<img id="plain" src="\/assets\/hero-[^"?]*\.jpg"/)
  const manifest = JSON.parse(String(files.get('.vite/imagemill.json')))
  expect(Object.keys(manifest)).toContain('img/hero.jpg?format=webp&w=80;160')
})

test('`renderBuiltUrl` and `assetFileNames` decide where the images of a page are', async () => {
  const { root } = await site('<img src="./img/hero.jpg?w=80" alt="one">', '')
  const files = await buildVite(root, {
    config: {
      build: { rollupOptions: { output: { assetFileNames: 'pics/[name].[hash][extname]' } } },
      experimental: { renderBuiltUrl: (name, { hostType }) => `https://cdn.test/${hostType}/${name}` },
    },
  })
  expect(String(files.get('index.html'))).toMatch(/src="https:\/\/cdn\.test\/html\/pics\/hero-80\.[\w-]{8}\.jpeg"/)
  expect([...files.keys()].filter((name) => name.startsWith('pics/'))).toHaveLength(1)
})

test.each([
  ['an unknown directive', '<p>\n<img src="./img/hero.jpg?w=80&hight=3" alt="">', /unknown directive `hight`[\s\S]*index\.html:11:\d+/],
  ['a missing file', '<img src="./img/gone.jpg?w=80" alt="">', /img\/gone\.jpg[\s\S]*does not exist[\s\S]*index\.html:10:6/],
  [
    'several formats for a poster',
    '<video poster="./img/hero.jpg?w=80&format=avif;webp"></video>',
    /<video> takes one file[\s\S]*index\.html:10:8/,
  ],
  ['several files beside another candidate', '<img srcset="./img/hero.jpg?w=80;90 1x, b.png 2x" alt="">', /beside other candidates/],
  ['widths in a style', '<p style="background: url(./img/hero.jpg?w=80;160)">', /cannot choose by width/],
])('%s fails the build, with the place', async (_, body, message) => {
  const { root } = await site(body, '')
  await expect(buildVite(root)).rejects.toThrow(message)
})

test('what is not ours or not known yet stays as it is', async () => {
  const body = [
    '<img src="https://elsewhere.test/a.jpg?w=80" alt="">',
    '<img src="{{ photo }}.jpg?w=80" alt="">',
    '<a href="/download/hero.jpg?w=80">link</a>',
    '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="">',
    '<IMG SRC="https://elsewhere.test/b.jpg" src="./img/hero.jpg?w=80" alt="twice">',
  ].join('\n')
  const { root } = await site(body, '')
  const html = String((await buildVite(root)).get('index.html'))
  for (const line of body.split('\n').slice(0, 4)) expect(html).toContain(line)
  expect(html).toContain('SRC="https://elsewhere.test/b.jpg" src="./img/hero.jpg?w=80"')
})

test("`onError: 'warn'` shows the source of an image that cannot be made", async () => {
  const { root, write } = await site('<img src="./img/broken.jpg?w=80" alt="">', '')
  write('img/broken.jpg', readFileSync(join(root, 'img/hero.jpg')).subarray(0, 900))
  const files = await buildVite(root, { options: { onError: 'warn' } })
  const [, name = ''] = /src="\/([^"]+)"/.exec(String(files.get('index.html'))) ?? []
  expect(files.get(name)).toEqual(readFileSync(join(root, 'img/broken.jpg')))
})

inChromium(() => {
  test.each(WAYS)('every image of a page is shown in %s', async (way) => {
    const { root } = await site()
    const url = await siteAt(way, root, { config: { base: '/sub/' } })
    const { page: tab, faults } = await openPage()
    await tab.goto(url)
    const shown = await shownImages(tab)
    expect(shown.map(({ naturalWidth }) => naturalWidth)).toEqual([80, 100, 60, 50, 30, 33, 20, 300, 300])
    const background = await tab.evaluate(() => getComputedStyle(document.querySelector('#styled') ?? document.body).backgroundImage)
    expect(background).toMatch(/^image-set\(url\("http\S+\.avif"\)/)
    expect(faults).toEqual([])
  })

  test('a page of the dev server follows its image', async () => {
    const { root, write } = await site('<img src="./img/hero.jpg?w=80&format=webp" alt="one">', '')
    const dev = await startDev(root)
    const { page: tab } = await openPage()
    await gotoLive(tab, dev.origin)
    const height = (): Promise<number> => tab.evaluate(() => document.querySelector('img')?.naturalHeight ?? 0).catch(() => 0)
    await expect.poll(height).toBe(53)
    write('img/hero.jpg', await jpeg(300, 300, 3))
    await expect.poll(height, { timeout: 10_000 }).toBe(80)
  })
})
