import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as vite from 'vite'
import { imagemill, type ImagemillOptions } from 'imagemill'
import { CAMERA, exifBlock, withBlocks } from '../support/exif.ts'
import { buildVite } from '../support/build.ts'
import { runCli } from '../support/cli.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'

/** Answers about positions that the cache below a root holds. */
function remembered(root: string): number {
  const folder = join(root, 'node_modules/.cache/imagemill/v1/ac')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))
  return files.filter((name) => readFileSync(join(folder, name), 'utf8').includes('"shows":true')).length
}

const placed = async (): Promise<Buffer> => withBlocks(await jpeg(60, 40), exifBlock(CAMERA))
const harmless = async (): Promise<Buffer> => withBlocks(await jpeg(60, 40), exifBlock({ picture: CAMERA.picture ?? {} }))

interface Built {
  warnings: string[]
  error: string
}

async function build(root: string, options: ImagemillOptions = {}, config: vite.InlineConfig = {}): Promise<Built> {
  const warnings: string[] = []
  const note = (message: string): void => void warnings.push(message)
  const customLogger = { ...vite.createLogger('silent'), warn: note, warnOnce: note, info: () => undefined }
  const input = join(root, 'main.js')
  const error = await vite
    .build({
      configFile: false,
      customLogger,
      logLevel: 'warn',
      root,
      plugins: [imagemill(options)],
      ...config,
      build: { rollupOptions: { input }, ...config.build },
    })
    .then(
      () => '',
      (cause: unknown) => String(cause),
    )
  return { warnings: warnings.filter((text) => text.includes('POSITION_SHIPS')), error }
}

describe('a position that would ship', () => {
  test('with `metadata=keep` is a warning that names the file, and the default is silent because nothing ships', async () => {
    const { root } = project({
      'main.js':
        "import a from './img/a.jpg?w=20&metadata=keep'\nimport b from './b.jpg?w=20'\nimport c from './c.jpg?w=20&metadata=keep'\nconsole.log(a, b, c)",
      'img/a.jpg': await placed(),
      'b.jpg': await placed(),
      'c.jpg': await harmless(),
    })
    const { warnings, error } = await build(root)
    expect(error).toBe('')
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('an image of the build says where it was taken (GPS): img/a.jpg.')
    expect(await build(root, { privacy: 'off' })).toEqual({ warnings: [], error: '' })
  })

  test('fails the build with `error`, naming every file, also in the public folder and of imports that are not ours', async () => {
    const { root } = project({
      'main.js':
        "import a from './a.jpg?w=20&metadata=keep'\nimport plain from './plain.jpg?no-inline'\nimport inline from './inline.jpg?w=8&metadata=keep&inline'\nimport dropped from './dropped.jpg?w=9&metadata=keep'\nconsole.log(a, plain, inline)",
      'a.jpg': await placed(),
      'plain.jpg': await placed(),
      'inline.jpg': await placed(),
      'dropped.jpg': await placed(),
      'public/deep/p.JPG': await placed(),
      'public/fine.jpg': await harmless(),
      'public/broken.jpg': 'no image',
      'public/empty.png': '',
    })
    const { error } = await build(root, { privacy: 'error' })
    expect(error).toContain('[POSITION_SHIPS]')
    expect(error).toContain('4 images of the build say where they were taken (GPS): a.jpg, inline.jpg, plain.jpg, public/deep/p.JPG.')
  })

  test('in the public folder is found again in a warm build, and no more when the file is clean', async () => {
    const { root, write } = project({ 'main.js': 'console.log(1)', 'public/p.jpg': await placed() })
    // A file that was changed just now is looked at anew each time.
    await new Promise((resolve) => setTimeout(resolve, 2100))
    for (let run = 0; run < 2; run++) expect((await build(root)).warnings[0]).toContain('public/p.jpg')
    const [warning = ''] = (await build(root)).warnings
    expect(warning).not.toMatch(/metadata=keep|w=1280/)
    const job = /process --job '(.*)'/.exec(warning)?.[1] ?? ''
    expect((await runCli(root, ['process', '--job', job])).records).toMatchObject([{ success: true, outputs: [{ path: 'clean/p.jpg' }] }])
    expect(remembered(root)).toBe(1)
    write('public/p.jpg', await harmless())
    expect((await build(root)).warnings).toEqual([])
    expect((await build(root, {}, { publicDir: false })).warnings).toEqual([])
  })

  test('as the source that takes the place of an image that cannot be made', async () => {
    const { root } = project({
      'main.js': "import a from './a.jpg?w=20&quality=900'\nconsole.log(a)",
      'a.jpg': await placed(),
    })
    expect((await build(root, { onError: 'warn' })).warnings[0]).toContain('a.jpg')
  })
})

test('a build without a public folder and without a position opens no cache for it', async () => {
  const { root } = project({ 'main.js': 'console.log(1)' })
  await buildVite(root, { config: { build: { rollupOptions: { input: join(root, 'main.js') } } } })
  expect(readdirSync(root).sort()).toEqual(['dist', 'main.js', 'package.json'])
})

test('another word than off, warn and error is refused', () => {
  // @ts-expect-error what types would refuse
  expect(() => imagemill({ privacy: 'loud' })).toThrow("invalid option `privacy`: expected 'off', 'warn' or 'error', received \"loud\"")
})
