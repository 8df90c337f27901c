import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ImagemillOptions } from 'imagemill'
import { describe, expect, test } from 'vitest'
import { VITE_NAMES, buildVite, type ViteName } from '../support/build.ts'
import { jpeg, png } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'

async function page(): Promise<Project> {
  const photo = await jpeg(300, 200)
  return project({
    'index.html': '<script type="module" src="/main.js"></script>',
    'main.js': [
      "const all = import.meta.glob('./img/*.{jpg,png}', { query: '?w=40;80&format=avif;webp;jpeg', eager: true, import: 'default' })",
      "import hero from './img/a.jpg?w=50&as=picture&format=webp;jpeg'",
      "import tiny from './img/b.png?w=8&inline'",
      'import("./later.js")',
      'document.title = JSON.stringify([all, hero, tiny])',
    ].join('\n'),
    'later.js': "import later from './img/twin.jpg?w=60&grayscale'\ndocument.body.title = later.src",
    'img/a.jpg': photo,
    'img/twin.jpg': photo,
    'img/b.png': await png(100, 100, 3),
    'img/c.jpg': await jpeg(200, 300, 4),
  })
}

/** Everything that was built, with the times of the manifest taken out. */
async function build(version: ViteName, root: string, options: ImagemillOptions = {}): Promise<Record<string, string>> {
  const files = await buildVite(root, { version, options, config: { build: { outDir: 'dist', emptyOutDir: true } } })
  return Object.fromEntries(
    [...files].map(([name, bytes]) => [name, name.endsWith('imagemill.json') ? timeless(bytes) : bytes.toString('base64')]),
  )
}

function timeless(bytes: Buffer): string {
  return JSON.stringify(JSON.parse(String(bytes)), (key, value: unknown) => (key === 'elapsed_ms' || key === 'cached' ? key : value))
}

describe.each(VITE_NAMES)('a build of %s is the same', (version) => {
  test('in two folders, cold and warm, one image at a time and four', async () => {
    const [one, two] = [await page(), await page()]
    const first = await build(version, one.root, { concurrency: 1 })
    expect(Object.keys(first).filter((name) => /\.(avif|webp|jpeg)$/.test(name))).toHaveLength(27)
    expect(await build(version, two.root, { concurrency: 4 })).toEqual(first)
    expect(await build(version, one.root)).toEqual(first)
    rmSync(join(one.root, 'node_modules'), { recursive: true })
    expect(await build(version, one.root, { concurrency: 3, memory: 1 })).toEqual(first)
  })
})
