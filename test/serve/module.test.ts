import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { VITES, type ViteName } from '../support/build.ts'
import { addresses, startDev, until } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'

const versions: ViteName[] = Object.keys(VITES).filter((name): name is ViteName => name in VITES)

describe.each(versions)('%s', (version) => {
  test('server code gets the same module as the page', async () => {
    const { root } = project({
      'entry.js':
        "import image from './photo.jpg?w=60;90&format=webp'\nexport { image }\nexport const lazy = () => import('./photo.jpg?w=33&format=webp')\nexport const all = import.meta.glob('./*.jpg', { query: { w: 44, format: 'webp', as: 'url' }, import: 'default', eager: true })",
      'photo.jpg': await jpeg(300, 200),
    })
    const { server, get, module } = await startDev(root, { version })
    const loaded = await server.ssrLoadModule('/entry.js')
    expect(loaded['image']).toEqual((await module('/photo.jpg?import&w=60;90&format=webp'))['default'])
    const lazy = await loaded['lazy']()
    for (const address of [...addresses(loaded['image']), lazy.src, loaded['all']['./photo.jpg']])
      expect((await get(address)).headers['content-type']).toBe('image/webp')
    expect((await sharp((await get(lazy.src)).body).metadata()).width).toBe(33)
  })

  test('`as=result` waits for the files and tells their exact sizes', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(300, 200) })
    const { get, module } = await startDev(root, { version })
    const { default: result } = await module('/photo.jpg?import&w=60;90&format=webp;jpeg&as=result')
    expect(result).toMatchObject({
      success: true,
      operation: 'srcset',
      outputs: { length: 4 },
      elapsed_ms: expect.any(Number),
      metadata: null,
    })
    const { outputs } = result as { outputs: { path: string; format: string; width: number; height: number; size_bytes: number }[] }
    for (const { path, ...facts } of outputs) {
      const { body } = await get(path)
      const { format, width, height } = await sharp(body).metadata()
      expect(facts).toEqual({ format, width, height, size_bytes: body.length })
    }
    const { default: inline } = await module('/photo.jpg?import&w=60&format=webp&as=result&inline')
    const [output] = (inline as { outputs: { path: string; data_base64: string; size_bytes: number }[] }).outputs
    expect(output).toMatchObject({ path: 'photo-60.webp', data_base64: (await get(outputs[0]?.path ?? '')).body.toString('base64') })
  })

  test('`inline` puts the bytes of the file into the module', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(300, 200) })
    const { get, module } = await startDev(root, { version })
    const { default: uri } = await module('/photo.jpg?import&w=60&format=webp&inline&as=url')
    const { default: address } = await module('/photo.jpg?import&w=60&format=webp&as=url')
    expect(uri).toBe(`data:image/webp;base64,${(await get(String(address))).body.toString('base64')}`)
    const { default: automatic } = await module('/photo.jpg?import&w=20;300&format=webp&quality=100&inline=auto&as=url')
    expect((automatic as string[]).map((text) => text.slice(0, 5))).toEqual(['data:', '/@ima'])
  })

  test('the manifest lists what is loaded, exactly, and follows edits, new images and images that are gone', async () => {
    const { root } = project({
      'main.js':
        "import manifest from 'virtual:imagemill/manifest'\nimport one from './one.jpg?w=60&format=webp&id=first'\nimport two from './two.jpg?w=60;90&format=webp'\nconsole.log(manifest, one, two)",
      'one.jpg': await jpeg(300, 200, 1),
      'two.jpg': await jpeg(300, 200, 2),
    })
    const { get, module, server } = await startDev(root, { version })
    await get('/main.js')
    const path = '/@id/virtual:imagemill/manifest'
    const names = async (): Promise<string[]> => Object.keys((await module(path))['default'] as object)
    expect(await names()).toEqual(['one.jpg?format=webp&id=first&w=60', 'two.jpg?format=webp&w=60;90'])
    const { default: manifest } = await module(path)
    expect(manifest).toMatchObject({
      'one.jpg?format=webp&id=first&w=60': {
        source: { path: 'one.jpg', format: 'jpeg', width: 300, height: 200 },
        image_identifier: 'first',
        results: [{ success: true, operation: 'resize' }],
      },
    })
    for (const { results } of Object.values(
      manifest as Record<string, { results: { outputs: { path: string; size_bytes: number }[] }[] }>,
    )) {
      for (const { path: address, size_bytes } of results.flatMap(({ outputs }) => outputs))
        expect((await get(address)).body.length).toBe(size_bytes)
    }

    await get('/one.jpg?import&w=33&format=webp')
    expect(await names()).toHaveLength(3)
    const digest = async (): Promise<string> =>
      ((await module(path))['default'] as Record<string, { source: { sha256: string } }>)['two.jpg?format=webp&w=60;90']?.source.sha256 ??
      'none'
    const before = await digest()
    const changed = new Promise((resolve) => server.watcher.once('all', resolve))
    writeFileSync(join(root, 'two.new'), await jpeg(300, 200, 3))
    renameSync(join(root, 'two.new'), join(root, 'two.jpg'))
    await changed
    await until('the new image is listed', async () => {
      await get('/two.jpg?import&w=60;90&format=webp')
      return !['none', before].includes(await digest())
    })
    rmSync(join(root, 'one.jpg'))
    await until(
      'images that are gone are not listed',
      async () => (await get('/two.jpg?import&w=32&format=webp')).status === 200 && (await names()).every((name) => name.startsWith('two')),
    )
  })

  test('a restart of the server keeps everything working', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(300, 200) })
    const { server, get, module } = await startDev(root, { version })
    const [before = ''] = addresses(await module('/photo.jpg?import&w=60&format=webp'))
    const { body } = await get(before)
    await server.restart()
    expect((await get(before)).body.equals(body)).toBe(true)
    const [after = ''] = addresses(await module('/photo.jpg?import&w=61&format=webp'))
    expect((await get(after)).status).toBe(200)
  })
})
