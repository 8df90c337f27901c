import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { project } from '../support/project.ts'

const HOME = join(import.meta.dirname, '../..')
const MODULES = join(HOME, 'node_modules')

/** The package as npm would install it. */
let packed = ''
beforeAll(() => {
  packed = mkdtempSync(join(tmpdir(), 'imagemill-pack-'))
  const [file] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', packed], {
      cwd: HOME,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  )
  execFileSync('tar', ['-xzf', join(packed, file.filename), '-C', packed])
  // A dependency that the types of records come from.
  link(join(MODULES, 'zod'), join(packed, 'node_modules/zod'))
})
afterAll(() => rmSync(packed, { recursive: true, force: true }))

const plugins =
  "import { imagemill } from 'imagemill'\nconst plugins = [imagemill({ defaults: { format: ['avif', 'webp'] }, limits: { timeout: 1000 } })]\n"
const FILES = {
  'vite8.config.ts': `import { defineConfig } from 'vite'\n${plugins}export default defineConfig({ plugins, worker: { plugins: () => [imagemill()] } })\n`,
  'vite7.config.ts': `import { defineConfig } from 'vite7'\n${plugins}export default defineConfig({ plugins })\n`,
  'vite6.config.ts': `import { defineConfig } from 'vite6'\n${plugins}export default defineConfig({ plugins })\n`,
  'rollup.config.ts': `import { defineConfig } from 'rollup'\n${plugins}export default defineConfig({ input: 'a.js', plugins })\n`,
  'rolldown.config.ts': `import { defineConfig } from 'rolldown'\n${plugins}export default defineConfig({ input: 'a.js', plugins })\n`,
  'wrong.ts':
    "import { imagemill } from 'imagemill'\n// @ts-expect-error an unknown option\nimagemill({ formats: 'webp' })\n// @ts-expect-error a wrong value\nimagemill({ onError: 'ignore' })\n",
  'app.ts': [
    '/// <reference types="imagemill/client" />',
    "import picture, { sources } from './a.jpg?w=1&as=picture'",
    "import url from './a.jpg?w=1&as=url'",
    "import srcset from './a.jpg?w=1&as=srcset'",
    "import img from './a.jpg?w=1&as=img'",
    "import facts from './a.jpg?w=1&as=metadata'",
    "import result from './a.jpg?w=1&as=result'",
    "import image from './a.jpg?w=1&imagemill'",
    "import address, { placeholder, exif } from './a.jpg?placeholder=lqip&exif&as=url'",
    "import manifest from 'virtual:imagemill/manifest'",
    "import type { Image, JobResult, Manifest } from 'imagemill'",
    'export const texts: string[] = [picture.img.src, url, srcset, img.src, facts.src, image.srcset, sources.webp ?? ""]',
    'export const numbers: number[] = [picture.img.w, img.h, facts.width, image.width, result.outputs[0]?.size_bytes ?? 0]',
    "export const formats: ('png' | 'jpeg' | 'webp' | 'avif' | 'gif')[] = [facts.format, ...image.outputs.map(({ format }) => format)]",
    'export const background: string | undefined = placeholder?.background ?? image.placeholder?.background ?? img.placeholder?.background ?? address',
    "export const hash: string = placeholder?.kind === 'thumbhash' ? placeholder.hash : ''",
    'export const south: boolean = (exif?.gps?.latitude ?? 0) < 0 && picture.exif?.has_exif === true',
    'export const whole: Image = image',
    'export const art: (string | number)[] = picture.art?.flatMap(({ media, type, srcset, width, height }) => [media, type, srcset, width, height]) ?? []',
    'export const media: (string | undefined)[] = image.sources.map(({ media }) => media)',
    'export const record: JobResult = result',
    'export const all: Manifest = manifest',
    '// @ts-expect-error only breakpoints have a size of their own',
    'export const sizes: number[] = image.sources.map(({ width }) => width)',
    '// @ts-expect-error a width is a number',
    'export const wrong: string = image.width',
    '// @ts-expect-error no such key',
    'picture.image',
  ].join('\n'),
}

const SETTINGS = {
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
} as const

describe.each(['typescript5', 'typescript6', 'typescript'])('%s', (compiler) => {
  test.each(['bundler', 'nodenext'] as const)('types of the packed package, resolved as %s', (resolution) => {
    const compilerOptions = {
      ...SETTINGS[resolution],
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: true,
      noEmit: true,
    }
    const { root } = project({ ...FILES, 'tsconfig.json': JSON.stringify({ compilerOptions, include: ['*.ts'] }) })
    for (const name of ['vite', 'vite7', 'vite6', 'rollup', 'rolldown', '@types/node'])
      link(join(MODULES, name), join(root, 'node_modules', name))
    link(join(packed, 'package'), join(root, 'node_modules/imagemill'))
    const { stdout, status } = spawnSync(process.execPath, [join(MODULES, compiler, 'bin/tsc'), '-p', root], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })
})

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(target, path, 'dir')
}
