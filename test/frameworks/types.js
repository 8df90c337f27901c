// The generated types in vue-tsc and svelte-check, which need TypeScript 5.9 or 6: `npm run test:types`.
// It installs them into a temporary folder, so it is not part of the everyday tests.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import sharp from 'sharp'

const HOME = join(import.meta.dirname, '../..')
const TYPESCRIPTS = ['5.9', '6']

const IMPORTS = `import hero from './hero.jpg?w=20;40&format=webp;jpeg'
import { placeholder } from './hero.jpg?w=20&placeholder=lqip&as=url'
import card from '@pics/hero.jpg?preset=card'
import { query } from 'imagemill/query'`

/** Each of these is right. */
const RIGHT = `const width: 40 = hero.width
const type: 'image/webp' = hero.sources[0].type
const background: string = placeholder.background
const ratio: number = card.width / card.height
const text = query({ preset: 'card', w: [1, 2] })
console.log(width, type, background, ratio, text)`

/** Each of these is a mistake. */
const WRONG = `const narrow: 20 = hero.width
hero.sources[2].type
placeholder.nothing
card.widht
query({ preset: 'cart' })
query({ w: 'wide' })
console.log(narrow)`

const vue = (script, source) =>
  `<script setup lang="ts">\n${IMPORTS}\n${script}\n</script>\n<template>\n  <img :src="${source}" :width="hero.width" />\n</template>\n`
const svelte = (script, source) =>
  `<script lang="ts">\n${IMPORTS}\n${script}\n</script>\n<img src={${source}} width={hero.width} alt="" />\n`

const FILES = {
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      module: 'esnext',
      moduleResolution: 'bundler',
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: ['svelte'],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      verbatimModuleSyntax: true,
      paths: { '@pics/*': ['./src/*'] },
    },
    include: ['src', '*.d.ts'],
  }),
  'vite.config.js':
    "import { imagemill } from 'imagemill'\nexport default { plugins: [imagemill({ presets: { card: 'w=12' } })], resolve: { alias: { '@pics': import.meta.dirname + '/src' } } }\n",
  'src/Right.vue': vue(RIGHT, 'hero.src'),
  'src/Wrong.vue': vue(WRONG, 'hero.address'),
  'src/Right.svelte': svelte(RIGHT, 'hero.src'),
  'src/Wrong.svelte': svelte(WRONG, 'hero.address'),
}

const first = IMPORTS.split('\n').length + 2
/** Lines of the mistakes: all of the script but its last one, and the attribute. */
const mistakes = (file) => {
  const count = WRONG.split('\n').length
  const attribute = first + count + (file.endsWith('.vue') ? 2 : 1)
  return [...Array.from({ length: count - 1 }, (_, index) => first + index), attribute].map((line) => `${file}:${line}`)
}

async function check(version) {
  const root = mkdtempSync(join(tmpdir(), 'imagemill-types-'))
  try {
    for (const [name, text] of Object.entries(FILES)) write(root, name, text)
    write(root, 'package.json', '{ "private": true, "type": "module" }')
    write(
      root,
      'src/hero.jpg',
      await sharp({ create: { width: 60, height: 40, channels: 3, background: 'teal' } })
        .jpeg()
        .toBuffer(),
    )
    run('npm', ['install', '--no-audit', '--no-fund', `typescript@${version}`, 'vue-tsc@3', 'svelte-check@4', 'vue@3', 'svelte@5'], root)
    for (const name of ['imagemill', 'vite'])
      symlinkSync(name === 'imagemill' ? HOME : join(HOME, 'node_modules', name), join(root, 'node_modules', name), 'dir')
    const types = run(process.execPath, [join(HOME, 'dist/cli.js'), 'types'], root)
    if (types.status !== 0) throw new Error(`imagemill types: ${types.stderr}`)
    // svelte-check wants its own plugin in there, which is nothing to these types.
    rmSync(join(root, 'vite.config.js'))
    const byVue = run(process.execPath, ['node_modules/vue-tsc/bin/vue-tsc.js', '--noEmit', '--pretty', 'false'], root).stdout
    const bySvelte = run(process.execPath, ['node_modules/svelte-check/bin/svelte-check', '--output', 'machine'], root).stdout
    expectLines(`vue-tsc with TypeScript ${version}`, byVue, /^(src\/[^(]+)\((\d+),\d+\): error/gm, 'src/Wrong.vue')
    expectLines(`svelte-check with TypeScript ${version}`, bySvelte, /^\d+ ERROR "([^"]+)" (\d+):/gm, 'src/Wrong.svelte')
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function expectLines(name, output, pattern, file) {
  const found = [...new Set([...output.matchAll(pattern)].map(([, path, line]) => `${path}:${line}`))].sort()
  const expected = mistakes(file).sort()
  if (!isDeepStrictEqual(found, expected))
    throw new Error(`${name}: expected mistakes in ${expected.join(' ')}, found them in ${found.join(' ') || 'none'}\n${output}`)
  console.log(`${name}: every right line is taken, and ${expected.length} wrong ones are not`)
}

function run(command, args, cwd) {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (done.error) throw done.error
  if (command === 'npm' && done.status !== 0) throw new Error(`npm ${args.join(' ')}: ${done.stderr}`)
  return done
}

function write(root, name, content) {
  const path = join(root, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

for (const version of TYPESCRIPTS) await check(version)
