import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import * as vite from 'vite'
import { imagemill, type ImagemillOptions } from 'imagemill'
import { VITE_NAMES, buildVite, type ViteName } from '../support/build.ts'
import { BUNDLERS, bundle } from '../support/bundlers.ts'
import { jpeg } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'

type Budgets = NonNullable<ImagemillOptions['budgets']>

async function page(main: string, more: Record<string, string> = {}): Promise<Project> {
  return project({
    'index.html': '<!doctype html><title>one</title><script type="module" src="/main.js"></script>',
    'main.js': main,
    ...more,
    'img/a.jpg': await jpeg(320, 240),
    'img/b.jpg': await jpeg(320, 240, 2),
  })
}

/** The message of a build that fails; empty when it does not. */
async function failureOf(root: string, budgets: Budgets, version: ViteName = 'vite 8', input = ['index.html']): Promise<string> {
  const config = { build: { rollupOptions: { input: input.map((name) => join(root, name)) } } }
  return buildVite(root, { version, options: { budgets }, config }).then(
    () => '',
    (error: unknown) => String(error),
  )
}

/** Sizes of the files of a build, by the name of their request. */
async function sizesOf(root: string, input = ['index.html']): Promise<Record<string, number>> {
  const files = await buildVite(root, { config: { build: { rollupOptions: { input: input.map((name) => join(root, name)) } } } })
  const manifest: Record<string, { results: { outputs: { format: string; width: number; size_bytes: number }[] }[] }> = JSON.parse(
    String(files.get('.vite/imagemill.json')),
  )
  return Object.fromEntries(
    Object.entries(manifest).flatMap(([name, { results }]) =>
      results.flatMap(({ outputs }) => outputs.map(({ format, width, size_bytes }) => [`${name} ${format} ${width}`, size_bytes])),
    ),
  )
}

/** Bytes of a file with another quality. */
async function bytesAt(quality: number, format = 'webp', w = 300): Promise<number> {
  const { root } = await page(`import a from './img/a.jpg?w=${w}&format=${format}&quality=${quality}'\nconsole.log(a)`)
  return Object.values(await sizesOf(root))[0] ?? 0
}

