import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type * as vite from 'vite'
import { cssEdits, findUrls } from '../../src/module/css.ts'
import { joinEdits } from '../../src/module/edits.ts'
import { gotoLive, inChromium, openPage } from '../support/browser.ts'
import { VITE_NAMES, buildVite } from '../support/build.ts'
import { startDev } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'
import { WAYS, siteAt } from '../support/serve-built.ts'

const CLASSES = ['plain', 'choice', 'sharp', 'imported', 'sass', 'partial', 'less', 'module', 'inline', 'aliased', 'public', 'far']

async function site(extra: Record<string, string> = {}): Promise<Project> {
  return project({
    'index.html': `<!doctype html><link rel="icon" href="data:,"><style>.inline { background: url(./img/bg.jpg?w=41&format=webp) }</style>
${CLASSES.map((name) => `<p class="${name}">${name}</p>`).join('')}<script type="module" src="/main.js"></script>`,
    'main.js':
      "import './styles/main.css'\nimport './styles/main.scss'\nimport './styles/main.less'\nimport './styles/only-imports.css'\nimport { module } from './styles/box.module.css'\ndocument.querySelector('.module').classList.add(module)\ndocument.body.dataset.ready = 'yes'\n",
    'styles/main.css': `@import './more/imported.css';
/* url(./gone.jpg?w=1) */
.plain { background: #ccc url(../img/bg.jpg?w=30&format=webp) no-repeat; content: "url(x.jpg?w=1)" }
.choice{background-image:url("../img/bg.jpg?w=60&format=avif;webp;jpeg")}
.sharp { background-image: image-set("../img/bg.jpg?w=31&format=webp" 1x, url('../img/bg.jpg?w=62&format=webp') 2x); }
.aliased { background: url('@img/bg.jpg?w=36&format=webp') }
.public { background: url(/pub.jpg?w=37&format=webp) }
.other { background: url(../img/bg.jpg) }`,
    'styles/only-imports.css': "@import './more/far.css';",
    'styles/more/far.css': '.far { background: url(../../img/bg.jpg?w=43&format=webp) }',
    'styles/more/imported.css': '.imported { background: url(../../img/bg.jpg?w=20&densities=1;2&format=webp) }',
    'styles/main.scss':
      "@use './parts/partial';\n$width: 33;\n// url(./gone.jpg?w=1)\n.sass { &:not(a) { background: url('../img/bg.jpg?w=#{$width}&format=webp'); } }\n",
    'styles/parts/_partial.scss': ".partial { background: url('../../img/bg.jpg?w=34&format=webp'); }\n",
    'styles/main.less': ".less { background: url('../img/bg.jpg?w=35&format=webp'); }\n",
    'styles/box.module.css': '.module { background: url(../img/bg.jpg?w=39&format=webp) }',
    'img/bg.jpg': await jpeg(300, 200),
    'public/pub.jpg': await jpeg(100, 50, 2),
    ...extra,
  })
}

const config = (root: string, more: vite.InlineConfig = {}): vite.InlineConfig => ({
  resolve: { alias: { '@img': join(root, 'img') } },
  ...more,
  // A minifier leaves out fallbacks that its targets do not need.
  build: { assetsInlineLimit: 0, cssMinify: false, ...more.build },
})

const cssOf = (files: Map<string, Buffer>): string =>
  [...files].flatMap(([name, bytes]) => (name.endsWith('.css') ? [String(bytes)] : [])).join('\n')

