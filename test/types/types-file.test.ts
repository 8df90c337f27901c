import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { buildVite } from '../support/build.ts'
import { startDev } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'

const HOME = join(import.meta.dirname, '../..')
const COMPILERS = ['typescript5', 'typescript6', 'typescript']
const TSCONFIG = {
  compilerOptions: {
    module: 'esnext',
    moduleResolution: 'bundler',
    target: 'es2022',
    lib: ['es2022', 'dom'],
    types: [],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    paths: { '@pics/*': ['./src/pics/*'] },
  },
  include: ['src', '*.d.ts'],
}
const BREAKPOINTS = { breakpoints: { phone: '(max-width: 600px)' } }
const MAIN = [
  "import hero, { width, outputs } from './pics/hero.jpg?w=64;128&format=avif;webp'",
  "import picture from '@pics/hero.jpg?w=32&as=picture&format=webp;jpeg'",
  "import square from './pics/hero.jpg?w=40&aspect=1&format=webp'",
  "import url from '/src/pics/hero.jpg?w=16&as=url'",
  "import urls from './pics/hero.jpg?w=16;24&as=url'",
  "import result from './pics/hero.jpg?w=20&format=png&as=result'",
  "import art from './pics/hero.jpg?w=64&format=webp&phone.w=20&placeholder=lqip&exif'",
  'const screens: (string | undefined)[] = art.sources.map((source) => source.media)',
  'const facts: [string, boolean] = [art.placeholder.background, art.exif.has_exif]',
  "import { logo } from './other/page.ts'",
  "import { width as either } from './pics/page.ts'",
  'const wide: 128 = width',
  'const one: 30 | 40 = either',
  'const tall: 85 = hero.height',
  "const formats: ['avif', 'avif', 'webp', 'webp'] = [outputs[0].format, outputs[1].format, outputs[2].format, outputs[3].format]",
  'const webp: string = picture.sources.webp',
  'const sized: 32 = picture.img.w',
  'const equal: 40 = square.height',
  'const texts: string[] = [url, urls[0], urls[1], hero.srcset]',
  "const png: 'png' = result.outputs[0].format",
  'const made: number = result.outputs[0].size_bytes',
  '// @ts-expect-error there are two sources',
  'hero.sources[2]',
  '// @ts-expect-error it is not 64 wide',
  'const narrow: 64 = width',
  '// @ts-expect-error there is no such source',
  'picture.sources.avif',
  'console.log(wide, tall, formats, webp, sized, equal, texts, png, made, narrow, logo, one, screens, facts)',
].join('\n')

async function typed(): Promise<Project & { check(compiler: string): string; dts(): string }> {
  const made = project({
    'tsconfig.json': JSON.stringify(TSCONFIG),
    'index.html': '<script type="module" src="/src/main.ts"></script>',
    'src/main.ts': MAIN,
    'src/other/page.ts':
      "import logo from './hero.jpg?w=40&aspect=1&format=webp'\nimport.meta.glob?.('../pics/*.jpg', { query: { w: '8' } })\nexport { logo }\n",
    'src/pics/page.ts': "export { width } from './hero.jpg?w=40&aspect=1&format=webp'\n",
    'src/glob.d.ts': 'interface ImportMeta { glob?(pattern: string, options: object): unknown }\n',
    'src/pics/hero.jpg': await jpeg(300, 200),
    'src/other/hero.jpg': await jpeg(30, 30, 2),
  })
  mkdirSync(join(made.root, 'node_modules'))
  symlinkSync(HOME, join(made.root, 'node_modules/imagemill'), 'dir')
  return {
    ...made,
    dts: () => readFileSync(join(made.root, 'imagemill.d.ts'), 'utf8'),
    check: (compiler) =>
      spawnSync(process.execPath, [join(HOME, 'node_modules', compiler, 'bin/tsc'), '-p', made.root], { cwd: made.root, encoding: 'utf8' })
        .stdout,
  }
}

