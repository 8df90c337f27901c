import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { BuildEnvironmentOptions } from 'vite'
import { VITE_NAMES, buildVite } from '../support/build.ts'
import { jpeg, png } from '../support/images.ts'
import { project } from '../support/project.ts'
import { runFile } from '../support/run.ts'

describe.each(VITE_NAMES)('inlining in %s', (version) => {
  async function kinds(query: string, build: BuildEnvironmentOptions = {}): Promise<{ kinds: string[]; files: string[] }> {
    const { root } = project({
      'main.js': `import { outputs } from './photo.jpg?w=16;240&${query}'\nglobalThis.answer = outputs.map(({ path }) => path)`,
      'photo.jpg': await jpeg(240, 160),
    })
    const files = await buildVite(root, {
      version,
      config: { build: { ...build, rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'main.js' } } } },
    })
    const answer = runFile(join(root, 'dist/main.js'))
    const paths = Array.isArray(answer) ? answer.map(String) : []
    for (const [index, path] of paths.entries()) {
      const bytes = path.startsWith('data:image/jpeg;base64,') ? Buffer.from(path.slice(23), 'base64') : files.get(path.slice(1))
      expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: index === 0 ? 16 : 240 })
    }
    return {
      kinds: paths.map((path) => (path.startsWith('data:') ? 'data' : 'file')),
      files: [...files.keys()].filter((name) => name.endsWith('.jpeg')),
    }
  }

  test('asked for, refused, and left open', async () => {
    expect(await kinds('inline')).toEqual({ kinds: ['data', 'data'], files: [] })
    expect((await kinds('inline=true')).kinds).toEqual(['data', 'data'])
    expect((await kinds('inline=false')).kinds).toEqual(['file', 'file'])
    expect((await kinds('')).kinds).toEqual(['file', 'file'])
  })

  test('`inline=auto` goes by `assetsInlineLimit`', async () => {
    expect((await kinds('inline=auto')).kinds).toEqual(['data', 'file'])
    expect((await kinds('inline=auto')).files).toHaveLength(1)
    expect((await kinds('inline=auto', { assetsInlineLimit: 0 })).kinds).toEqual(['file', 'file'])
    expect((await kinds('inline=auto', { assetsInlineLimit: 1e6 })).kinds).toEqual(['data', 'data'])
    expect(
      (await kinds('inline=auto', { assetsInlineLimit: (file, bytes) => file.endsWith('photo.jpg') && bytes.length > 2000 })).kinds,
    ).toEqual(['file', 'data'])
    // Undefined leaves it to the size that is Vite's own.
    expect((await kinds('inline=auto', { assetsInlineLimit: () => undefined })).kinds).toEqual(['data', 'file'])
  })

  test("images without directives, and other plugins' queries, stay Vite's", async () => {
    const { root } = project({
      'main.js':
        "import dot from './dot.png'\nimport big from './big.png'\nimport raw from './icon.svg?raw'\nimport url from './big.png?url'\nimport inline from './big.png?inline'\nimport kept from './dot.png?no-inline'\nimport own from './icon.svg?react'\nimport other from './big.png?lqip'\nglobalThis.answer = { dot, big, raw, url, inline, kept, own, other }",
      'dot.png': await png(2, 2),
      'big.png': await png(100, 100),
      'icon.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>',
    })
    const own = {
      name: 'test:own',
      enforce: 'pre' as const,
      load: (id: string) => (/\?(react|lqip)$/.test(id) ? `export default ${JSON.stringify(id.replace(/^.*\?/, ''))}` : null),
    }
    const files = await buildVite(root, {
      version,
      config: { plugins: [own], build: { rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'main.js' } } } },
    })
    const inline = expect.stringMatching(/^data:image\/png;base64,/)
    const file = expect.stringMatching(/^\/assets\/big-[\w-]{8}\.png$/)
    expect(runFile(join(root, 'dist/main.js'))).toEqual({
      dot: inline,
      big: file,
      raw: expect.stringContaining('<svg'),
      url: file,
      inline,
      kept: expect.stringMatching(/^\/assets\/dot-/),
      own: 'react',
      other: 'lqip',
    })
    expect(files.has('.vite/imagemill.json')).toBe(false)
  })
})
