import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript6'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { COMPILERS, TSCONFIG, diagnose, linkPackages, wrongLines } from '../support/compilers.ts'
import { jpeg } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'

const IMPORTS =
  "import { imagemill, query, type Directives, type ImagemillOptions } from 'imagemill'\nimport { query as light } from 'imagemill/query'\n"

const RIGHT = `${IMPORTS}
export const texts: string[] = [
  query({ w: [320, 640], format: ['avif', 'webp'] }),
  query({ w: '320;640', h: 200, aspect: '16:9', fit: 'cover', position: 'right top', quality: [40, 'auto'], densities: [1, 2] }),
  query({ 'avif.quality': 50, 'webp.target_size': '30kb', target_size: 50_000, crop: '0,0,50%,50%', focus: '0.3,0.7', blur: true }),
  query({ transform: ['paint', 'paint:left,paint'], preset: 'card', 'phone.w': [200, 400], 'phone.avif.quality': 40, placeholder: 'lqip:32', as: 'box:a;b', trim: 10 }),
  light({ effort: 'max', lossless: true, flip: [true, false], inline: 'auto', metadata: 'copyright', w: undefined }),
]
export const options: ImagemillOptions = {
  defaults: { format: ['avif', 'webp'], preset: 'hero' },
  presets: { card: { w: 320 }, hero: 'w=1200' },
}
export const glob = { w: '320;640', format: 'avif;webp' } satisfies Directives
imagemill({ ...options, defaults: (file) => (file.endsWith('.png') ? { lossless: true } : undefined) })
`

/** Every line but the first two is a mistake of its own. */
const WRONG = `${IMPORTS}query({ width: 320 })
query({ w: '320px' })
query({ w: [320, 'wide'] })
query({ w: true })
query({ format: 'heic' })
query({ format: ['avif', 'tiff'] })
query({ fit: 'crop' })
query({ position: 'middle' })
query({ kernel: 'lanczos' })
query({ aspect: '16/9' })
query({ focus: '0.3' })
query({ crop: '0,0,1' })
query({ quality: 'best' })
query({ target_size: '50kib' })
query({ target_size: [1000, 2000] })
query({ effort: 'most' })
query({ lossless: 'yes' })
query({ placeholder: 'blur' })
query({ metadata: 'all' })
query({ as: 'image' })
query({ as: 'boxes' })
query({ transform: 'print' })
query({ transform: 'paint left' })
imagemill({ shapes: { box: ({ sizes }) => sizes } })
imagemill({ include: [3] })
query({ as: ['url', 'img'] })
query({ 'avif.quality': 'best' })
query({ 'avif.w': 320 })
query({ 'heic.quality': 40 })
query({ 'tablet.w': 320 })
query({ 'phone.as': 'url' })
query({ 'phone.w': 'wide' })
query({ preset: 'cart' })
query({ preset: 1 })
light({ formats: 'avif' })
imagemill({ defaults: { preset: 'cart' } })
imagemill({ defaults: { formats: 'avif' } })
imagemill({ presets: { card: { w: 'wide' } } })
imagemill({ defaults: () => ({ hight: 3 }) })
imagemill({ limits: { pixel: 3 } })
imagemill({ privacy: 'ignore' })
export const glob = { w: '320;640', formats: 'avif;webp' } satisfies Directives`

const CONFIG =
  "import { imagemill } from 'imagemill'\nexport default { plugins: [imagemill({ presets: { hero: 'w=12', card: 'w=8' }, breakpoints: { phone: '(max-width: 600px)' }, shapes: { box: () => '' }, transforms: { paint: './paint.js' } })] }\n"

async function site(files: Record<string, string>): Promise<Project> {
  const made = project({
    'tsconfig.json': JSON.stringify(TSCONFIG),
    'vite.config.js': CONFIG,
    ...files,
    'src/image.ts': "import a from './a.jpg?preset=card'\nexport const width: 8 = a.width\n",
    'src/a.jpg': await jpeg(30, 20),
  })
  linkPackages(made.root, ['imagemill', 'vite'])
  expect(await runCli(made.root, ['types'])).toMatchObject({ code: 0 })
  return made
}

test.each(COMPILERS)('%s takes what is right and refuses every wrong key and value', async (compiler) => {
  const { root } = await site({ 'src/right.ts': RIGHT, 'src/wrong.ts': WRONG })
  expect(wrongLines(root, compiler, 'src/wrong.ts', WRONG)).toEqual(WRONG.split('\n').slice(2))
})

test('without the generated file every name may be a preset or a breakpoint', async () => {
  const { root } = project({
    'tsconfig.json': JSON.stringify(TSCONFIG),
    'src/main.ts': `${IMPORTS}query({ preset: 'any', 'any.w': 3, 'any.avif.quality': 4, 'avif.effort': 'max' })\nlight({ 'any.w': 'wide' })\nlight({ 'any.id': 'x' })\n`,
  })
  linkPackages(root)
  expect(diagnose(root, 'typescript')).toEqual(['src/main.ts:4 TS2322', 'src/main.ts:5 TS2353'])
})

test('an editor completes names of presets, of directives and of their values', async () => {
  const main = `${IMPORTS}query({ preset: '' })\nquery({ as: '', ph })\nimagemill({ defaults: { preset: '' } })\n`
  const { root } = await site({ 'src/main.ts': main })
  const complete = completer(root, 'src/main.ts')
  expect(complete(main.indexOf("''") + 1)).toEqual(['card', 'hero'])
  expect(complete(main.lastIndexOf("''") + 1)).toEqual(['card', 'hero'])
  expect(complete(main.indexOf("as: ''") + 5)).toEqual(['box', 'img', 'metadata', 'picture', 'result', 'srcset', 'url'])
  expect(complete(main.indexOf('ph }') + 2)).toEqual(expect.arrayContaining(['placeholder', 'phone.w', 'phone.avif.quality']))
})

/** What an editor would offer at a position of a file, in the order of the alphabet. */
function completer(root: string, name: string): (position: number) => string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path))
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => fileNames,
    getScriptVersion: () => '1',
    getScriptSnapshot: (path) => (ts.sys.fileExists(path) ? ts.ScriptSnapshot.fromString(readFileSync(path, 'utf8')) : undefined),
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
    fileExists: (path) => ts.sys.fileExists(path),
    readFile: (path) => ts.sys.readFile(path),
    readDirectory: (...all) => ts.sys.readDirectory(...all),
    directoryExists: (path) => ts.sys.directoryExists(path),
    getDirectories: (path) => ts.sys.getDirectories(path),
  })
  return (position) =>
    (service.getCompletionsAtPosition(join(root, name), position, {})?.entries ?? [])
      .map((entry) => entry.name.replaceAll(/['"]/g, ''))
      .sort()
}
