import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { VITES, type ViteName } from '../support/build.ts'
import { startDev } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'

const versions: ViteName[] = Object.keys(VITES).filter((name): name is ViteName => name in VITES)

/** A root with a photograph outside of it; the root is a folder inside, or the allowed folder would hold both. */
async function outside(): Promise<Project & { site: string; photo: string }> {
  const made = project({ 'site/package.json': '{}', 'site/photo.jpg': await jpeg(200, 100), 'outside/photo.jpg': await jpeg(311, 211) })
  return { ...made, site: join(made.root, 'site'), photo: join(made.root, 'outside/photo.jpg') }
}

/** Nothing of the image may be told: neither its sizes nor the name of anything made of it. */
function tellsNothing(text: string): boolean {
  return !/@imagemill|311|211|srcset/.test(text)
}

describe.each(versions)('%s', (version) => {
  test('an image outside of `server.fs.allow` is refused, however its address is written', async () => {
    const { site, photo } = await outside()
    const { get } = await startDev(site, { version, config: { server: { fs: { allow: [site] } } } })
    const dotted = `${site}/../outside/photo.jpg`
    const encode = (text: string, pattern: RegExp): string => text.replace(pattern, (letter) => `%${letter.charCodeAt(0).toString(16)}`)
    const paths = [
      `/@fs${photo}`,
      `/@fs/${photo}`,
      `/@fs${dotted}`,
      photo,
      dotted,
      '/../outside/photo.jpg',
      `/${photo}`,
      `/@fs${encode(photo, /[ot]/g)}`,
      `/@fs${encode(photo, /[ot.]/g)}`,
      encode(photo, /[ot]/g),
      encode(dotted, /\./g),
      encode(encode(dotted, /\./g), /%/g),
      `/@fs${encode(encode(dotted, /\./g), /%/g)}`,
      `${site}/%2e%2e/outside/photo.jpg`,
      `${site}/%252e%252e/outside/photo.jpg`,
      `/@fs${site}/%252e%252e/outside/photo.jpg`,
      `${site}/%252e%252e%252foutside/photo.jpg`,
      `${site}/.%252e/outside/photo.jpg`,
      '/%2e%2e/outside/photo.jpg',
      '/%252e%252e/outside/photo.jpg',
      '/..%2foutside/photo.jpg',
      '/..%252foutside%252fphoto.jpg',
      '/.%5c..%5coutside%5cphoto.jpg',
      encode(encode(photo, /./g), /%/g),
      `/@id/${photo}`,
      `/@id/${encode(photo, /[ot]/g)}`,
      `/@fs${photo.toUpperCase()}`,
      `/@FS${photo}`,
      `/@fs${photo}%00.jpg`,
    ]
    for (const path of paths) {
      for (const query of [
        'import&w=90&format=webp',
        'w=90&format=webp&import',
        'import&w=90&format=webp&url',
        'import&w=90&inline',
        'import&as=metadata&format=webp',
        'import&as=result&w=90',
        'w=90',
      ]) {
        for (const headers of [{ 'Sec-Fetch-Dest': 'script' }, { 'Sec-Fetch-Dest': 'image' }]) {
          const { text, headers: answered } = await get(`${path}?${query}`, { headers })
          expect({ path, query, told: !tellsNothing(text), image: answered['content-type']?.startsWith('image/') ?? false }).toEqual({
            path,
            query,
            told: false,
            image: false,
          })
        }
      }
    }
    for (const path of paths.slice(0, 4)) expect((await get(`${path}?import&w=90&format=webp`)).status).toBe(403)
  })

  test('an image that `server.fs.deny` names is refused, in any case', async () => {
    const { root } = project({ 'private/photo.jpg': await jpeg(311, 211), 'photo.secret.jpg': await jpeg(311, 211) })
    const { get } = await startDev(root, { version, config: { server: { fs: { deny: ['**/private/**', '*.secret.jpg'] } } } })
    for (const path of [
      '/private/photo.jpg',
      '/photo.secret.jpg',
      `/@fs${root}/private/photo.jpg`,
      '/./private/photo.jpg',
      '/x/../private/photo.jpg',
      '/%70rivate/photo.jpg',
      '/%2570rivate/photo.jpg',
      '/PRIVATE/photo.jpg',
    ]) {
      const { status, text } = await get(`${path}?import&w=90&format=webp`)
      expect({ path, status, told: !tellsNothing(text) }).toEqual({ path, status: expect.not.toBeOneOf([200]), told: false })
    }
  })

  test('a link that leads out of the root is taken as Vite takes it', async () => {
    const { site, photo } = await outside()
    symlinkSync(photo, join(site, 'link.jpg'))
    const { get } = await startDev(site, { version, config: { server: { fs: { allow: [site] } } } })
    const own = await get('/link.jpg?import&url')
    const { status, text } = await get('/link.jpg?import&w=90&format=webp')
    expect(own.status).toBe(403)
    expect({ status, told: !tellsNothing(text) }).toEqual({ status: own.status, told: false })
    expect(tellsNothing((await get('/%256cink.jpg?import&w=90&format=webp')).text)).toBe(true)
  })

  test('a link is not followed when `resolve.preserveSymlinks` says so', async () => {
    const { site, photo } = await outside()
    symlinkSync(photo, join(site, 'link.jpg'))
    const { get } = await startDev(site, { version, config: { resolve: { preserveSymlinks: true }, server: { fs: { allow: [site] } } } })
    expect((await get('/link.jpg?import&url')).status).toBe((await get('/link.jpg?import&w=90&format=webp')).status)
  })

  test('a folder that is allowed is served, and the server itself may load anything', async () => {
    const { root, site, photo } = await outside()
    const allowed = await startDev(site, { version, config: { server: { fs: { allow: [root] } } } })
    expect((await allowed.get(`/@fs${photo}?import&w=90&format=webp`)).status).toBe(200)
    const { server, get } = await startDev(site, { version, config: { server: { fs: { allow: [site] } } } })
    expect(await server.ssrLoadModule(`${photo}?w=90&format=webp`)).toMatchObject({ width: 90, height: 61 })
    expect((await get(`/@fs${photo}?import&w=90&format=webp`)).status).toBe(403)
  })

  test('an import of the page opens the image that it names, as it does for other files', async () => {
    const { site } = await outside()
    const { get } = await startDev(site, { version, config: { server: { fs: { allow: [site] } } } })
    writeFileSync(join(site, 'main.js'), "import url from '../outside/photo.jpg?w=90&format=webp'\nconsole.log(url)")
    const imported = /from "([^"]+)"/.exec((await get('/main.js')).text)?.[1] ?? ''
    expect((await get(imported)).status).toBe(200)
  })
})
