import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { imagemill, type ImagemillOptions } from 'imagemill'
import type { Rollup } from 'vite'
import { sha256 } from '../../src/hash.ts'
import { VITE_NAMES, buildVite } from '../support/build.ts'
import { jpeg, photo, png } from '../support/images.ts'
import { project } from '../support/project.ts'
import { addressesIn, runFile } from '../support/run.ts'

interface Failure {
  message: string
  pluginCode: string | undefined
  place: string
}

/** What a failing build says, read from the error as Vite hands it on; Rolldown keeps each error in a list. */
function failureOf(error: unknown): Failure {
  const [first = error] = error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : []
  if (!(first instanceof Error)) throw first
  const { loc, pluginCode } = Object(first) as Partial<Rollup.RollupError>
  return {
    message: first.message,
    pluginCode: typeof pluginCode === 'string' ? pluginCode : undefined,
    place: loc ? `${loc.file}:${loc.line}:${loc.column}` : '',
  }
}

const HEIC = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic\0\0\0\0mif1heic'), Buffer.alloc(200)])

interface Case {
  query: string
  file?: string
  content?: () => Promise<Uint8Array>
  code: string
  says: RegExp[]
  options?: ImagemillOptions
}

const CASES: Record<string, Case> = {
  'an unknown directive': { query: 'w=30&widht=5', code: 'UNKNOWN_DIRECTIVE', says: [/`widht`/] },
  'a misspelt directive alone': { query: 'width=30', code: 'UNKNOWN_DIRECTIVE', says: [/`width`/, /Did you mean `w`\?/] },
  'a wrong value': {
    query: 'w=wide',
    code: 'INVALID_DIRECTIVE',
    says: [/invalid value of `w`/, /expected a width in px/, /received `wide`/],
  },
  'a wrong format': { query: 'w=30&format=jxl', code: 'INVALID_DIRECTIVE', says: [/`format`/, /received `jxl`/] },
  'a directive beside ?raw': { query: 'raw&w=30', code: 'CONFLICTING_DIRECTIVES', says: [/`raw`/] },
  'an unknown preset': {
    query: 'preset=hreo',
    code: 'UNKNOWN_PRESET',
    says: [/Did you mean `hero`/],
    options: { presets: { hero: 'w=30' } },
  },
  'a missing file': { query: 'w=30', file: 'gone.jpg', code: 'SOURCE_NOT_FOUND', says: [/does not exist/] },
  'a file cut off': { query: 'w=30', code: 'SOURCE_CORRUPT', says: [], content: async () => (await jpeg(200, 150)).subarray(0, 2500) },
  'a PNG cut off': {
    query: 'w=30',
    file: 'broken.png',
    code: 'SOURCE_CORRUPT',
    says: [],
    content: async () => (await png(200, 150)).subarray(0, 3000),
  },
  'an empty file': { query: 'w=30', code: 'SOURCE_CORRUPT', says: [/empty/], content: async () => Buffer.alloc(0) },
  'a text': {
    query: 'w=30',
    code: 'FORMAT_UNSUPPORTED',
    says: [],
    content: async () => Buffer.from('not an image, but a text that is long enough'),
  },
  HEIC: { query: 'w=30', code: 'FORMAT_UNSUPPORTED', says: [/HEIC/], content: async () => HEIC },
  'too many pixels': { query: 'w=30', code: 'PIXEL_LIMIT', says: [/limits\.pixels/], options: { limits: { pixels: 1000 } } },
  'too much time': {
    query: 'format=avif&effort=9&w=1500&allowUpscale',
    code: 'TIMEOUT',
    says: [/limits\.timeout/],
    options: { limits: { timeout: 1 } },
    content: () => photo(1500, 1500).jpeg().toBuffer(),
  },
}

