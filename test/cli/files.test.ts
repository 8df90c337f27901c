import { existsSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { dryRunSchema } from '../../src/contract/dry-run.ts'
import { digestsOf, filesOf } from '../support/build.ts'
import { failure, runCli, success } from '../support/cli.ts'
import { jpeg, png } from '../support/images.ts'
import { project } from '../support/project.ts'

async function gallery(): Promise<string> {
  const { root } = project({
    'photos/a.jpg': await jpeg(40, 30),
    'photos/b.png': await png(30, 40),
    'photos/deep/a.jpg': await jpeg(40, 30, 5),
    'photos/notes.txt': 'no image',
    'photos/node_modules/x/a.jpg': await jpeg(20, 20),
  })
  return root
}

test('every image of a glob, in the folders it was found in', async () => {
  const root = await gallery()
  const { code, records } = await runCli(root, ['photos/**/*?w=10;20&format=webp', '--out', 'photos/out'])
  expect(code).toBe(0)
  expect(records.map((record) => success(record).outputs.map(({ path, width }) => [path, width]))).toEqual([
    [
      ['photos/out/a-10.webp', 10],
      ['photos/out/a-20.webp', 20],
    ],
    [
      ['photos/out/b-10.webp', 10],
      ['photos/out/b-20.webp', 20],
    ],
    [
      ['photos/out/deep/a-10.webp', 10],
      ['photos/out/deep/a-20.webp', 20],
    ],
  ])
  const made = filesOf(join(root, 'photos/out'))
  expect([...made.keys()]).toEqual(['a-10.webp', 'a-20.webp', 'b-10.webp', 'b-20.webp', 'deep/a-10.webp', 'deep/a-20.webp'])
  expect(await sharp(made.get('b-20.webp')).metadata()).toMatchObject({ format: 'webp', width: 20, height: 27 })
  // Its own files are no sources of it.
  const again = await runCli(root, ['photos/**/*?w=10;20&format=webp', '--out', 'photos/out'])
  expect(again.stdout).toBe((await runCli(root, ['files', 'photos/**/*?format=webp&w=20;10', '--out', 'photos/out'])).stdout)
  expect(digestsOf(filesOf(join(root, 'photos/out')))).toEqual(digestsOf(made))
})

test('--dry-run says what would be written, and writes nothing at all', async () => {
  const root = await gallery()
  const before = digestsOf(filesOf(root))
  const { code, stdout } = await runCli(root, ['photos/**/*.jpg?w=10', '--out', 'out', '--dry-run'])
  expect(code).toBe(0)
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => dryRunSchema.parse(JSON.parse(line)))
  expect(lines.map(({ input, outputs }) => [input, outputs])).toEqual([
    ['photos/a.jpg', [{ path: 'out/a-10.jpg', format: 'jpeg', width: 10, height: 8 }]],
    ['photos/deep/a.jpg', [{ path: 'out/deep/a-10.jpg', format: 'jpeg', width: 10, height: 8 }]],
  ])
  expect(digestsOf(filesOf(root))).toEqual(before)
  expect(existsSync(join(root, 'node_modules'))).toBe(false)
  const { stdout: real } = await runCli(root, ['photos/**/*.jpg?w=10', '--out', 'out'])
  const planned = lines.map(({ outputs }) => outputs)
  expect(
    real
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  ).toMatchObject(planned.map((outputs) => ({ outputs })))
})

test('a corrupt image and two sources of one name fail alone', async () => {
  const { root } = project({ 'a.jpg': await jpeg(40, 30), 'a.png': await png(40, 30), 'c.jpg': (await jpeg(40, 30)).subarray(0, 300) })
  const { code, records } = await runCli(root, ['*.{jpg,png}?w=10&format=webp', '--out', 'out'])
  expect(code).toBe(1)
  expect(success(records[0]).outputs).toMatchObject([{ path: 'out/a-10.webp' }])
  expect(failure(records[1]).error).toBe('Two jobs write different images to out/a-10.webp: a.jpg and a.png')
  expect(failure(records[2])).toMatchObject({ code: 'SOURCE_CORRUPT', error: expect.stringContaining('c.jpg') })
  expect([...filesOf(join(root, 'out')).keys()]).toEqual(['a-10.webp'])
})

test('wrong usage', async () => {
  const root = await gallery()
  const usages: [string[], string][] = [
    [['photos/*.jpg?w=10'], 'there is no folder to write to: expected --out <dir>'],
    [['photos/*.jpg?width=10', '--out', 'out'], 'Did you mean `w`?'],
    [['photos/*.jpg?w=10&as=url', '--out', 'out'], '`as` is for imports'],
    [['nothing/*.jpg?w=10', '--out', 'out'], 'no image matches nothing/*.jpg'],
    [['photos/**/*.jpg?w=10', '--out', 'photos'], 'in photos, which --out names, and left alone: write to another folder'],
    [['photos/a.jpg', '--out', 'out'], "there is no query behind photos/a.jpg: expected '<glob>?<query>', as in 'photos/a.jpg?w=640'"],
    [['files', 'photos/*.jpg', '--out', 'out'], "expected '<glob>?<query>'"],
  ]
  for (const [args, message] of usages) {
    const { code, stdout, stderr } = await runCli(root, args)
    expect([args, code, stdout]).toEqual([args, 2, ''])
    expect(stderr).toContain(message)
  }
  expect(existsSync(join(root, 'out'))).toBe(false)
})

test('`--pixels` limits images, and `--quiet` says nothing but the record', async () => {
  const root = await gallery()
  const { code, records, stderr } = await runCli(root, ['photos/a.jpg?w=10', '--out', 'out', '--pixels', '1199', '--quiet'])
  expect([code, stderr, failure(records[0]).code]).toEqual([1, '', 'PIXEL_LIMIT'])
  expect((await runCli(root, ['photos/a.jpg?w=10', '--out', 'out', '--pixels', '1200'])).code).toBe(0)
})

test('`--timeout` ends what takes longer', async () => {
  const { root } = project({ 'a.jpg': await jpeg(900, 600) })
  const { code, records } = await runCli(root, ['a.jpg?format=avif&effort=9', '--out', 'out', '--timeout', '20'])
  expect([code, failure(records[0]).code]).toEqual([1, 'TIMEOUT'])
})
