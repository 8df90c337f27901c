import { createServer } from 'node:http'
import { readdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { VITES, type ViteName } from '../support/build.ts'
import { addresses, createDev, evaluate, startDev } from '../support/dev.ts'
import { send } from '../support/http.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'

const versions: ViteName[] = Object.keys(VITES).filter((name): name is ViteName => name in VITES)
const KEY = 'a'.repeat(64)

describe.each(versions)('%s', (version) => {
  test('an address that was never issued is answered with 404 and JSON that names no folder', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(300, 200), 'secret.webp': 'secret' })
    const { get, module } = await startDev(root, { version })
    const [issued = ''] = addresses(await module('/photo.jpg?import&w=90&format=webp'))
    const made = (await get(issued)).body
    const key = basename(issued, '.webp')
    const names = [
      `${KEY}.webp`,
      '',
      'x',
      'x.webp',
      `${KEY}`,
      `${KEY}.`,
      `${KEY}.exe`,
      `${KEY}.webp/`,
      `${KEY}.webp.webp`,
      `${KEY.toUpperCase()}.webp`,
      `${KEY}0.webp`,
      `${key}.png`,
      `${key}.avif`,
      key,
      `${key}.webp/..`,
      `${key.toUpperCase()}.webp`,
      '../secret.webp',
      '..%2fsecret.webp',
      '%2e%2e/secret.webp',
      '%2e%2e%2fsecret.webp',
      '..\\secret.webp',
      '..%5csecret.webp',
      `/${key}.webp`,
      `//${key}.webp`,
      `${key}.webp%00`,
      `%00${key}.webp`,
      `%00`,
      `%`,
      `%zz`,
      `../@imagemill/${key}.webp`,
      `./${key}.webp`,
      `${key}%2ewebp`,
    ]
    for (const name of names) {
      for (const headers of [{}, { 'If-None-Match': `"${KEY}"` }]) {
        const { status, headers: answered, text, body } = await get(`/@imagemill/${name}`, { headers })
        expect({ name, status, type: answered['content-type'], cache: answered['cache-control'] }).toEqual({
          name,
          status: 404,
          type: 'application/json',
          cache: 'no-store',
        })
        expect(JSON.parse(text)).toMatchObject({ code: 'UNKNOWN_OUTPUT', error: expect.any(String) })
        expect(text).not.toContain(root)
        expect(body.includes(made)).toBe(false)
      }
    }
  })

  test('other records of the store are no images', async () => {
    const { root } = project({
      'photo.jpg': await jpeg(300, 200),
      'drawing.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    })
    const { get, module } = await startDev(root, { version })
    const [photo = ''] = addresses(await module('/photo.jpg?import&w=90&format=webp'))
    await get(photo)
    await module('/drawing.svg?import&w=9&format=webp')
    await module('/photo.jpg?import&w=9&format=webp&trim')
    const records = readdirSync(join(root, 'node_modules/.cache/imagemill/v1/ac'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.json'),
    )
    const others = records.map((name) => basename(name, '.json')).filter((key) => !photo.includes(key))
    // Sources, the header of the drawing, and what `trim` found.
    expect(others.length).toBeGreaterThanOrEqual(4)
    for (const key of others) expect((await get(`/@imagemill/${key}.webp`)).status).toBe(404)
  })

  test('with a base the addresses begin with it', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(300, 200) })
    const { get, module } = await startDev(root, { version, config: { base: '/app/' } })
    const image = await module('/app/photo.jpg?import&w=90&format=webp')
    expect(image['src']).toMatch(/^\/app\/@imagemill\/[0-9a-f]{64}\.webp$/)
    expect((await get(String(image['src']))).headers['content-type']).toBe('image/webp')
    expect((await get(String(image['src']).slice('/app'.length))).headers['content-type']).not.toBe('image/webp')
  })

  test('with an origin the addresses are whole, so that a page of another server finds them', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(300, 200) })
    const { origin, module, get } = await startDev(root, {
      version,
      config: { base: '/app/', server: { origin: 'http://localhost:4321' } },
    })
    const image = await module('/app/photo.jpg?import&w=90&format=webp')
    expect(image['src']).toMatch(/^http:\/\/localhost:4321\/app\/@imagemill\/[0-9a-f]{64}\.webp$/)
    const { status, headers } = await get(new URL(String(image['src'])).pathname, { headers: { Origin: 'http://localhost:9999' } })
    expect({ status, type: headers['content-type'], cors: headers['access-control-allow-origin'] }).toEqual({
      status: 200,
      type: 'image/webp',
      cors: 'http://localhost:9999',
    })
    expect(origin).not.toBe('http://localhost:4321')
  })

  test('works in middleware mode', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(300, 200) })
    const { server } = await createDev(root, { version, config: { appType: 'custom', server: { middlewareMode: true, ws: false } } })
    const http = createServer(server.middlewares).listen(0, '127.0.0.1')
    onTestFinished(async () => {
      await server.close()
      http.close()
    })
    await new Promise((resolve) => http.once('listening', resolve))
    const { port } = http.address() as AddressInfo
    const origin = `http://127.0.0.1:${port}`
    const [address = ''] = addresses(await evaluate(await send(origin, '/photo.jpg?import&w=90&format=webp')))
    expect((await send(origin, address)).headers['content-type']).toBe('image/webp')
    expect((await send(origin, `/@imagemill/${KEY}.webp`)).status).toBe(404)
  })

  test('a host that the dev server does not know gets no image', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(300, 200) })
    const { get, module } = await startDev(root, { version })
    const [address = ''] = addresses(await module('/photo.jpg?import&w=90&format=webp'))
    expect((await get(address, { headers: { Host: 'evil.example' } })).status).toBe(403)
  })
})