describe.each(VITE_NAMES)('%s', (version) => {
  test.each(['/', './'])('style sheets of every kind get their images, base %s', async (base) => {
    const { root } = await site()
    const files = await buildVite(root, { version, config: config(root, { base, build: { manifest: true } }) })
    const css = (cssOf(files) + String(files.get('index.html'))).replace(/\/\*.*?\*\//g, '')
    expect(css).not.toMatch(/imagemill|gone|\?w=(?!1\))/i)
    // Vite's own record names every image of the sheets: frameworks move the files that it lists.
    const listed: unknown = JSON.parse(String(files.get('.vite/manifest.json')))
    const record = JSON.stringify(listed)
    for (const [, name = ''] of cssOf(files).matchAll(/(bg-\d+-[\w-]{8}\.\w+)/g)) expect(record).toContain(name)
    const widths = await Promise.all(
      [...css.matchAll(/url\(["']?(?:\.\/)?((?:\/)?[^"')]*\.webp)["']?\)/g)].map(async ([, address = '']) => {
        const file = files.get(address.startsWith('/') ? address.slice(1) : address.startsWith('assets/') ? address : `assets/${address}`)
        return (await sharp(file).metadata()).width
      }),
    )
    expect(new Set(widths)).toEqual(new Set([20, 40, 30, 60, 31, 62, 33, 34, 35, 36, 37, 39, 41, 43]))
    expect(css).toMatch(
      /\.choice\s*\{\s*background-image:\s*url\([^)]*\.jpeg["']?\);\s*background-image:\s*image-set\(url\([^)]*\.avif["']?\)\s*(?:1x )?type\(["']image\/avif["']\)/,
    )
    expect(css).toMatch(/image-set\(url\([^)]*\.webp["']?\)\s*1x\s+type/)
    expect([...files.keys()].filter((name) => /bg-[\w-]{8}\.jpg$/.test(name))).toHaveLength(1)
  })
})

test('with Lightning CSS as transformer the sheets of the project get their images', async () => {
  const { root } = await site({ 'main.js': "import './styles/main.css'\n" })
  writeFileSync(join(root, 'styles/more/imported.css'), '.imported { color: red }')
  const files = await buildVite(root, { config: config(root, { css: { transformer: 'lightningcss' } }) })
  const css = cssOf(files)
  expect(css).not.toMatch(/imagemill|\?w=(?!1\))/i)
  expect(css).toMatch(/url\([^)]*bg-30-[^)]*\.webp/)
})

test("the user's own PostCSS plugins still run, from a configuration file and from Vite's", async () => {
  const red =
    "({ postcssPlugin: 'red', Declaration: (node) => { if (node.value === '#ccc url(../img/bg.jpg?w=30&format=webp) no-repeat') node.prop = 'background' ; if (node.prop === 'color') node.value = 'red' } })"
  const { root } = await site({ 'postcss.config.js': `export default { plugins: [${red}] }\n` })
  writeFileSync(join(root, 'styles/more/imported.css'), '.imported { color: blue }')
  expect(cssOf(await buildVite(root, { config: config(root) }))).toMatch(/\.imported\s*\{\s*color:\s*red/)
  const green = {
    postcssPlugin: 'green',
    Declaration: (node: { prop: string; value: string }) => void (node.prop === 'color' && (node.value = 'green')),
  }
  const css = cssOf(await buildVite(root, { config: config(root, { css: { postcss: { plugins: [green] } } }) }))
  expect(css).toMatch(/\.imported\s*\{\s*color:\s*green/)
  expect(css).not.toContain('?w=30')
})

test('a broken configuration of PostCSS is told by Vite, and only where there are style sheets', async () => {
  const { root, write } = await site({ 'postcss.config.js': "throw new Error('broken on purpose')\n" })
  await expect(buildVite(root, { config: config(root) })).rejects.toThrow(/Failed to load PostCSS config[\s\S]*broken on purpose/)
  write('index.html', '<!doctype html><script type="module" src="/main.js"></script>')
  write('main.js', 'console.log(1)\n')
  expect([...(await buildVite(root, { config: config(root) })).keys()]).toContain('index.html')
})

test.each([
  [
    'an unknown directive',
    '.a { color: red; background: url(../img/bg.jpg?hight=3&w=3) }',
    /unknown directive `hight`[\s\S]*styles\/main\.css:1:/,
  ],
  ['a missing file', '.a {\n  background: url(../img/gone.jpg?w=3)\n}', /img\/gone\.jpg[\s\S]*does not exist[\s\S]*styles\/main\.css:2:/],
  ['a choice of widths', '.a { background: url(../img/bg.jpg?w=30;60) }', /cannot choose by width/],
  ['a choice within image-set()', '.a { background: image-set("../img/bg.jpg?w=30&format=avif;webp" 1x) }', /within image-set\(\)/],
])('%s fails the build, with the place', async (_, css, message) => {
  const { root } = await site({ 'main.js': "import './styles/main.css'\n", 'styles/main.css': css })
  await expect(buildVite(root, { config: config(root) })).rejects.toThrow(message)
})

test.each([
  ['a{background:url(a.jpg?w=1)}', 'a{background:url("A")}'],
  ['a{background:url( "a.jpg?w=1" ) , url(b.png)}', 'a{background:url("A") , url(b.png)}'],
  ['a{b:url(x\\.jpg?w=1);c:url(a.jpg?w\\3d\\31)}', 'a{b:url(x\\.jpg?w=1);c:url("A")}'],
  ['/* url(a.jpg?w=1) */ a{b:"url(a.jpg?w=1)"}', '/* url(a.jpg?w=1) */ a{b:"url(a.jpg?w=1)"}'],
  ['a{b:url(m.jpg?w=1&x;y) top}', 'a{b:url("M1") top;b:image-set(url("M2") type("image/avif"), url("M1") type("image/webp")) top}'],
  [
    'a{color:red;--b:var(--c, url(m.jpg?w=1&x;y))}',
    'a{color:red;--b:var(--c, url("M1"));--b:var(--c, image-set(url("M2") type("image/avif"), url("M1") type("image/webp")))}',
  ],
  ['a{b:url(a.jpg?w=1', 'a{b:url(a.jpg?w=1'],
])('%s becomes %s', (css, expected) => {
  const one = (address: string, type = 'image/webp') => ({ type, candidates: [{ address, descriptor: '1w' }] })
  const images = new Map([
    ['a.jpg?w=1', { groups: [one('A')] }],
    ['m.jpg?w=1&x;y', { groups: [one('M2', 'image/avif'), one('M1')] }],
  ])
  const refuse = (): never => expect.fail('refused')
  expect(
    joinEdits(
      css,
      cssEdits(css, findUrls(css), (url) => images.get(url), refuse),
    ),
  ).toBe(expected)
})

inChromium(() => {
  test.each(WAYS)('every background of the page is shown in %s', async (way) => {
    const { root } = await site()
    const url = await siteAt(way, root, { config: config(root, { base: '/sub/' }) })
    const { page, faults } = await openPage()
    await page.goto(url)
    await page.waitForSelector('body[data-ready]')
    const widths = await page.evaluate(async (names) => {
      const widthOf = async (name: string): Promise<number> => {
        const style = getComputedStyle(document.querySelector(`.${name}`) ?? document.body).backgroundImage
        const [, address = ''] = /url\("([^"]+)"\)/.exec(style) ?? []
        const image = Object.assign(new Image(), { src: address })
        await image.decode()
        return image.naturalWidth
      }
      return Promise.all(names.map(widthOf))
    }, CLASSES)
    expect(widths).toEqual([30, 60, 31, 20, 33, 34, 35, 39, 41, 36, 37, 43])
    expect(faults).toEqual([])
  })

  test('a background of the dev server follows its image', async () => {
    const { root, write } = await site()
    const dev = await startDev(root, { config: config(root) })
    const { page } = await openPage()
    await gotoLive(page, dev.origin)
    await page.waitForSelector('body[data-ready]')
    const background = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.querySelector('.plain') ?? document.body).backgroundImage).catch(() => '')
    const before = await background()
    write('img/bg.jpg', await jpeg(300, 300, 3))
    await expect.poll(background, { timeout: 10_000 }).not.toBe(before)
  })
})