describe.each(VITE_NAMES)('errors of a build in %s', (version) => {
  test.each(Object.keys(CASES))('%s', async (name) => {
    const {
      query,
      file = 'photo.jpg',
      content = () => jpeg(200, 150),
      code,
      says,
      options = {},
    } = CASES[name] ?? { query: '', code: '', says: [] }
    const { root, write } = project({ 'src/main.js': `// first line\n  import image from '../img/${file}?${query}'\nconsole.log(image)` })
    if (file !== 'gone.jpg') write(`img/${file}`, await content())
    const building = buildVite(root, { version, options, config: { build: { rollupOptions: { input: join(root, 'src/main.js') } } } })
    const failure = failureOf(
      await building.then(
        () => new Error('built'),
        (error: unknown) => error,
      ),
    )
    expect(failure.message).toContain(`[${code}] img/${file}?`)
    expect(failure.message).toContain(query)
    expect(failure.message).not.toMatch(/this is a fault in imagemill/i)
    expect(failure.message).toMatch(/imported by src\/main\.js:2:\d+/)
    for (const text of says) expect(failure.message).toMatch(text)
  })

  test('an error of loading carries its code and its place', async () => {
    const { root } = project({
      'main.js': "// first\nimport image from './photo.jpg?w=none'\nconsole.log(image)",
      'photo.jpg': await jpeg(20, 20),
    })
    const failure = failureOf(
      await buildVite(root, { version, config: { build: { rollupOptions: { input: join(root, 'main.js') } } } }).then(
        () => new Error('built'),
        (error: unknown) => error,
      ),
    )
    expect(failure).toMatchObject({ pluginCode: 'INVALID_DIRECTIVE', place: expect.stringMatching(/main\.js:2:\d+$/) })
  })

  test('a folder with the name of an image', async () => {
    const { root } = project({ 'main.js': "import image from './folder.jpg?w=30'\nconsole.log(image)" })
    mkdirSync(join(root, 'folder.jpg'))
    await expect(buildVite(root, { version, config: { build: { rollupOptions: { input: join(root, 'main.js') } } } })).rejects.toThrow(
      /\[SOURCE_UNREADABLE\] folder\.jpg\?w=30/,
    )
  })

  test.each([
    ['main.js', 'main.js', 2],
    ['sheet.js', 'a.css', 2],
    ['page.html', 'page.html', 1],
  ])('what %s names wrongly is told once, with the file that names it', async (input, file, line) => {
    const { root } = project({
      'main.js': "console.log(1)\nimport a from './a.jpg?w=9&widht=3'\nconsole.log(a)",
      'sheet.js': "import './a.css'",
      'a.css': '.a { color: red }\n.b { background: url(./a.jpg?w=9&widht=3) }',
      'page.html': '<!doctype html><title>x</title><img src="./a.jpg?w=9&widht=3">',
      'a.jpg': await jpeg(30, 20),
    })
    const error: unknown = await buildVite(root, { version, config: { build: { rollupOptions: { input: join(root, input) } } } }).catch(
      (cause: unknown) => cause,
    )
    // Vite 6 and 7 print the stack, Vite 8 the message.
    const text = error instanceof Error ? (version === 'vite 8' ? error.message : String(error.stack)) : ''
    expect(text.split('[UNKNOWN_DIRECTIVE]')).toHaveLength(2)
    expect(text).not.toMatch(/undefined:NaN|a\.jpg\?w=9&widht=3(?::| \()\d/)
    expect(text).toContain(`${join(root, file)}:${line}:`)
  })

  test("`onError: 'warn'` ships the source and warns once for each image", async () => {
    const broken = (await jpeg(200, 150)).subarray(0, 2500)
    const { root } = project({
      'main.js':
        "import a from './broken.jpg?w=30;60&format=webp;jpeg'\nimport b from './none.jpg?w=30'\nimport c from './photo.jpg?w=30'\nimport d from './photo.jpg?w=wrong&as=url'\nimport e from './empty.jpg?w=20&as=srcset'\nglobalThis.answer = [a, b, c, d, e]",
      'broken.jpg': broken,
      'photo.jpg': await jpeg(200, 150, 2),
      'empty.jpg': '',
    })
    const warnings: string[] = []
    const files = await buildVite(root, {
      version,
      options: { onError: 'warn', logLevel: 'warn' },
      config: {
        customLogger: { ...quiet, warn: (message) => void warnings.push(message), warnOnce: (message) => void warnings.push(message) },
        build: { rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'entry.js' } } },
      },
    })
    const answer = runFile(join(root, 'dist/entry.js'))
    const [a, b, c, d, e] = Array.isArray(answer) ? answer : []
    for (const address of addressesIn(a)) expect(files.get(address.slice(1))?.equals(broken)).toBe(true)
    expect(addressesIn(a).length).toBeGreaterThan(0)
    for (const value of [b, d, e]) for (const address of addressesIn(value)) expect(files.has(address.slice(1))).toBe(true)
    expect(files.get(String(d).slice(1))).toEqual(await jpeg(200, 150, 2))
    const [own] = addressesIn(c)
    expect(await sharp(files.get(String(own).slice(1))).metadata()).toMatchObject({ width: 30 })
    // Once, as what it is.
    expect([...files.keys()].filter((name) => name.includes('broken'))).toEqual([expect.stringMatching(/^assets\/broken-[\w-]{8}\.jpg$/)])
    expect([...files.keys()].filter((name) => name.includes('photo'))).toEqual([
      expect.stringMatching(/^assets\/photo-30-[\w-]{8}\.jpeg$/),
      expect.stringMatching(/^assets\/photo-[\w-]{8}\.jpg$/),
    ])
    const manifest = JSON.parse(String(files.get('.vite/imagemill.json')))
    expect(manifest['broken.jpg?format=webp;jpeg&w=30;60'].results).toEqual([
      expect.objectContaining({
        success: false,
        code: 'SOURCE_CORRUPT',
        error: expect.stringMatching(/ The source is used as it is: assets\/broken-[\w-]{8}\.jpg$/),
      }),
    ])
    expect(manifest['photo.jpg?w=wrong&as=url']).toMatchObject({
      source: { sha256: sha256(await jpeg(200, 150, 2)) },
      results: [{ success: false, code: 'INVALID_DIRECTIVE' }],
    })
    const ours = warnings.filter((message) => message.includes('imagemill'))
    expect(ours.filter((message) => message.includes('broken.jpg'))).toHaveLength(1)
    expect(ours.filter((message) => message.includes('none.jpg'))).toHaveLength(1)
    expect(ours.filter((message) => message.includes('photo.jpg?w=wrong'))).toHaveLength(1)
    expect(ours.filter((message) => message.includes('empty.jpg'))).toHaveLength(1)
    for (const message of ours) expect(message).not.toContain(root)
  })
})

