import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { resolveOptions } from '../../src/plugin/options.ts'
import { buildVite } from '../support/build.ts'
import { allowing, cdn } from '../support/cdn.ts'
import { startDev } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { webServer } from '../support/server.ts'

const page = (origin: string): Record<string, string> => ({
  'index.html': `<!doctype html><html lang="en"><head><title>x</title><link rel="stylesheet" href="./style.css"></head><body>
<img src="${origin}/page.jpg?w=30;60" alt=""><img src="${origin}/left.jpg" alt=""><img src="https://other.example/a.jpg?w=20" alt="">
<script type="module" src="./main.js"></script></body></html>`,
  'style.css': `.a { background: url(${origin}/style?id=3&w=9?w=20) } .b { background: url("https://other.example/b.jpg?w=20") }`,
  'main.js': `document.title = new URL('${origin}/url.jpg?w=40', import.meta.url).href + new URL('https://other.example/c.jpg?w=20', import.meta.url)`,
})

test('pages, style sheets and new URL() name images of other servers; what is not allowed stays as it is', async () => {
  const { origin, asked } = await cdn()
  const { root } = project(page(origin))
  const files = await buildVite(root, { options: allowing(origin) })
  const names = [...files.keys()]
  for (const name of [/page-30-.*\.jpeg/, /page-60-.*\.jpeg/, /style-20-.*\.jpeg/, /url-40-.*\.jpeg/])
    expect(names.filter((path) => name.test(path))).toHaveLength(1)
  const html = String(files.get('index.html'))
  expect(html).toMatch(/<img srcset="\/assets\/page-30-[^"]* 30w, \/assets\/page-60-[^"]* 60w"/)
  expect(html).toContain(`src="${origin}/left.jpg"`)
  expect(html).toContain('src="https://other.example/a.jpg?w=20"')
  const text = (ending: string): string => String(files.get(names.find((name) => name.endsWith(ending)) ?? ''))
  expect(text('.css')).toMatch(/url\((?:"|)\/assets\/style-20-[^)]*\.jpeg/)
  expect(text('.css')).toContain('https://other.example/b.jpg?w=20')
  expect(text('.js')).toMatch(/assets\/url-40-[^"]*\.jpeg/)
  expect(text('.js')).toContain('https://other.example/c.jpg?w=20')
  expect(asked.sort()).toEqual(['GET /page.jpg', 'GET /style?id=3&w=9', 'GET /url.jpg'])
})

test('the dev server shows them as well', async () => {
  const { origin } = await cdn()
  const { root } = project(page(origin))
  const dev = await startDev(root, { options: allowing(origin) })
  const [, address = ''] = /<img srcset="(\S+) 30w/.exec((await dev.get('/')).text) ?? []
  expect((await dev.get(address)).headers['content-type']).toBe('image/jpeg')
  const { text } = await dev.get('/style.css', { headers: { accept: 'text/css' } })
  const [, background = ''] = /url\(\\?"?(\/@imagemill\/[^\\")]+)/.exec(text) ?? []
  expect((await dev.get(background)).status).toBe(200)
  expect((await dev.get('/main.js')).text).toContain('/@id/virtual:imagemill/remote/')
})

test('generated types know the import as it is written, and the manifest names its address', async () => {
  const { origin } = await cdn()
  const { root } = project({
    'index.html': '<script type="module" src="/main.js"></script>',
    'main.js': `import hero from '${origin}/hero.jpg?w=30&id=top'\ndocument.title = hero.src`,
    'tsconfig.json': '{}',
  })
  const files = await buildVite(root, { options: allowing(origin) })
  const types = readFileSync(join(root, 'imagemill.d.ts'), 'utf8')
  expect(types).toContain(`declare module "${origin}/hero.jpg?w=30&id=top" {`)
  expect(types).toMatch(/width: 30; height: 20/)
  const manifest = JSON.parse(String(files.get('.vite/imagemill.json'))) as Record<string, object>
  expect(manifest).toMatchObject({
    [`${origin}/hero.jpg?id=top&w=30`]: { source: { path: `${origin}/hero.jpg`, width: 60 }, image_identifier: 'top' },
  })
})

test('an import that is not allowed says what to write', async () => {
  const { root } = project({
    'index.html': '<script type="module" src="/main.js"></script>',
    'main.js': `import hero from 'https://cdn.example/hero.jpg?w=30'\ndocument.title = hero.src`,
  })
  await expect(buildVite(root)).rejects.toThrow(/REMOTE_DENIED.*remote: \{ allow: \['https:\/\/cdn\.example\/\*\*'\] \}[^]*main\.js:1:/)
})

test('a pinned image is refused when its bytes are others, wherever it comes from', async () => {
  const { origin } = await cdn()
  const photo = await jpeg(30, 20)
  const pin = `sha256-${createHash('sha256').update(photo).digest('base64')}`
  const { root, write } = project({
    'index.html': '<script type="module" src="/main.js"></script>',
    'main.js': `import hero from './hero.jpg?w=30&integrity=${pin}'\ndocument.title = hero.src`,
    'hero.jpg': photo,
  })
  expect([...(await buildVite(root)).keys()]).toContainEqual(expect.stringMatching(/hero-30/))
  write('hero.jpg', await jpeg(30, 20, 2))
  await expect(buildVite(root)).rejects.toThrow(`expected a file with the integrity ${pin}, received sha256-`)
  write('main.js', `import hero from '${origin}/hero.jpg?w=30&integrity=${pin}'\ndocument.title = hero.src`)
  await expect(buildVite(root, { options: allowing(origin) })).rejects.toThrow(/INTEGRITY_MISMATCH/)
})

test.each([
  [{}, 'remote.allow'],
  [{ allow: [] }, 'remote.allow'],
  [{ allow: 'cdn.example' }, 'remote.allow'],
  [{ allow: 'https://cdn.example', allowPrivate: 1 }, 'remote.allowPrivate'],
  [{ allow: 'https://cdn.example', formats: ['heic'] }, 'remote.formats'],
  [{ allow: 'https://cdn.example', maxSize: '5 potatoes' }, 'remote.maxSize'],
  [{ allow: 'https://cdn.example', timeout: 0 }, 'remote.timeout'],
  [{ allow: 'https://cdn.example', deny: '' }, 'remote.deny'],
])('the option %j is refused', (remote, name) => {
  expect(() => resolveOptions({ remote })).toThrow(`\`${name}\``)
})

test('scripts of other servers stay theirs', async () => {
  const { origin, asked } = await cdn()
  const { root } = project({
    'index.html': '<script type="module" src="/main.js"></script>',
    'main.js': `import x from 'https://esm.example/x?w=30'\nimport y from 'https://esm.example/y.js'\nconsole.log(x, y)`,
  })
  const files = await buildVite(root, { options: { ...allowing(origin), defaults: { format: 'webp' } } })
  const [script = ''] = [...files].flatMap(([path, bytes]) => (path.endsWith('.js') ? [String(bytes)] : []))
  expect(script).toContain('https://esm.example/x?w=30')
  expect(asked).toEqual([])
})

test.each([
  ['maxSize', 'a.jpg', { maxSize: 100 }, 'REMOTE_TOO_LARGE'],
  ['timeout', 'silent.jpg', { timeout: 300 }, 'REMOTE_UNREACHABLE'],
  ['formats', 'a.svg', {}, 'FORMAT_UNSUPPORTED'],
  ['formats', 'a.svg', { formats: ['svg'] }, undefined],
] as const)('`remote.%s` is kept by a build: %s with %j', async (_, file, more, code) => {
  const photo = await jpeg(60, 40)
  const { origin } = await webServer((request, response) => {
    if (request.url === '/a.jpg') response.end(photo)
    if (request.url === '/a.svg') response.end('<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"/>')
  })
  const main = `import a from '${origin}/${file}?w=20&format=png'\ndocument.title = a.src`
  const { root } = project({ 'index.html': '<script type="module" src="./main.js"></script>', 'main.js': main })
  const built = buildVite(root, { options: { remote: { ...allowing(origin).remote, ...more } } })
  if (code) await expect(built).rejects.toThrow(code)
  else expect([...(await built).keys()].filter((name) => name.endsWith('.png'))).toHaveLength(1)
})
