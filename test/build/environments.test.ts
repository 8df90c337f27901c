import { join } from 'node:path'
import { imagemill } from 'imagemill'
import { describe, expect, test } from 'vitest'
import type { InlineConfig, Plugin } from 'vite'
import { VITES, VITE_NAMES, filesOf, type ViteName } from '../support/build.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { addressesIn, encodesIn, runFile } from '../support/run.ts'

type Order = 'client first' | 'server first' | 'in parallel'

const COMMON = "import hero from './img/photo.jpg?w=80;160&format=webp;jpeg'\nimport twin from './img/twin.jpg?w=80&as=url'\n"

async function buildBoth(
  version: ViteName,
  order: Order,
  { emitAssets, instances, shared = false }: { emitAssets: boolean; instances: 'one' | 'two'; shared?: boolean },
): Promise<{ root: string; client: Map<string, Buffer>; server: Map<string, Buffer> }> {
  const photo = await jpeg(300, 200)
  const { root } = project({
    // Each environment meets the two equal files in its own order.
    'client.js': `${COMMON}globalThis.answer = [hero, twin, import('./more.js').then((module) => module.default)]\nglobalThis.answer = Promise.all(globalThis.answer)`,
    'server.js': `import other from './img/twin.jpg?w=80&as=url'\n${COMMON}import only from './img/photo.jpg?w=33'\nimport more from './more.js'\nexport default [hero, twin, more]\nexport const extra = [other, only.src]`,
    'more.js': "import more from './img/photo.jpg?w=44&as=srcset'\nexport default more",
    'img/photo.jpg': photo,
    'img/twin.jpg': photo,
  })
  const plugin = () => imagemill({ logLevel: 'silent' })
  // Without sharing, Vite makes the plugins of each environment anew when the configuration is a function of it.
  const perEnvironment: Plugin = { name: 'test:own', applyToEnvironment: () => plugin() }
  const config: InlineConfig = {
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [instances === 'one' ? plugin() : perEnvironment],
    builder: shared ? { sharedConfigBuild: true, sharedPlugins: true } : {},
    environments: {
      client: {
        build: { outDir: 'dist/client', rollupOptions: { input: join(root, 'client.js'), output: { entryFileNames: 'entry.js' } } },
      },
      ssr: {
        build: {
          outDir: 'dist/server',
          ssr: true,
          emitAssets,
          rollupOptions: { input: join(root, 'server.js'), output: { entryFileNames: 'entry.js' } },
        },
      },
    },
  }
  const { createBuilder } = VITES[version]
  // The three versions describe the same configuration in types that are not assignable to each other.
  const builder = await (createBuilder as (typeof VITES)['vite 8']['createBuilder'])(config)
  const { client, ssr } = builder.environments
  if (!client || !ssr) throw new TypeError('the builder has no client and ssr environment')
  const runs = [() => builder.build(client), () => builder.build(ssr)]
  if (order === 'server first') runs.reverse()
  if (order === 'in parallel') await Promise.all(runs.map((run) => run()))
  else for (const run of runs) await run()
  return { root, client: filesOf(join(root, 'dist/client')), server: filesOf(join(root, 'dist/server')) }
}

const isImage = (name: string): boolean => /\.(jpe?g|webp)$/.test(name)
const namesOf = (answer: unknown): string[] => addressesIn(answer).map((address) => address.replace(/^\//, ''))

describe.each(VITE_NAMES)('environments in %s', (version) => {
  describe.each(['client first', 'server first', 'in parallel'] as const)('%s', (order) => {
    test.each([
      ['one', false],
      ['one', true],
      ['two', false],
      ['two', true],
    ] as const)('%s instance(s), emitAssets %s', async (instances, emitAssets) => {
      const { root, client, server } = await buildBoth(version, order, { emitAssets, instances })
      const [inPage, onServer] = [runFile(join(root, 'dist/client/entry.js')), runFile(join(root, 'dist/server/entry.js'))]
      expect(onServer).toEqual(inPage)
      const extra = runFile(join(root, 'dist/server/entry.js'), { pick: 'extra' })
      // What only the server uses, and does not keep itself, is among the files of the client where one plugin knows of both.
      const isLeft = instances === 'one' && !emitAssets
      expect([...client.keys()].filter(isImage).sort()).toEqual(namesOf(isLeft ? [inPage, extra] : inPage))
      const manifest: unknown = JSON.parse(String(client.get('.vite/imagemill.json')))
      expect(Object.keys(Object(manifest)).includes('img/photo.jpg?w=33')).toBe(isLeft)
      expect([...server.keys()].filter(isImage).sort()).toEqual(emitAssets ? namesOf([onServer, extra]) : [])
      // 80 and 160 px as WebP and JPEG, and 44 px; the twin has the pixels of the photo. 33 px is made only where it is kept.
      expect(encodesIn(root)).toBe(emitAssets || isLeft ? 6 : 5)
      for (const [name, bytes] of server)
        if (isImage(name) && client.has(name)) expect(bytes.equals(client.get(name) ?? Buffer.alloc(0))).toBe(true)
    })
  })

  test('with one configuration for both', async () => {
    const { root, client } = await buildBoth(version, 'in parallel', { emitAssets: false, instances: 'one', shared: true })
    const inPage = runFile(join(root, 'dist/client/entry.js'))
    expect(runFile(join(root, 'dist/server/entry.js'))).toEqual(inPage)
    const extra = runFile(join(root, 'dist/server/entry.js'), { pick: 'extra' })
    expect([...client.keys()].filter(isImage).sort()).toEqual(namesOf([inPage, extra]))
  })

  test('with plugins that all environments share, and a configuration that is settled for each', async () => {
    const { root } = project({
      'vite.config.js': `import { imagemill } from ${JSON.stringify(import.meta.resolve('imagemill'))}\nexport default { plugins: [imagemill({ logLevel: 'silent' })] }\n`,
      'client.js': "import './style.css'\n",
      'style.css': '.a { background: url(./img/photo.jpg?w=35) }',
      'img/photo.jpg': await jpeg(300, 200),
    })
    const build = { outDir: 'dist', assetsInlineLimit: 0, cssMinify: false, rollupOptions: { input: join(root, 'client.js') } }
    const config: InlineConfig = { root, logLevel: 'silent', builder: { sharedPlugins: true }, environments: { client: { build } } }
    const builder = await (VITES[version].createBuilder as (typeof VITES)['vite 8']['createBuilder'])(config)
    if (builder.environments['client']) await builder.build(builder.environments['client'])
    const files = filesOf(join(root, 'dist'))
    const css = String([...files].find(([name]) => name.endsWith('.css'))?.[1])
    expect(css).toMatch(/url\("?\/assets\/photo-35-[\w-]{8}\.jpeg"?\)/)
  })
})
