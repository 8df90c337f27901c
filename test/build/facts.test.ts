import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { VITE_NAMES, buildVite } from '../support/build.ts'
import { BUNDLERS, bundle } from '../support/bundlers.ts'
import { startDev } from '../support/dev.ts'
import { CAMERA, CAMERA_RECORD, exifBlock, withBlocks } from '../support/exif.ts'
import { jpeg } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'
import { runFile } from '../support/run.ts'

const LQIP = {
  kind: 'lqip',
  data_uri: expect.stringMatching(/^data:image\/webp;base64,[A-Za-z0-9+/=]+$/),
  width: 20,
  height: 30,
  background: expect.stringMatching(/^center \/ cover no-repeat url\(data:image\/webp;base64,[A-Za-z0-9+/=]+\)$/),
}

const THUMB = { kind: 'thumbhash', hash: expect.any(String), data_uri: expect.any(String), background: expect.any(String) }

const MAIN = [
  "import whole from './photo.jpg?w=40&placeholder=lqip&exif'",
  "import { placeholder as alone } from './photo.jpg?w=41&placeholder=thumbhash'",
  "import address, { exif, placeholder as hash } from './photo.jpg?w=42&as=url&exif&placeholder=thumbhash'",
  "import picture from './photo.jpg?w=43&as=picture&placeholder=dominant'",
  "import img from './photo.jpg?w=44&as=img&exif'",
  "import result, { exif as besides } from './photo.jpg?w=45&as=result&exif'",
  "import { width } from './photo.jpg?w=46&placeholder=blurhash&exif'",
  "import { src } from './photo.jpg?w=47&placeholder=css_gradient'",
  'globalThis.answer = { whole, alone, address, exif, hash, picture, img, result, besides, width, src }',
].join('\n')

async function page(): Promise<Project> {
  return project({ 'main.js': MAIN, 'photo.jpg': withBlocks(await jpeg(300, 200), exifBlock(CAMERA)) })
}

/** Answers that the store below a root holds: each was found out once. */
function answersIn(root: string): string[] {
  const folder = join(root, 'node_modules/.cache/imagemill/v1/ac')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))
  const values = files.map((name): { value: { metadata?: { kind?: string } } } =>
    JSON.parse(readFileSync(join(folder, name), 'utf8').split('\n')[1] ?? ''),
  )
  return values.flatMap(({ value }) => (value.metadata ? [value.metadata.kind ?? 'exif'] : [])).sort()
}