describe('a budget of files', () => {
  test('names the image, the limit, the size and the largest quality that fits, in one message', async () => {
    const { root } = await page("import a from './img/a.jpg?w=300&format=webp'\nconsole.log(a)")
    const size = (await sizesOf(root))['img/a.jpg?format=webp&w=300 webp 300'] ?? 0
    const limit = Math.round(size * 0.6)
    const message = await failureOf(root, [{ maxBytes: limit }])
    expect(message).toContain('[BUDGET_EXCEEDED] a budget is exceeded:\n  img/a.jpg?format=webp&w=300 (assets/a-300-')
    expect(message).toMatch(new RegExp(`${(size / 1000).toFixed(1)} kB, at most ${(limit / 1000).toFixed(1)} kB allowed, budgets\\[0\\]; `))
    const quality = Number(/webp\.quality=(\d+) is the largest quality that fits/.exec(message)?.[1])
    expect(await bytesAt(quality)).toBeLessThanOrEqual(limit)
    expect(await bytesAt(quality + 1)).toBeGreaterThan(limit)
  })

  test('that is kept says nothing, and an exact one is kept', async () => {
    const { root } = await page("import a from './img/a.jpg?w=300&format=webp'\nconsole.log(a)")
    const size = Object.values(await sizesOf(root))[0] ?? 0
    expect(await failureOf(root, [{ maxBytes: size, maxTotal: size }])).toBe('')
    expect(await failureOf(root, [{ maxBytes: size - 1 }])).toContain(`${size} bytes, at most ${size - 1} bytes allowed`)
  })

  test('is about those that `match` and `formats` name', async () => {
    const { root } = await page("import a from './img/a.jpg?w=300&format=webp;jpeg'\nimport b from './img/b.jpg?w=300'\nconsole.log(a, b)")
    expect(await failureOf(root, [{ match: 'other/**', maxBytes: 10 }])).toBe('')
    expect(await failureOf(root, [{ match: /b\.jpg$/, formats: ['webp', 'avif'], maxBytes: 10 }])).toBe('')
    const message = await failureOf(root, [{ match: 'img/a.*', formats: ['webp'], maxBytes: 10 }])
    expect(message).toContain('a budget is exceeded')
    expect(message).toContain('.webp)')
    // Nor does any size.
    expect(message).toMatch(/no quality fits into 10 B$/m)
    expect(message).toMatch(/^ {4}imported by main\.js:1$/m)
  })

  test('counts a file once in `maxTotal`, and shares the excess out', async () => {
    const { root } = await page(
      "import a from './img/a.jpg?w=300&format=webp'\nimport same from './img/a.jpg?w=300&format=webp&as=url'\nimport b from './img/b.jpg?w=300&format=webp'\nconsole.log(a, same, b)",
    )
    const sizes = await sizesOf(root)
    const total = (sizes['img/a.jpg?format=webp&w=300 webp 300'] ?? 0) + (sizes['img/b.jpg?format=webp&w=300 webp 300'] ?? 0)
    expect(await failureOf(root, [{ maxTotal: total }, { on: 'import', maxTotal: total }])).toBe('')
    expect(await failureOf(root, [{ on: 'import', maxTotal: total - 1 }])).toContain(`all imports: ${total} bytes`)
    const message = await failureOf(root, [{ maxTotal: Math.round(total * 0.7) }])
    expect(message).toContain('all files: ')
    const qualities = [...message.matchAll(/webp\.quality=(\d+)/g)].map(([, quality]) => quality)
    expect(qualities).toHaveLength(2)
    const fitting = await page(
      `import a from './img/a.jpg?w=300&format=webp&quality=${qualities[0]}'\nimport b from './img/b.jpg?w=300&format=webp&quality=${qualities[1]}'\nconsole.log(a, b)`,
    )
    const [first] = [...message.matchAll(/img\/(.)\.jpg\?/g)].map(([, name]) => name)
    const other =
      first === 'a'
        ? fitting
        : await page(
            `import a from './img/a.jpg?w=300&format=webp&quality=${qualities[1]}'\nimport b from './img/b.jpg?w=300&format=webp&quality=${qualities[0]}'\nconsole.log(a, b)`,
          )
    expect(Object.values(await sizesOf(other.root)).reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(total * 0.7)
  })

  test('with `severity: warn` is one warning, and the build goes on', async () => {
    const { root } = await page("import a from './img/a.jpg?w=300&format=webp'\nconsole.log(a)")
    const warnings: string[] = []
    const note = (message: string): void => void warnings.push(message)
    const customLogger = { ...vite.createLogger('silent'), warn: note, warnOnce: note, info: () => undefined }
    const budgets: Budgets = [
      { maxBytes: 100, severity: 'warn' },
      { on: 'import', maxBytes: 100, severity: 'warn' },
    ]
    await vite.build({ configFile: false, customLogger, logLevel: 'warn', root, plugins: [imagemill({ budgets })] })
    const [warning = '', ...others] = warnings.filter((text) => text.includes('BUDGET_EXCEEDED'))
    expect(others).toEqual([])
    expect(warning).toContain('2 budgets are exceeded')
    expect(warning).toContain('budgets[1]')
  })

  test('has no quality to name for a format without one', async () => {
    const { root } = await page("import a from './img/a.jpg?w=300&format=png'\nconsole.log(a)")
    const message = await failureOf(root, [{ maxBytes: 5000 }])
    const width = /no quality fits into 5\.0 kB, w=(\d+) would/.exec(message)?.[1]
    const { root: other } = await page(`import a from './img/a.jpg?w=${width}&format=png'\nconsole.log(a)`)
    expect(await failureOf(other, [{ maxBytes: 5000 }])).toBe('')
  })
})

test.each([
  ['w=300&format=webp', 700],
  ['w=150&densities=1;2&format=webp', 700],
  ['w=300&h=100&format=png', 3000],
  ['h=200&format=png', 5000],
])('the size that is named for %s holds', async (query, maxBytes) => {
  const { root } = await page(`\nimport a from './img/a.jpg?${query}'\nconsole.log(a)`)
  const message = await failureOf(root, [{ maxBytes }])
  const size = /no quality fits into [\d.]+ k?B, ((?:[wh]=\d+&?)+) would/.exec(message)?.[1]
  expect(message).toContain('imported by main.js:2')
  const { root: other } = await page(`import a from './img/a.jpg?${query.replace(/\b[wh]=\d+&?/g, '')}&${size}'\nconsole.log(a)`)
  expect([size, await failureOf(other, [{ maxBytes }])]).toEqual([expect.any(String), ''])
})

test('a budget of candidates is about files of a srcset alone, one of imports about all files of one', async () => {
  const { root } = await page(
    "import a from './img/a.jpg?w=100;200&format=webp'\nimport b from './img/b.jpg?w=300&format=webp'\nconsole.log(a, b)",
  )
  const sizes = await sizesOf(root)
  const message = await failureOf(root, [{ on: 'candidate', maxBytes: 10 }])
  expect(message).toContain('2 budgets are exceeded')
  expect(message).not.toContain('img/b.jpg')
  const whole = (sizes['img/a.jpg?format=webp&w=100;200 webp 100'] ?? 0) + (sizes['img/a.jpg?format=webp&w=100;200 webp 200'] ?? 0)
  expect(await failureOf(root, [{ on: 'import', match: '**/a.jpg', maxBytes: whole }])).toBe('')
  expect(await failureOf(root, [{ on: 'import', match: '**/a.jpg', maxBytes: whole - 1 }])).toContain(
    `  img/a.jpg?format=webp&w=100;200: ${whole} bytes, at most ${whole - 1} bytes allowed, budgets[0]\n    img/a.jpg`,
  )
})

describe.each(VITE_NAMES)('a budget of entries in %s', (version) => {
  test('weighs what a page can load at most: of each import the largest file, wherever it is named', async () => {
    const { root } = await page("import a from './img/a.jpg?w=100;200&format=webp;jpeg'\nconsole.log(a)\nvoid import('./later.js')", {
      'later.js': "import b from './img/b.jpg?w=120&format=webp'\nexport default b",
      'style.css': "a { background: url('./img/a.jpg?w=90&format=webp') }",
      'two.html':
        '<!doctype html><title>two</title><link rel="stylesheet" href="./style.css"><img src="./img/b.jpg?w=60;130&format=webp" sizes="10vw" alt="">',
      'three.html': '<!doctype html><title>three</title><p>nothing',
    })
    const input = ['index.html', 'two.html', 'three.html']
    const sizes = await sizesOf(root, input)
    const size = (name: string): number => sizes[name] ?? Number.NaN
    const one =
      Math.max(size('img/a.jpg?format=webp;jpeg&w=100;200 webp 200'), size('img/a.jpg?format=webp;jpeg&w=100;200 jpeg 200')) +
      size('img/b.jpg?format=webp&w=120 webp 120')
    const two = size('img/a.jpg?format=webp&w=90 webp 90') + size('img/b.jpg?format=webp&w=60;130 webp 130')
    const check = (match: string, maxBytes: number): Promise<string> => failureOf(root, [{ on: 'entry', match, maxBytes }], version, input)
    expect(await check('index.html', one)).toBe('')
    expect(await check('index.html', one - 1)).toContain(`  index.html: ${one} bytes, at most ${one - 1} bytes allowed`)
    expect(await check('two.html', two)).toBe('')
    expect(await check('two.html', two - 1)).toContain(`  two.html: ${two} bytes, at most ${two - 1} bytes allowed`)
    expect(await check('three.html', 1)).toBe('')
  })
})

test.each(BUNDLERS)('%s: a budget of entries weighs what a chunk and those it loads name', async (bundler) => {
  const { root } = await page("import a from './img/a.jpg?w=100&format=webp'\nimport { b } from './shared.js'\nconsole.log(a, b)", {
    'shared.js': "import b from './img/b.jpg?w=120&format=webp'\nexport { b }",
  })
  const sizes = await sizesOf(root)
  const total = Object.values(sizes).reduce((sum, size) => sum + size, 0)
  const build = (maxBytes: number): Promise<void> =>
    bundle(bundler, join(root, 'main.js'), [{ dir: join(root, 'out'), format: 'es', entryFileNames: '[name]-[hash].js' }], {
      budgets: [{ on: 'entry', match: /main\.js$/, maxBytes }],
    })
  await build(total)
  await expect(build(total - 1)).rejects.toThrow(`${total} bytes, at most ${total - 1} bytes allowed`)
})

test('`vite build` ends with 1 when a budget is exceeded, and with 0 when it only warns', async () => {
  const { root, write } = await page("import a from './img/a.jpg?w=300&format=webp'\nconsole.log(a)")
  const plugin = pathToFileURL(join(import.meta.dirname, '../../dist/index.js')).href
  const run = (severity: string): ReturnType<typeof spawnSync> => {
    write(
      'vite.config.js',
      `import { imagemill } from ${JSON.stringify(plugin)}\nexport default { plugins: [imagemill({ budgets: [{ maxBytes: 100, severity: '${severity}' }] })] }`,
    )
    return spawnSync(process.execPath, [join(import.meta.dirname, '../../node_modules/vite/bin/vite.js'), 'build'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    })
  }
  const failed = run('error')
  expect(failed.status).toBe(1)
  expect(failed.stderr).toContain('[BUDGET_EXCEEDED] a budget is exceeded')
  const warned = run('warn')
  expect(warned.status).toBe(0)
  expect(warned.stderr).toContain('[BUDGET_EXCEEDED] a budget is exceeded')
})

test.each([
  [{}, "invalid option `budgets`: expected a list such as [{ maxBytes: '200kb' }], received {}"],
  [[{}], 'invalid option `budgets[0]`: expected `maxBytes` or `maxTotal`, received {}'],
  [[{ maxByte: 1 }], 'unknown option `budgets[0].maxByte`. Did you mean `budgets[0].maxBytes`?'],
  [[{ maxBytes: '5 apples' }], 'invalid option `budgets[0].maxBytes`'],
  [[{ maxBytes: 1, on: 'page' }], "invalid option `budgets[0].on`: expected 'output', 'candidate', 'import' or 'entry', received \"page\""],
  [[{ maxBytes: 1 }, { maxTotal: 1, formats: ['heic'] }], 'invalid option `budgets[1].formats`'],
])('%j is refused', (budgets, message) => {
  // @ts-expect-error what types would refuse
  expect(() => imagemill({ budgets })).toThrow(message)
})