const config = (root: string) => ({ resolve: { alias: { '@pics': join(root, 'src/pics') } } })

describe('`imagemill.d.ts`', () => {
  test('gives every import of a build its exact type, in every compiler', { timeout: 60_000 }, async () => {
    const { root, check, dts } = await typed()
    expect(check('typescript6')).toContain('TS2307')
    await buildVite(root, { options: BREAKPOINTS, config: config(root) })
    for (const compiler of COMPILERS) expect({ compiler, errors: check(compiler) }).toEqual({ compiler, errors: '' })
    expect(dts()).not.toContain('?w=8')
    // A relative specifier of two folders may be either image.
    expect(dts()).toMatch(/\| \{.*width: 30;.*\} \/\/ src\/other\/hero\.jpg\n    \| \{.*width: 40;.*\} \/\/ src\/pics\/hero\.jpg/)
  })

  test('is left alone while nothing has changed, and forgets images that are gone', async () => {
    const { root, dts } = await typed()
    await buildVite(root, { options: BREAKPOINTS, config: config(root) })
    const [before, { mtimeMs }] = [dts(), statSync(join(root, 'imagemill.d.ts'))]
    await buildVite(root, { options: BREAKPOINTS, config: config(root) })
    expect(statSync(join(root, 'imagemill.d.ts')).mtimeMs).toBe(mtimeMs)
    rmSync(join(root, 'src/other/hero.jpg'))
    writeFileSync(join(root, 'src/other/page.ts'), "export const logo = ''\n")
    await buildVite(root, { options: BREAKPOINTS, config: config(root) })
    expect(before).toContain('src/other/hero.jpg')
    expect(dts()).not.toContain('src/other/hero.jpg')
  })

  test('is written by two builds at a time without loss', async () => {
    const { root, dts } = await typed()
    writeFileSync(join(root, 'src/second.ts'), "import more from './pics/hero.jpg?w=12&format=gif'\nconsole.log(more)\n")
    const second = { ...config(root), build: { outDir: 'second', rollupOptions: { input: join(root, 'src/second.ts') } } }
    await Promise.all([
      buildVite(root, { options: BREAKPOINTS, config: config(root) }),
      buildVite(root, { options: BREAKPOINTS, config: second }),
    ])
    for (const query of ['w=64;128&format=avif;webp', 'w=12&format=gif']) expect(dts()).toContain(`hero.jpg?${query}"`)
  })

  test('follows the dev server: an import that is added, an image that becomes another', async () => {
    const { root, write, dts } = await typed()
    const dev = await startDev(root, { options: BREAKPOINTS, config: config(root) })
    await dev.get('/src/main.ts')
    await dev.module('/src/pics/hero.jpg?import&w=64;128&format=avif;webp')
    await expect.poll(() => existsSync(join(root, 'imagemill.d.ts')) && dts()).toContain('height: 85;')
    write('src/pics/hero.jpg', await jpeg(300, 300))
    await expect.poll(async () => (await dev.module('/src/pics/hero.jpg?import&w=64;128&format=avif;webp'))['height']).toBe(128)
    await expect.poll(dts).not.toContain('height: 85;')
    expect(dts()).toContain('height: 128;')
  })

  test.each([
    ['there is no tsconfig.json', {}, false],
    ['it is not wanted', { types: false }, true],
  ])('is not written where %s', async (_, options, isTyped) => {
    const { root } = await typed()
    if (!isTyped) rmSync(join(root, 'tsconfig.json'))
    await buildVite(root, { options: { ...BREAKPOINTS, ...options }, config: config(root) })
    expect(existsSync(join(root, 'imagemill.d.ts'))).toBe(false)
  })

  test('has another name where that is asked for', async () => {
    const { root } = await typed()
    await buildVite(root, { options: { ...BREAKPOINTS, types: 'src/images.d.ts' }, config: config(root) })
    expect(readFileSync(join(root, 'src/images.d.ts'), 'utf8')).toContain('width: 128;')
  })
})
