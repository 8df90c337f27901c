import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { imagemill } from 'imagemill'
import { reportSchema, type Report } from '../../src/contract/report.ts'
import { buildVite } from '../support/build.ts'
import { runCli } from '../support/cli.ts'
import { jpeg } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'

async function site(): Promise<Project> {
  return project({
    'index.html': '<!doctype html><title>one</title><script type="module" src="/main.js"></script>',
    'main.js': "import a from './img/a.jpg?w=40;80&format=webp;jpeg'\nconsole.log(a)\nvoid import('./later.js')",
    'later.js': "import b from './img/b.jpg?w=60&format=webp'\nexport default b",
    'two.html': '<!doctype html><title>two</title><img src="./img/b.jpg?w=50&format=webp" alt="">',
    'img/a.jpg': await jpeg(120, 90),
    'img/b.jpg': await jpeg(120, 90, 2),
  })
}

const input = (root: string): object => ({ build: { rollupOptions: { input: [join(root, 'index.html'), join(root, 'two.html')] } } })

function reportIn(files: Map<string, Buffer>, name = '.vite/imagemill-report.json'): Report {
  return reportSchema.parse(JSON.parse(String(files.get(name))))
}

describe('the option `report`', () => {
  test('writes what a build came to as JSON: bytes before and after by format, and the weight of each page', async () => {
    const { root } = await site()
    const files = await buildVite(root, { options: { report: true }, config: input(root) })
    const report = reportIn(files)
    const bytes = (end: string): number =>
      [...files].filter(([path]) => path.endsWith(end)).reduce((sum, [, { length }]) => sum + length, 0)
    expect(report).toMatchObject({
      requests: 3,
      cached: 0,
      sources: { files: 2, size_bytes: (await jpeg(120, 90)).length + (await jpeg(120, 90, 2)).length },
      outputs: { files: 6 },
      source_formats: { jpeg: { files: 2 } },
      formats: { webp: { files: 4, size_bytes: bytes('.webp') }, jpeg: { files: 2, size_bytes: bytes('.jpeg') } },
    })
    const size = (request: string): number =>
      Math.max(
        ...(report.images.find((image) => image.request === request)?.files ?? [])
          .filter(({ format }) => format === 'webp')
          .map(({ size_bytes }) => size_bytes),
      )
    const first = size('img/a.jpg?format=webp;jpeg&w=40;80')
    const [a, b] = [first + size('img/b.jpg?format=webp&w=60'), size('img/b.jpg?format=webp&w=50')]
    expect(report.entries).toEqual([
      { name: 'index.html', files: 2, size_bytes: a, first_size_bytes: first },
      { name: 'two.html', files: 1, size_bytes: b, first_size_bytes: b },
    ])
    const again = reportIn(await buildVite(root, { options: { report: true }, config: input(root) }))
    expect(again.cached).toBe(3)
  })

  test('says so when a build has no image', async () => {
    const { root } = project({ 'index.html': '<!doctype html><title>none</title><p>text</p>' })
    const files = await buildVite(root, { options: { report: true } })
    expect(reportIn(files)).toMatchObject({ requests: 0, outputs: { files: 0, size_bytes: 0 }, images: [] })
    expect([...files.keys()].filter((name) => name.startsWith('.vite/')).sort()).toEqual([
      '.vite/imagemill-report.html',
      '.vite/imagemill-report.json',
    ])
  })

  test('writes one page, in which nothing else can be loaded', async () => {
    const { root } = await site()
    const files = await buildVite(root, { options: { report: { json: false } }, config: input(root) })
    expect([...files.keys()].filter((name) => name.includes('report'))).toEqual(['.vite/imagemill-report.html'])
    const page = String(files.get('.vite/imagemill-report.html'))
    // Not as texts: the page is long, and would be printed.
    const has = (text: string): boolean => page.includes(text)
    expect(has(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-`)).toBe(true)
    expect(has('"entries":[{"name":"index.html","files":2,')).toBe(true)
    expect(has(root)).toBe(false)
  })

  test('can have other names, and is off unless it is asked for', async () => {
    const { root } = await site()
    const named = await buildVite(root, { options: { report: { html: 'images.html', json: 'deep/images.json' } }, config: input(root) })
    expect([...named.keys()].filter((name) => /images\.(html|json)$/.test(name))).toEqual(['deep/images.json', 'images.html'])
    expect(reportIn(named, 'deep/images.json').requests).toBe(3)
    const without = await buildVite(root, { config: input(root) })
    expect([...without.keys()].filter((name) => name.includes('report'))).toEqual([])
    const alone = await buildVite(root, { options: { manifest: false, report: { html: false } }, config: input(root) })
    expect([...alone.keys()].filter((name) => name.startsWith('.vite/'))).toEqual(['.vite/imagemill-report.json'])
  })

  test.each([
    [1, 'invalid option `report`: expected an object, received 1'],
    [{ htm: true }, 'unknown option `report.htm`. Did you mean `report.html`?'],
    [{ json: '' }, 'invalid option `report.json`: expected true, false or a file name within the build, received ""'],
  ])('%j is refused', (report, message) => {
    // @ts-expect-error what types would refuse
    expect(() => imagemill({ report })).toThrow(message)
  })
})

describe('imagemill report', () => {
  test('reads what the option wrote, and the manifest without it', async () => {
    const { root } = await site()
    await buildVite(root, { options: { report: true }, config: input(root) })
    const { stdout } = await runCli(root, ['report'])
    expect(stdout).toContain('Most that a page can load\n')
    expect(stdout).toContain('  index.html, 2 files\n')
    const plain = reportSchema.parse(JSON.parse((await runCli(root, ['report', 'dist/.vite/imagemill.json', '--json'])).stdout))
    expect(plain.entries).toBeNull()
    expect(plain.images).toHaveLength(3)
    const paged = await runCli(root, ['report', '--html', 'out/page.html'])
    expect(paged).toMatchObject({ code: 0, stdout: '', stderr: '' })
    const page = readFileSync(join(root, 'out/page.html'), 'utf8')
    expect(page).toContain('Weight of pages')
    expect(page).not.toMatch(/<script|<link|src=|href=|@import|url\(/)
  })

  test('refuses a damaged report, and a folder in the place of its page', async () => {
    const { root, write } = project()
    write('r.json', '{"images":[],"requests":-1}')
    const damaged = await runCli(root, ['report', 'r.json'])
    expect(damaged.code).toBe(2)
    expect(damaged.stderr).toContain('r.json is not a report of imagemill: requests')
    write('m.json', '{}')
    const folder = await runCli(root, ['report', 'm.json', '--html', '.'])
    expect(folder).toMatchObject({ code: 1, stderr: expect.stringContaining('[OUTPUT_UNWRITABLE] the page') })
  })

  test('escapes what names of files could do to the page', async () => {
    const { root, write } = project()
    const name = '<img src=x onerror=alert(1)>.jpg?w=1'
    write(
      'm.json',
      JSON.stringify({
        [name]: {
          source: { path: '<b>.jpg', sha256: '0'.repeat(64), format: 'jpeg', width: 1, height: 1, size_bytes: 3 },
          job_id: 'x',
          cached: false,
          results: [{ success: false, operation: 'resize', error: '"<i>"', elapsed_ms: 1 }],
        },
      }),
    )
    await runCli(root, ['report', 'm.json', '--html', 'page.html'])
    const page = readFileSync(join(root, 'page.html'), 'utf8')
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;.jpg?w=1')
    expect(page).not.toContain('<img')
    expect(page).not.toContain('<i>')
  })
})

describe('imagemill report --diff', () => {
  test('is a Markdown table of what was added, removed, grown and shrunk, with totals and pages', async () => {
    const { root, write } = await site()
    const build = async (name: string): Promise<Report> => {
      const files = await buildVite(root, { options: { report: true }, config: input(root) })
      write(name, files.get('.vite/imagemill-report.json') ?? '')
      return reportIn(files)
    }
    const old = await build('old.json')
    write('main.js', "import a from './img/a.jpg?w=40;100&format=webp;jpeg&webp.quality=20'\nconsole.log(a)\nvoid import('./later.js')")
    const now = await build('new.json')
    const { code, stdout, stderr } = await runCli(root, ['report', '--diff', 'old.json', 'new.json'])
    expect([code, stderr]).toEqual([0, ''])
    const lines = stdout.split('\n')
    expect(lines).toContain('2 added, 2 removed, 1 shrunk; 6 files before, 6 after.')
    expect(lines).toContain('| image | | before | after | change |')
    const row = (name: string): string[] => (lines.find((line) => line.includes(name)) ?? '').split('|').map((cell) => cell.trim())
    expect(row('`img/a.jpg webp 100×75`').slice(2, 4)).toEqual(['added', ''])
    expect(row('`img/a.jpg jpeg 80×60`')[2]).toBe('removed')
    expect(row('`img/a.jpg webp 40×30`')[2]).toBe('shrunk')
    expect(row('`img/a.jpg webp 40×30`')[5]).toMatch(/^−\d+ B \(−\d+\.\d %\)$/)
    expect(row('**total**').slice(3, 5)).toEqual([old, now].map(({ outputs }) => `${(outputs.size_bytes / 1000).toFixed(1)} kB`))
    expect(row('`index.html`')[2]).toBe('shrunk')
    expect(stdout).not.toContain('`two.html`')
  })

  test('says so when nothing has changed, whatever the files are called', async () => {
    const { root, write } = await site()
    const files = await buildVite(root, { config: input(root) })
    write('old.json', files.get('.vite/imagemill.json') ?? '')
    write('new.json', String(files.get('.vite/imagemill.json')).replaceAll('assets/', 'static/'))
    const { stdout } = await runCli(root, ['report', '--diff', 'old.json', 'new.json'])
    expect(stdout).toMatch(/^### Images\n\nNo image has changed: 6 files, [\d.]+ kB\.\n$/)
  })

  test('needs two files, and nothing else', async () => {
    const { root } = project()
    for (const args of [[], ['a.json'], ['a.json', 'b.json', '--json'], ['a.json', 'b.json', 'c.json']])
      expect((await runCli(root, ['report', '--diff', ...args])).code).toBe(2)
    expect((await runCli(root, ['report', '--diff', 'a.json', 'b.json'])).stderr).toContain('a.json cannot be read (ENOENT)')
  })
})
