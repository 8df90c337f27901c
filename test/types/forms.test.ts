import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dtsText, readDts } from '../../src/module/dts.ts'
import { runCli } from '../support/cli.ts'
import { TSCONFIG, diagnose, linkPackages, wrongLines } from '../support/compilers.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'

/** Every line but those of the imports is a mistake of its own. */
const WRONG = [
  "import url, { exif, placeholder } from './a.jpg?w=20&placeholder=lqip&exif&as=url'",
  "import srcset, { placeholder as soft } from './a.jpg?w=20;40&placeholder=thumbhash&as=srcset'",
  "import facts, { exif as camera, width } from './a.jpg?w=20&exif&as=metadata'",
  "import record, { placeholder as colour } from './a.jpg?w=20&placeholder=dominant_color&as=result'",
  "import records from './a.jpg?w=20;40&format=webp&target_size=9kb&as=result'",
  "import one from './a.jpg?w=20&format=webp&quality=auto&as=result'",
  "import picture from './a.jpg?w=20;40&format=avif;webp&as=picture'",
  "import img from './a.jpg?w=20;40&as=img'",
  'export const a: number = url',
  'export const b: number = exif.has_exif',
  'export const c: number = placeholder.background',
  'export const d: number = srcset',
  'export const e: number = soft.kind',
  'export const f: 21 = width',
  'export const g: string = camera.has_exif',
  'export const h: 21 = facts.width',
  'facts.exif',
  'export const i: number = colour.background',
  "export const j: 'srcset' = record.operation",
  'record[0]',
  'records[2]',
  'records.outputs',
  "export const k: 'resize' = records[0].operation",
  'export const l: 41 = records[1].outputs[0].width',
  'one[0]',
  "export const m: 'resize' = one.operation",
  'picture.sources.jpeg',
  'picture.width',
  'export const n: 20 = picture.img.w',
  'img.width',
  'export const o: 20 = img.w',
].join('\n')

const RIGHT = [
  "import url, { exif, placeholder } from './a.jpg?w=20&placeholder=lqip&exif&as=url'",
  "import records from './a.jpg?w=20;40&format=webp&target_size=9kb&as=result'",
  "import facts, { exif as camera, width } from './a.jpg?w=20&exif&as=metadata'",
  'export const texts: string[] = [url, placeholder.background]',
  'export const flags: boolean[] = [exif.has_exif, camera.has_exif]',
  'export const widths: [20, 20, 20, 40] = [width, facts.width, records[0].outputs[0].width, records[1].outputs[0].width]',
  "export const found: 'quality' = records[1].operation",
].join('\n')

test('every form has its exact type in the oldest and the newest compiler', async () => {
  const { root } = project({
    'tsconfig.json': JSON.stringify(TSCONFIG),
    'src/wrong.ts': WRONG,
    'src/right.ts': RIGHT,
    'src/a.jpg': await jpeg(60, 40),
  })
  linkPackages(root)
  expect(await runCli(root, ['types'])).toMatchObject({ code: 0 })
  for (const compiler of ['typescript5', 'typescript'] as const)
    expect(wrongLines(root, compiler, 'src/wrong.ts', WRONG)).toEqual(WRONG.split('\n').slice(8))
})

test('forms that are not in the file yet are known by their ending', async () => {
  const main = [
    '/// <reference types="imagemill/client" />',
    "import { placeholder, exif } from './a.jpg?w=1&as=srcset'",
    "import result from './a.jpg?w=1&as=result'",
    'export const a: string = placeholder.background',
    'export const b: boolean = exif.has_exif',
    'export const c: number = result.outputs[0]?.path',
  ].join('\n')
  const { root } = project({ 'tsconfig.json': JSON.stringify(TSCONFIG), 'src/main.ts': main })
  linkPackages(root)
  expect(diagnose(root, 'typescript')).toEqual(['src/main.ts:4 TS18048', 'src/main.ts:5 TS18048', 'src/main.ts:6 TS2322'])
})

test('a second build keeps what an earlier one knew of forms with facts', async () => {
  const { root } = project({ 'src/main.ts': WRONG, 'src/a.jpg': await jpeg(60, 40) })
  await runCli(root, ['types'])
  const text = readFileSync(join(root, 'imagemill.d.ts'), 'utf8')
  const fallback = readFileSync(join(import.meta.dirname, '../../dist/client.d.ts'), 'utf8')
  expect(dtsText(readDts(text), fallback, { presets: {}, breakpoints: {}, shapes: {}, transforms: {} })).toBe(text)
})