const quiet = {
  info: () => undefined,
  warn: () => undefined,
  warnOnce: () => undefined,
  error: () => undefined,
  clearScreen: () => undefined,
  hasErrorLogged: () => false,
  hasWarned: false,
}

test.each([
  [{ formats: 'webp' }, 'unknown option `formats`'],
  [{ cach: {} }, 'Did you mean `cache`?'],
  [{ cache: { directory: 'x' } }, 'unknown option `cache.directory`'],
  [{ limits: { pixel: 1 } }, 'Did you mean `limits.pixels`?'],
  [{ concurency: 1 }, 'Did you mean `concurrency`?'],
  [{ concurrency: 0 }, 'invalid option `concurrency`'],
  [{ manifest: '../x.json' }, 'invalid option `manifest`: expected true, false or a file name within the build'],
  [{ manifest: '/x.json' }, 'invalid option `manifest`'],
  [{ report: { html: 'a/../../b.html' } }, 'invalid option `report.html`'],
  [{ defaults: 'fromat=webp' }, '[INVALID_OPTION] option `defaults`: unknown directive `fromat`'],
  [{ defaults: 'preset=card' }, 'option `defaults`: unknown preset `card`'],
  [{ presets: { card: 'w=10', wide: 'width=100' } }, 'option `presets.wide`: unknown directive `width`'],
  [{ presets: { card: { w: 0 } } }, 'option `presets.card`: invalid value of `w`'],
  [{ onError: 'ignore' }, "expected 'fail' or 'warn'"],
  [{ include: 5 }, 'invalid option `include`'],
])('options %j are refused', (options, text) => {
  const given: object = options
  expect(() => imagemill(given)).toThrow(text)
})
