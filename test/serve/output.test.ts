import { statSync, watch } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { VITES, buildVite, type ViteName } from '../support/build.ts'
import { addresses, newWorkers, startDev, workerProcesses } from '../support/dev.ts'
import { jpeg, photo, png } from '../support/images.ts'
import { project } from '../support/project.ts'

const versions: ViteName[] = Object.keys(VITES).filter((name): name is ViteName => name in VITES)

describe.each(versions)('%s', (version) => {
  test('loads the module of a jpeg, png, webp and gif without starting a process', async () => {
    const { root } = project({
      'a.jpg': await jpeg(300, 200),
      'b.png': await png(300, 200),
      'c.webp': await photo(300, 200).webp().toBuffer(),
      'd.gif': await photo(300, 200).gif().toBuffer(),
    })
    const before = workerProcesses()
    const { module } = await startDev(root, { version })
    for (const file of ['a.jpg', 'b.png', 'c.webp', 'd.gif']) {
      const { default: image } = await module(`/${file}?import&w=60;120&format=webp;avif;jpeg`)
      expect(image).toMatchObject({ width: 120, height: 80, outputs: { length: 6 } })
    }
    expect(newWorkers(before)).toEqual([])
  })

  test('makes an output once, however many ask for it at once', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(300, 200) })
    const { get, module } = await startDev(root, { version })
    const [address = ''] = addresses(await module('/photo.jpg?import&w=90&format=webp'))
    const written = new Set<string>()
    const watcher = watch(
      join(root, 'node_modules/.cache/imagemill/v1/tmp'),
      (_, name) => name !== null && !name.startsWith(`${process.pid}-`) && written.add(name),
    )
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(address)))
    const again = await get(address)
    await new Promise((resolve) => setTimeout(resolve, 200))
    watcher.close()
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set([...answers, again].map(({ body }) => body.toString('base64'))).size).toBe(1)
    // The bytes and their record, each by way of one temporary file of a worker.
    expect(written.size).toBe(2)
    const { format, width, height } = await sharp(again.body).metadata()
    expect({ format, width, height }).toEqual({ format: 'webp', width: 90, height: 60 })
  })

  test('answers with all that a browser needs to keep an output for ever', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(300, 200) })
    const { get, module } = await startDev(root, { version })
    for (const address of addresses(await module('/photo.jpg?import&w=90&format=avif;webp;jpeg;png;gif'))) {
      const { status, headers, body } = await get(address)
      expect(status).toBe(200)
      expect(headers).toMatchObject({
        'content-type': `image/${address.split('.').pop()}`,
        'content-length': String(body.length),
        'cache-control': 'public, max-age=31536000, immutable',
        etag: expect.stringMatching(/^"[^"]+"$/),
      })
      const { etag = '' } = headers
      for (const condition of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const unchanged = await get(address, { headers: { 'If-None-Match': condition } })
        expect({ status: unchanged.status, bytes: unchanged.body.length, etag: unchanged.headers['etag'] }).toEqual({
          status: 304,
          bytes: 0,
          etag,
        })
      }
      expect((await get(address, { headers: { 'If-None-Match': '"other"' } })).status).toBe(200)
      const head = await get(address, { method: 'HEAD' })
      expect({
        status: head.status,
        bytes: head.body.length,
        length: head.headers['content-length'],
        type: head.headers['content-type'],
      }).toEqual({ status: 200, bytes: 0, length: String(body.length), type: headers['content-type'] })
      for (const method of ['POST', 'PUT', 'DELETE']) {
        const refused = await get(address, { method })
        expect(refused.status).toBe(405)
        expect(refused.headers['allow']).toBe('GET, HEAD')
        expect(JSON.parse(refused.text)).toMatchObject({ code: 'METHOD_NOT_ALLOWED' })
      }
    }
  })

  test('HEAD of an output that is not made yet has the length of the bytes', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(300, 200) })
    const { get, module } = await startDev(root, { version })
    const [address = ''] = addresses(await module('/photo.jpg?import&w=90&format=webp'))
    const head = await get(address, { method: 'HEAD' })
    expect(head.headers['content-length']).toBe(String((await get(address)).body.length))
  })

  test('serves the bytes that the build writes', async () => {
    const query = 'w=60;121&format=avif;webp;jpeg;png&quality=55&sharpen'
    const { root } = project({
      'index.html': '<script type="module" src="/main.js"></script>',
      'main.js': `import hero from './photo.jpg?${query}'\ndocument.title = JSON.stringify(hero)`,
      'photo.jpg': await jpeg(300, 200),
    })
    const { get, module } = await startDev(root, { version, options: { cache: { dir: 'dev-cache' } } })
    const served = await Promise.all(
      addresses(await module(`/photo.jpg?import&${query}`)).map(async (address) => (await get(address)).body),
    )
    const files = await buildVite(root, { version, options: { cache: { dir: 'build-cache' } } })
    const built = [...files].filter(([name]) => /\.(avif|webp|jpeg|png)$/.test(name)).map(([, bytes]) => bytes)
    const sorted = (list: Buffer[]): string[] => list.map((bytes) => bytes.toString('base64')).sort()
    expect(built).toHaveLength(8)
    expect(sorted(served)).toEqual(sorted(built))
  })

  test('serves the same bytes after a restart, also to a page of the old server', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(300, 200) })
    const first = await startDev(root, { version })
    const [address = ''] = addresses(await first.module('/photo.jpg?import&w=90&format=webp'))
    const { body, headers } = await first.get(address)
    const record = join(root, 'node_modules/.cache/imagemill/v1/ac', address.slice(12, 14), `${address.slice(12, 76)}.json`)
    const madeAt = statSync(record).ino
    await first.close()
    const before = workerProcesses()

    const second = await startDev(root, { version })
    const early = await second.get(address)
    expect({ status: early.status, headers: early.headers['etag'], same: early.body.equals(body) }).toEqual({
      status: 200,
      headers: headers['etag'],
      same: true,
    })
    expect(addresses(await second.module('/photo.jpg?import&format=webp&w=90'))).toEqual([address])
    expect((await second.get(address)).body.equals(body)).toBe(true)
    expect(statSync(record).ino).toBe(madeAt)
    expect(newWorkers(before)).toEqual([])
  })
})
