import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sha256 } from '../../src/hash.ts'
import { VITE_NAMES, buildVite } from '../support/build.ts'
import { jpeg, png } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'
import { runFile } from '../support/run.ts'

/** Types in the place of values: the shape that `contracts` show, key by key. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
}

const OUTPUT = { path: 'string', format: 'string', width: 'number', height: 'number', size_bytes: 'number' }
const record = (outputs: number): unknown => ({
  success: 'boolean',
  operation: 'string',
  outputs: Array.from({ length: outputs }, () => OUTPUT),
  elapsed_ms: 'number',
  metadata: 'null',
})

const MAIN = [
  "import hero from './img/photo.jpg?format=webp;jpeg&w=160;80&id=hero'",
  "import set from './img/photo.jpg?as=srcset&w=50'",
  "import same from './img/photo.jpg?as=url&w=50'",
  "import { width } from './img/photo.jpg?w=70'",
  "import dropped from './img/photo.jpg?w=60'",
  "import small from './img/photo.jpg?w=20&inline'",
  "import result from './img/draw.png?w=40;30&as=result'",
  "import manifest from 'virtual:imagemill/manifest'",
  'globalThis.answer = import("./later.js").then(({ default: later }) => ({ hero, set, same, width, small, result, later, manifest }))',
].join('\n')

async function page(): Promise<Project> {
  return project({
    'main.js': MAIN,
    'later.js': "import later from './img/draw.png?w=25&as=img'\nexport default later",
    'img/photo.jpg': await jpeg(300, 200),
    'img/draw.png': await png(60, 40),
  })
}

const NAMES = [
  'img/draw.png?as=img&w=25',
  'img/draw.png?as=result&w=30;40',
  'img/photo.jpg?as=srcset&w=50',
  'img/photo.jpg?as=url&w=50',
  'img/photo.jpg?format=webp;jpeg&id=hero&w=80;160',
  'img/photo.jpg?inline&w=20',
]

describe.each(VITE_NAMES)('the manifest in %s', (version) => {
  const build = (root: string, options: Parameters<typeof buildVite>[1] = {}, minify = true) =>
    buildVite(root, {
      version,
      ...options,
      config: { build: { minify, rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'entry.js' } } } },
    })

  test('has a sorted entry for each request that is used, in the shape of the contract', async () => {
    const { root } = await page()
    const files = await build(root)
    const manifest = parse(files.get('.vite/imagemill.json'))
    expect(Object.keys(manifest)).toEqual(NAMES)
    const entry = {
      source: { path: 'string', sha256: 'string', format: 'string', width: 'number', height: 'number', size_bytes: 'number' },
      job_id: 'string',
      cached: 'boolean',
    }
    expect(shapeOf(manifest['img/photo.jpg?as=url&w=50'])).toEqual({ ...entry, results: [record(1)] })
    expect(shapeOf(manifest['img/photo.jpg?format=webp;jpeg&id=hero&w=80;160'])).toEqual({
      ...entry,
      image_identifier: 'string',
      results: [record(4)],
    })
    expect(shapeOf(manifest['img/draw.png?as=result&w=30;40'])).toEqual({ ...entry, results: [record(2)] })
    expect(shapeOf(manifest['img/photo.jpg?inline&w=20'])).toEqual({
      ...entry,
      results: [
        {
          success: 'boolean',
          operation: 'string',
          outputs: [{ ...OUTPUT, data_base64: 'string' }],
          elapsed_ms: 'number',
          metadata: 'null',
        },
      ],
    })
    expect(manifest['img/draw.png?as=img&w=25']).toMatchObject({
      cached: false,
      source: { path: 'img/draw.png', format: 'png', width: 60, height: 40 },
      results: [{ success: true, operation: 'resize' }],
    })
    expect(manifest['img/photo.jpg?format=webp;jpeg&id=hero&w=80;160']).toMatchObject({
      image_identifier: 'hero',
      source: { format: 'jpeg' },
      results: [
        { operation: 'srcset', outputs: [{ format: 'webp', width: 80, height: 53 }, { width: 160, height: 107 }, { format: 'jpeg' }, {}] },
      ],
    })
    const text = String(files.get('.vite/imagemill.json'))
    expect(text).not.toContain(root)
    expect(JSON.stringify(Object.keys(Object.values(manifest)[0] ?? {}))).toBe('["source","job_id","cached","results"]')
  })

  test('names files that are there, with their sizes, and says what came from the cache', async () => {
    const { root } = await page()
    const cold = await build(root)
    const warm = await build(root)
    for (const [files, cached] of [
      [cold, false],
      [warm, true],
    ] as const) {
      const listed = Object.values(parse(files.get('.vite/imagemill.json'))).flatMap((entry) => {
        expect(entry.cached).toBe(cached)
        return entry.results.flatMap(({ outputs }) => outputs)
      })
      const apart = listed.filter(({ data_base64 }) => data_base64 === undefined)
      for (const { path, size_bytes } of apart) expect(files.get(path)?.length).toBe(size_bytes)
      for (const { data_base64, size_bytes } of listed)
        if (data_base64 !== undefined) expect(Buffer.from(data_base64, 'base64').length).toBe(size_bytes)
      expect(new Set(apart.map(({ path }) => path))).toEqual(new Set([...files.keys()].filter((name) => /\.(webp|jpeg|png)$/.test(name))))
    }
  })

  test.each([true, false])('is what `virtual:imagemill/manifest` exports, minify %s', async (minify) => {
    const { root } = await page()
    const files = await build(root, {}, minify)
    const answer = runFile(join(root, 'dist/entry.js'))
    expect(answer).toHaveProperty('manifest', parse(files.get('.vite/imagemill.json')))
  })

  test.each([true, false])('`as=result` exports the exact record, minify %s', async (minify) => {
    const { root } = await page()
    const files = await build(root, {}, minify)
    const answer = runFile(join(root, 'dist/entry.js'))
    const [listed] = parse(files.get('.vite/imagemill.json'))['img/draw.png?as=result&w=30;40']?.results ?? []
    expect(answer).toHaveProperty('result', {
      ...listed,
      outputs: listed?.outputs.map((output) => ({ ...output, path: `/${output.path}` })),
    })
    expect(shapeOf(answer)).toMatchObject({ result: record(2), width: 'number' })
  })

  test('can be left out or have another name', async () => {
    const { root } = await page()
    expect([...(await build(root, { options: { manifest: false } })).keys()].filter((name) => name.endsWith('.json'))).toEqual([])
    expect(
      [...(await build(root, { options: { manifest: 'meta/pictures.json' } })).keys()].filter((name) => name.endsWith('.json')),
    ).toEqual(['meta/pictures.json'])
  })

  test('gives the digests of the sources', async () => {
    const photo = await jpeg(100, 100)
    const { root } = project({ 'main.js': "import a from './photo.jpg?w=10'\nconsole.log(a)", 'photo.jpg': photo })
    const manifest = parse((await build(root)).get('.vite/imagemill.json'))
    expect(manifest['photo.jpg?w=10']?.source).toMatchObject({ sha256: sha256(photo), size_bytes: photo.length })
  })
})

interface Listed {
  cached: boolean
  source: Record<string, unknown>
  results: { outputs: { path: string; size_bytes: number; data_base64?: string }[] }[]
}

function parse(bytes: Buffer | undefined): Record<string, Listed> {
  return JSON.parse(String(bytes))
}
