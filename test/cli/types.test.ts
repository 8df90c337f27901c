import { existsSync, readFileSync, symlinkSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { jpeg } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'

const HOME = join(import.meta.dirname, '../..')

async function site(files: Record<string, string> = {}): Promise<Project & { dts(): string }> {
  const made = project({
    'src/main.ts':
      "import a, { width } from './a.jpg?w=20;40&format=webp'\nexport { src } from '/src/a.jpg?w=10'\nconst b = () => import(\"./a.jpg?w=30&as=picture\")\n// import c from './plain.jpg'\n",
    'src/a.jpg': await jpeg(90, 60),
    'node_modules/other/index.js': "import a from './gone.jpg?w=1'",
    ...files,
  })
  return { ...made, dts: () => readFileSync(join(made.root, 'imagemill.d.ts'), 'utf8') }
}

test('writes the types of every import that is found, and --check says when they are old', async () => {
  const { root, write, dts } = await site()
  expect(await runCli(root, ['types', '--check'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('not up to date (3 image imports)'),
  })
  expect(existsSync(join(root, 'imagemill.d.ts'))).toBe(false)
  expect(await runCli(root, ['types'])).toMatchObject({ code: 0, stderr: 'wrote imagemill.d.ts (3 image imports)\n' })
  expect(await runCli(root, ['types'])).toMatchObject({ code: 0, stderr: 'imagemill.d.ts is up to date (3 image imports)\n' })
  for (const pattern of ['*/a.jpg?w=20;40&format=webp', '*/src/a.jpg?w=10', '*/a.jpg?w=30&as=picture'])
    expect(dts()).toContain(`declare module "${pattern}"`)
  expect(dts()).toContain('width: 40; height: 27;')
  expect(await runCli(root, ['types', '--check'])).toMatchObject({ code: 0 })
  write('src/a.jpg', await jpeg(90, 90))
  expect(await runCli(root, ['types', '--check'])).toMatchObject({ code: 1 })
  // What is imported no more falls away.
  write('src/main.ts', "import a from './a.jpg?w=20'\n")
  await runCli(root, ['types'])
  expect(dts()).not.toContain('w=30')
})

test('an import that cannot be typed is named with file and line', async () => {
  const { root } = await site({
    'src/more.vue': "<script setup>\nimport a from './gone.jpg?w=1'\nimport b from './a.jpg?hight=1&w=2'\n</script>",
  })
  const { code, stderr } = await runCli(root, ['types'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/src\/gone\.jpg\?w=1: the image file does not exist[\s\S]*imported by src\/more\.vue:2/)
  expect(stderr).toMatch(/unknown directive `hight`[\s\S]*imported by src\/more\.vue:3/)
})

test("the plugin's options and the aliases come from the Vite configuration", async () => {
  const { root, dts } = await site({
    'src/main.ts': "import a from '@pics/a.jpg?preset=small'\n",
    'vite.config.js':
      "import { imagemill } from 'imagemill'\nexport default { plugins: [imagemill({ presets: { small: 'w=12&format=avif' }, types: 'src/images.d.ts' })], resolve: { alias: { '@pics': import.meta.dirname + '/src' } } }\n",
  })
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  symlinkSync(HOME, join(root, 'node_modules/imagemill'), 'dir')
  symlinkSync(join(HOME, 'node_modules/vite'), join(root, 'node_modules/vite'), 'dir')
  expect(await runCli(root, ['types'])).toMatchObject({ code: 0 })
  expect(dts).toThrow()
  expect(readFileSync(join(root, 'src/images.d.ts'), 'utf8')).toMatch(
    /declare module "@pics\/a\.jpg\?preset=small"[\s\S]*width: 12; height: 8;[\s\S]*"image\/avif"/,
  )
})

test('a name that no pattern of TypeScript can say is told with its place, and comments are left alone', async () => {
  const { root, dts } = await site({
    'src/main.ts':
      "import a from './a.jpg?w=20&id=a*b'\n/* import b from './gone.jpg?w=2' */ import c from './a.jpg?w=30&id=a%2Ab' // import d from './gone.jpg?w=3'\n",
  })
  const { code, stderr } = await runCli(root, ['types'])
  expect(code).toBe(1)
  expect(stderr).toContain(
    './a.jpg?w=20&id=a*b: TypeScript cannot know a name with `*` in it. Write %2A in its place.\n  imported by src/main.ts:1:16',
  )
  expect(stderr).not.toContain('gone')
  expect(dts()).toContain('declare module "*/a.jpg?w=30&id=a%2Ab"')
})