const EXPECTED = {
  whole: { width: 40, placeholder: LQIP, exif: CAMERA_RECORD },
  alone: THUMB,
  exif: CAMERA_RECORD,
  hash: THUMB,
  picture: { placeholder: { kind: 'dominant_color', dominant_color: expect.stringMatching(/^#[0-9a-f]{6}$/) } },
  img: { w: 44, exif: CAMERA_RECORD },
  result: { success: true, operation: 'resize', metadata: null },
  besides: CAMERA_RECORD,
  width: 46,
}

describe.each(VITE_NAMES)('placeholder and exif in %s', (version) => {
  const build = (root: string, minify = true): Promise<Map<string, Buffer>> =>
    buildVite(root, {
      version,
      config: { build: { minify, rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'entry.js' } } } },
    })

  // Vite 8 has another minifier, and another bundler, than the two before it.
  test.each(version === 'vite 7' ? [true] : [true, false])(
    'are exports that are filled in where they are used, minify %s',
    async (minify) => {
      const { root } = await page()
      await build(root, minify)
      expect(runFile(join(root, 'dist/entry.js'))).toMatchObject(EXPECTED)
      // Neither the blurhash nor the gradient is in the code any more, so nobody looked for them.
      expect(answersIn(root)).toEqual(['dominant_color', 'exif', 'lqip', 'thumbhash'])
    },
  )

  test('have records of their own in the manifest, of what is used', async () => {
    const { root } = await page()
    const entries = (files: Map<string, Buffer>): Record<string, { cached: boolean; results: Record<string, unknown>[] }> =>
      JSON.parse(String(files.get('.vite/imagemill.json')))
    const cold = entries(await build(root))
    const answer = runFile(join(root, 'dist/entry.js'))
    const [images, placeholder, exif, ...more] = cold['photo.jpg?exif&placeholder=lqip&w=40']?.results ?? []
    expect(more).toEqual([])
    expect(images).toMatchObject({ operation: 'resize', metadata: null })
    expect(placeholder).toEqual({ success: true, operation: 'placeholder', outputs: [], elapsed_ms: expect.any(Number), metadata: LQIP })
    expect(answer).toHaveProperty('whole.placeholder', placeholder?.['metadata'])
    expect(exif).toEqual({ success: true, operation: 'exif', outputs: [], elapsed_ms: expect.any(Number), metadata: CAMERA_RECORD })
    expect(Object.keys(exif ?? {})).toEqual(['success', 'operation', 'outputs', 'elapsed_ms', 'metadata'])
    const operations = (name: string): unknown[] => (cold[name]?.results ?? []).map(({ operation }) => operation)
    expect(operations('photo.jpg?placeholder=thumbhash&w=41')).toEqual(['placeholder'])
    expect(operations('photo.jpg?placeholder=css_gradient&w=47')).toEqual(['resize'])
    expect(operations('photo.jpg?exif&placeholder=blurhash&w=46')).toEqual([])
    expect(cold['photo.jpg?placeholder=thumbhash&w=41']?.cached).toBe(false)
    const warm = entries(await build(root))
    expect(warm['photo.jpg?placeholder=thumbhash&w=41']).toMatchObject({ cached: true, results: [{ metadata: THUMB }] })
  })
})

test.each(BUNDLERS)('%s fills them in, too', async (bundler) => {
  const { root } = await page()
  await bundle(bundler, join(root, 'main.js'), [{ dir: join(root, 'dist'), format: 'es' }], {
    cache: { dir: join(root, 'node_modules/.cache/imagemill') },
  })
  expect(runFile(join(root, 'dist/main.js'))).toMatchObject({ alone: THUMB, exif: CAMERA_RECORD, width: 46 })
  expect(answersIn(root)).not.toContain('blurhash')
})

test.each(VITE_NAMES)('the dev server of %s has them in the module, the same as the build', async (version) => {
  const { root } = await page()
  const dev = await startDev(root, { version })
  const whole = await dev.module('/photo.jpg?w=40&placeholder=lqip&exif&import')
  expect(whole).toMatchObject({ placeholder: LQIP, exif: CAMERA_RECORD, default: { placeholder: LQIP, exif: CAMERA_RECORD } })
  expect(await dev.module('/photo.jpg?w=42&as=url&exif&import')).toHaveProperty('exif', CAMERA_RECORD)
  expect(await dev.module('/photo.jpg?w=43&import')).not.toHaveProperty('placeholder')
  await dev.close()
  await buildVite(root, {
    version,
    config: { build: { rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'entry.js' } } } },
  })
  expect(runFile(join(root, 'dist/entry.js'))).toHaveProperty('whole.placeholder', whole['placeholder'])
})

describe('what cannot be found out', () => {
  const broken = async (query: string): Promise<Project> => {
    const whole = await jpeg(300, 200)
    return project({
      'main.js': `import { placeholder } from './photo.png?${query}'\nglobalThis.answer = { placeholder: placeholder ?? 'none' }`,
      // A header that is fine, and no pixels behind it.
      'photo.png': Buffer.concat([(await sharp(whole).png().toBuffer()).subarray(0, 90), Buffer.alloc(50)]),
    })
  }
  const config = (root: string): object => ({
    build: { rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'entry.js' } } },
  })

  test('fails the build with the file and the query', async () => {
    const { root } = await broken('w=20&placeholder=lqip')
    await expect(buildVite(root, { config: config(root) })).rejects.toThrow(/\[SOURCE_CORRUPT\] photo\.png\?w=20&placeholder=lqip: /)
  })

  test('is nothing with `onError: warn`', async () => {
    const { root } = await broken('w=20&placeholder=lqip')
    await buildVite(root, { options: { onError: 'warn' }, config: config(root) })
    expect(runFile(join(root, 'dist/entry.js'))).toEqual({ placeholder: 'none' })
  })

  test('is nothing with `onError: warn` where the query is wrong, too', async () => {
    const { root } = await broken('w=0&placeholder=lqip')
    await buildVite(root, { options: { onError: 'warn' }, config: config(root) })
    expect(runFile(join(root, 'dist/entry.js'))).toEqual({ placeholder: 'none' })
  })
})
