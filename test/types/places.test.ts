import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildVite } from '../support/build.ts'
import { runCli } from '../support/cli.ts'
import { TSCONFIG, diagnose, linkPackages } from '../support/compilers.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'

const tsconfig = (more: object): string => JSON.stringify({ ...TSCONFIG, compilerOptions: { ...TSCONFIG.compilerOptions, ...more } })

test('in a workspace the types of a package are beside its tsconfig.json, images of its siblings included', async () => {
  const { root } = project({
    'package.json': '{ "private": true, "workspaces": ["packages/*"] }',
    'tsconfig.json': '{ "files": [], "references": [{ "path": "packages/app" }] }',
    'packages/brand/package.json': '{ "name": "@our/brand", "type": "module", "exports": { "./pics/*": "./files/*" } }',
    'packages/brand/files/logo.jpg': await jpeg(90, 60),
    'packages/app/package.json': '{ "name": "@our/app", "type": "module" }',
    'packages/app/tsconfig.json': tsconfig({}),
    'packages/app/index.html': '<script type="module" src="/src/main.ts"></script>',
    'packages/app/src/main.ts': [
      "import logo from '@our/brand/pics/logo.jpg?w=30&format=webp'",
      "import same from '../../brand/files/logo.jpg?w=12&as=img'",
      "import own from './own.jpg?w=10&as=url'",
      'export const sizes: [30, 20, 12, 8] = [logo.width, logo.height, same.w, same.h]',
      'export const address: string = own',
      'console.log(sizes, address)',
    ].join('\n'),
    'packages/app/src/own.jpg': await jpeg(30, 20),
  })
  const app = join(root, 'packages/app')
  mkdirSync(join(root, 'node_modules/@our'), { recursive: true })
  symlinkSync(join(root, 'packages/brand'), join(root, 'node_modules/@our/brand'), 'dir')
  linkPackages(root)
  const found = await runCli(root, ['types', 'packages/app'])
  expect(found).toMatchObject({ code: 0, stderr: expect.stringContaining('3 image imports') })
  expect(diagnose(app, 'typescript')).toEqual([])
  const byCommand = readFileSync(join(app, 'imagemill.d.ts'), 'utf8')
  await buildVite(app)
  expect(readFileSync(join(app, 'imagemill.d.ts'), 'utf8')).toBe(byCommand)
  expect(byCommand).toContain('// ../brand/files/logo.jpg')
})

test('`paths` are followed without any plugin: of a project of the tsconfig.json, of a file that it extends, with comments', async () => {
  const { root } = project({
    'tsconfig.json':
      '{\n  // a solution\n  "files": [],\n  "references": [{ "path": "./tsconfig.app.json" }, { "path": "./tools" },],\n}\n',
    'tsconfig.app.json': '{ "extends": "./base", "include": ["src", "*.d.ts"] }',
    'base.json': tsconfig({ paths: { '@pics/*': ['./src/missing/*', './src/pics/*'], 'the-logo': ['./src/pics/logo.jpg'] } }),
    'tools/tsconfig.json': '{ "compilerOptions": { "baseUrl": "..", "paths": { "tool-*.jpg": ["src/pics/*.jpg"] } }, "include": [] }',
    'src/main.ts': [
      "import a from '@pics/logo.jpg?w=30&as=img'",
      "import b from 'tool-logo.jpg?w=12&as=img'",
      'export const widths: [30, 12] = [a.w, b.w]',
    ].join('\n'),
    'src/pics/logo.jpg': await jpeg(90, 60),
  })
  linkPackages(root)
  expect(await runCli(root, ['types'])).toMatchObject({ code: 0, stderr: expect.stringContaining('2 image imports') })
  expect(diagnose(root, 'typescript', 'tsconfig.app.json')).toEqual([])
})

test.each([
  ['an alias', "resolve: { alias: { '@pics': import.meta.dirname + '/src/pics' } }", '@pics/logo.jpg'],
  ['an alias by expression', "resolve: { alias: [{ find: /^~/, replacement: import.meta.dirname + '/src/' }] }", '~pics/logo.jpg'],
  ['`resolve.tsconfigPaths`', 'resolve: { tsconfigPaths: true }', '@paths/logo.jpg'],
  ['`imports` of the package.json', '', '#own/logo.jpg'],
  ['a folder that is the root', "root: 'src'", '/pics/logo.jpg'],
])('%s of Vite is followed by command and build alike', async (_, config, specifier) => {
  const { root } = project({
    'package.json': '{ "type": "module", "imports": { "#own/*": "./src/pics/*" } }',
    'tsconfig.json': tsconfig({ paths: { '@paths/*': ['./src/pics/*'] } }),
    'vite.config.js': `import { imagemill } from 'imagemill'\nexport default { ${config}${config === '' ? '' : ','} plugins: [imagemill()], logLevel: 'silent' }\n`,
    'src/main.ts': `import a, { h } from '${specifier}?w=30&as=img'\nexport const size: [30, 20] = [a.w, h]\nconsole.log(size)\n`,
    'src/index.html': '<script type="module" src="./main.ts"></script>',
    'src/pics/logo.jpg': await jpeg(90, 60),
  })
  linkPackages(root, ['imagemill', 'vite'])
  expect(await runCli(root, ['types'])).toMatchObject({ code: 0, stderr: expect.stringContaining('1 image import)') })
  expect(diagnose(root, 'typescript')).toEqual([])
  const text = readFileSync(join(root, 'imagemill.d.ts'), 'utf8')
  const { build } = await import('vite')
  await build({
    root: config.startsWith('root') ? join(root, 'src') : root,
    configFile: join(root, 'vite.config.js'),
    build: { rollupOptions: { input: join(root, 'src/index.html') } },
  })
  expect(readFileSync(join(root, 'imagemill.d.ts'), 'utf8')).toBe(text)
})
