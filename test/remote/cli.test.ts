import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { filesOf } from '../support/build.ts'
import { allowing, cdn } from '../support/cdn.ts'
import { runCli } from '../support/cli.ts'
import { project } from '../support/project.ts'

const allowed = (origin: string): string[] => ['--allow-remote', allowing(origin).remote.allow, '--allow-private']

test('jobs name images of other servers, and the files are named after them', async () => {
  const { origin, asked } = await cdn()
  const { root } = project()
  const jobs = [
    { operation: 'resize', input: `${origin}/img/hero.jpg?id=3&w=9`, output_dir: 'out', widths: [30], format: 'webp' },
    { operation: 'resize', input: `${origin}/?id=4`, output_dir: 'out', scale_percent: 50, format: 'png' },
    { operation: 'exif', input: `${origin}/img/hero.jpg?id=3&w=9`, exif_op: 'strip', output: 'out/bare.jpg' },
    { operation: 'placeholder', input: `${origin}/img/hero.jpg?id=3&w=9`, kind: 'dominant_color' },
  ]
  const { code, records } = await runCli(
    root,
    ['process', '--stream', ...allowed(origin)],
    jobs.map((job) => `${JSON.stringify(job)}\n`).join(''),
  )
  expect(records.map(({ success }) => success)).toEqual([true, true, true, true])
  expect(code).toBe(0)
  const files = filesOf(join(root, 'out'))
  expect([...files.keys()]).toEqual(['127.0.0-30.png', 'bare.jpg', 'hero-30.webp'])
  expect(await sharp(files.get('hero-30.webp')).metadata()).toMatchObject({ width: 30, height: 20, format: 'webp' })
  expect(await sharp(files.get('bare.jpg')).metadata()).toMatchObject({ width: 60, height: 40, format: 'jpeg' })
  expect(asked.sort()).toEqual(['GET /?id=4', 'GET /img/hero.jpg?id=3&w=9'])
})

test('an address that is not allowed, and one of this machine, is a failure with what to write', async () => {
  const { origin, asked } = await cdn()
  const { root } = project()
  const job = JSON.stringify({ operation: 'convert', input: `${origin}/a.jpg`, output: 'a.webp', format: 'webp' })
  const none = await runCli(root, ['process', '--job', job])
  const refused = {
    code: 'REMOTE_DENIED',
    error: `${origin}/a.jpg is not allowed`,
    hint: `Add \`--allow-remote '${origin}/**'\` to the command.`,
  }
  expect(none).toMatchObject({ code: 1, records: [refused] })
  const open = await runCli(root, ['process', '--job', job, '--allow-remote', `${origin}/**`])
  const isPrivate = {
    code: 'REMOTE_DENIED',
    error: expect.stringContaining('private network') as string,
    hint: expect.stringContaining('--allow-private') as string,
  }
  expect(open).toMatchObject({ code: 1, records: [isPrivate] })
  expect(asked).toEqual([])
  expect(filesOf(root).has('a.webp')).toBe(false)
})

test.each([[['--allow-remote', 'cdn.example']], [['--allow-private']]])('%j is wrong usage', async (options) => {
  const { root } = project()
  expect(await runCli(root, ['process', '--job', '{}', ...options])).toMatchObject({ code: 2 })
})

test('imagemill types writes the types of images of other servers, whatever they are called', async () => {
  const { origin } = await cdn()
  const { root } = project({
    'vite.config.js': `import { imagemill } from 'imagemill'\nexport default { plugins: [imagemill(${JSON.stringify(allowing(origin))})] }`,
    'src/main.ts': `import a from '${origin}/render?id=3?w=20'\nimport b from '${origin}/b.jpg?w=30'\nimport c from 'https://esm.example/c?w=3'`,
  })
  mkdirSync(join(root, 'node_modules'))
  symlinkSync(join(import.meta.dirname, '../..'), join(root, 'node_modules/imagemill'))
  expect(await runCli(root, ['types'])).toMatchObject({ code: 0 })
  const types = readFileSync(join(root, 'imagemill.d.ts'), 'utf8')
  expect(types.match(/^declare module "http.*/gm)).toEqual([
    `declare module "${origin}/render?id=3?w=20" {`,
    `declare module "${origin}/b.jpg?w=30" {`,
  ])
  expect(types).toContain('width: 20; height: 13;')
})
