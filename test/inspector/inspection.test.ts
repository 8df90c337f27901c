import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { ENCODER_DEFAULTS } from '../../src/query/encoder-defaults.ts'
import { VITE_NAMES } from '../support/build.ts'
import { addresses, startDev, type Dev } from '../support/dev.ts'
import { EXIF_WITH_POSITION } from '../support/inspector-exif.ts'
import { inspectionOf, listen, requestIn } from '../support/inspector.ts'
import { jpeg, photo } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'

const QUIET = { options: { logLevel: 'silent' } } as const

test('a request is told with its source, its importers and their lines, and outputs that wait until they are asked for', async () => {
  const photoBytes = await jpeg(200, 150)
  const { root } = project({
    'photo.jpg': photoBytes,
    'main.js': "// first\nimport './other.js'\nimport a from './photo.jpg?w=64;100&format=webp;jpeg'\nexport default a",
    'other.js': "\n\nimport b from './photo.jpg?w=64;100&format=webp;jpeg'\nexport { b }",
  })
  const dev = await startDev(root, QUIET)
  for (const name of ['main.js', 'other.js']) await dev.get(`/${name}`)
  const module = await dev.module('/photo.jpg?import&w=64;100&format=webp;jpeg')
  const waiting = requestIn(await inspectionOf(dev), 'photo.jpg')
  expect(waiting).toMatchObject({
    name: 'photo.jpg?format=webp;jpeg&w=64;100',
    source: { path: 'photo.jpg', format: 'jpeg', width: 200, height: 150, size_bytes: photoBytes.length },
    importers: [
      { file: 'main.js', line: 3 },
      { file: 'other.js', line: 3 },
    ],
    operation: 'srcset',
    status: 'waiting',
    cached: false,
  })
  expect(waiting.outputs.map(({ status, format, width, height, descriptor }) => [status, format, width, height, descriptor])).toEqual([
    ['waiting', 'webp', 64, 48, '64w'],
    ['waiting', 'webp', 100, 75, '100w'],
    ['waiting', 'jpeg', 64, 48, '64w'],
    ['waiting', 'jpeg', 100, 75, '100w'],
  ])

  const [first = ''] = addresses(module)
  const { body } = await dev.get(first)
  const inspection = await inspectionOf(dev)
  const { outputs } = requestIn(inspection, 'photo.jpg')
  expect(outputs[0]).toMatchObject({
    status: 'completed',
    size_bytes: body.length,
    cached: false,
    quality: ENCODER_DEFAULTS.webp.quality,
    path: first.slice(1),
  })
  expect(outputs[1]?.status).toBe('waiting')
  expect(inspection.totals).toMatchObject({
    requests: 1,
    sources: { files: 1, size_bytes: photoBytes.length, by_format: { jpeg: { files: 1, size_bytes: photoBytes.length } } },
    outputs: { files: 1, size_bytes: body.length, by_format: { webp: { files: 1, size_bytes: body.length } } },
    hits: 0,
    misses: 1,
    failed: 0,
  })
  expect(inspection.live?.store.size_bytes).toBeGreaterThan(body.length)
})

test('a search is told with every try, its score, and the quality that was taken', async () => {
  const { root } = project({ 'photo.jpg': await jpeg(240, 160) })
  const dev = await startDev(root, QUIET)
  for (const query of ['w=120&format=webp&quality=auto', 'w=120&format=jpeg&target_size=2kb']) {
    const [address = ''] = addresses(await dev.module(`/photo.jpg?import&${query}`))
    expect((await dev.get(address)).status).toBe(200)
  }
  const inspection = await inspectionOf(dev)
  const [look] = requestIn(inspection, 'quality=auto').outputs
  expect(look?.quality).toBe(look?.search?.final_quality)
  expect(look?.search?.tries.length).toBeGreaterThan(0)
  expect(look?.search?.tries.every(({ score }) => typeof score === 'number')).toBe(true)
  expect(look?.search?.tries).toContainEqual({
    quality: look?.search?.final_quality,
    size_bytes: look?.size_bytes,
    score: look?.search?.final_score,
  })
  const [size] = requestIn(inspection, 'target_size').outputs
  expect(size?.search).toMatchObject({ target_size: 2000, tolerance_percent: 5, final_size: size?.size_bytes })
  expect(size?.search?.tries.every(({ score }) => score === undefined)).toBe(true)
})

test("an output that is the source's own encoding says so", async () => {
  const { root } = project({ 'small.jpg': await photo(60, 40).jpeg({ quality: 20, mozjpeg: true }).toBuffer() })
  const dev = await startDev(root, QUIET)
  const [address = ''] = addresses(await dev.module('/small.jpg?import&format=jpeg'))
  await dev.get(address)
  expect(requestIn(await inspectionOf(dev), 'small.jpg').outputs[0]).toMatchObject({ status: 'completed', kept: true })
})

describe('what is wrong', () => {
  test('of a query, an unreadable image and a missing one', async () => {
    const { root, write } = project({
      'broken.jpg': Buffer.from('no image at all'),
      'fine.jpg': await jpeg(60, 40),
      'main.js': "import './broken.jpg?w=64'\nimport './gone.jpg?w=64'\nimport './fine.jpg?width=30'",
    })
    const dev = await startDev(root, QUIET)
    await dev.get('/main.js')
    for (const name of ['broken.jpg?import&w=64', 'gone.jpg?import&w=64', 'fine.jpg?import&width=30']) await dev.get(`/${name}`)
    const inspection = await inspectionOf(dev)
    expect(requestIn(inspection, 'broken.jpg')).toMatchObject({
      status: 'failed',
      error: { code: 'FORMAT_UNSUPPORTED' },
      importers: [{ file: 'main.js', line: 1 }],
      outputs: [],
    })
    expect(requestIn(inspection, 'gone.jpg')).toMatchObject({ source: { missing: true }, error: { code: 'SOURCE_NOT_FOUND' } })
    expect(requestIn(inspection, 'fine.jpg')).toMatchObject({ error: { code: 'UNKNOWN_DIRECTIVE' } })
    expect(inspection.totals.failed).toBe(3)
    expect(JSON.stringify(inspection)).not.toContain(root)

    // What nothing asks for any longer has not failed.
    write('main.js', "import './fine.jpg?w=30'")
    await expect.poll(async () => (await inspectionOf(dev)).requests).toEqual([])
  })

  test('of an output that cannot be decoded, and of a source that is deleted', async () => {
    const whole = await jpeg(400, 300)
    const { root } = project({ 'cut.jpg': whole.subarray(0, 3000), 'photo.jpg': whole })
    const dev = await startDev(root, QUIET)
    for (const name of ['cut.jpg', 'photo.jpg']) {
      const [address = ''] = addresses(await dev.module(`/${name}?import&w=100`).catch(() => ({ outputs: [] })))
      if (address !== '') await dev.get(address)
    }
    rmSync(join(root, 'photo.jpg'))
    const inspection = await inspectionOf(dev)
    expect(requestIn(inspection, 'cut.jpg')).toMatchObject({ status: 'failed' })
    expect(requestIn(inspection, 'photo.jpg')).toMatchObject({
      status: 'failed',
      source: { missing: true },
      error: { code: 'SOURCE_NOT_FOUND' },
      outputs: [{ status: 'completed' }],
    })
  })
})

test('EXIF, privacy and the placeholder are found out for one request, when it is looked at', async () => {
  const { root } = project({ 'trip.jpg': await photo(120, 80).withExif(EXIF_WITH_POSITION).jpeg().toBuffer() })
  const dev = await startDev(root, QUIET)
  await dev.module('/trip.jpg?import&w=60&placeholder=dominant_color')
  await dev.module('/trip.jpg?import&w=60&metadata=keep')
  const inspection = await inspectionOf(dev)
  const details = async (part: string): Promise<unknown> =>
    JSON.parse((await dev.get(`/__imagemill/api/details/${requestIn(inspection, part).id}`)).text)
  expect(await details('placeholder')).toMatchObject({
    placeholder: { kind: 'dominant_color', background: expect.stringMatching(/^#/) },
    exif: { make: 'Testcam' },
    privacy: [
      { kind: 'position', ships: false },
      { kind: 'camera', ships: false },
    ],
  })
  expect(await details('metadata=keep')).toMatchObject({
    privacy: [
      { kind: 'position', ships: true },
      { kind: 'camera', ships: true },
    ],
  })
})

test('the date of a source is told, too, and whether files say it', async () => {
  const dated = { IFD2: { DateTimeOriginal: '2024:05:01 10:00:00' } }
  const { root } = project({ 'day.jpg': await photo(120, 80).withExif(dated).jpeg().toBuffer() })
  const dev = await startDev(root, QUIET)
  for (const query of ['w=60', 'w=60&metadata=keep', 'w=60&metadata=copyright']) await dev.module(`/day.jpg?import&${query}`)
  const { requests } = await inspectionOf(dev)
  const found = await Promise.all(requests.map(async ({ id }) => JSON.parse((await dev.get(`/__imagemill/api/details/${id}`)).text)))
  expect(found.map(({ query, privacy }) => [query, privacy])).toEqual([
    ['metadata=copyright&w=60', [{ kind: 'date', ships: false, message: 'The source says when it was made; the files do not.' }]],
    ['metadata=keep&w=60', [{ kind: 'date', ships: true, message: 'The files say when it was made, as the source does.' }]],
    ['w=60', [{ kind: 'date', ships: false, message: expect.any(String) }]],
  ])
})

test('what is only looked at takes no place in the store, and a thumbnail that cannot be made is no error', async () => {
  const whole = await jpeg(400, 300)
  const { root } = project({ 'cut.jpg': whole.subarray(0, 3000), 'photo.jpg': whole })
  const dev = await startDev(root, QUIET)
  const [address = ''] = addresses(await dev.module('/photo.jpg?import&w=200&format=webp'))
  await dev.get(address)
  const before = await inspectionOf(dev)
  const { id, outputs } = requestIn(before, 'photo.jpg')
  const reference = async (): Promise<Buffer> => (await dev.get(`/__imagemill/api/reference/${id}/${outputs[0]?.key}`)).body
  const { width, height, format } = await sharp(await reference()).metadata()
  expect([width, height, format]).toEqual([200, 150, 'png'])
  expect((await inspectionOf(dev)).live?.store).toEqual(before.live?.store)
  // It is in memory.
  rmSync(join(root, 'photo.jpg'))
  expect((await reference()).length).toBeGreaterThan(0)

  const [broken = ''] = addresses(await dev.module('/cut.jpg?import&w=320'))
  expect((await dev.get(broken)).status).toBe(500)
  const failed = requestIn(await inspectionOf(dev), 'cut.jpg')
  expect(failed.outputs[0]?.error?.message).not.toContain('cut-320')
  expect((await dev.get(`/__imagemill/api/thumbnail/${failed.id}`)).status).toBe(204)
})

describe('its doors', () => {
  test('only the page itself may try settings', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(100, 80) })
    const dev = await startDev(root, QUIET)
    await dev.module('/photo.jpg?import&w=50')
    const { id } = requestIn(await inspectionOf(dev), 'photo.jpg')
    const post = async (headers: Record<string, string>, body: unknown = { id, query: 'w=20' }): Promise<[number, unknown]> => {
      const answer = await fetch(`${dev.origin}/__imagemill/api/try`, { method: 'POST', headers, body: JSON.stringify(body) })
      return [answer.status, await answer.json()]
    }
    const json = { 'Content-Type': 'application/json' }
    // `fetch` of Node.js says `Sec-Fetch-Mode` but not by which site; the origin decides then.
    expect(await post({ ...json, origin: dev.origin })).toMatchObject([200, { outputs: [{ width: 20 }] }])
    expect(await post({ ...json, origin: 'http://evil.example' })).toMatchObject([403, { code: 'ORIGIN_DENIED' }])
    expect(await post(json)).toMatchObject([403, { code: 'ORIGIN_DENIED' }])
    expect(await post({ 'Content-Type': 'text/plain', origin: dev.origin })).toMatchObject([403, { code: 'ORIGIN_DENIED' }])
    const wrong = await post({ ...json, origin: dev.origin }, { id, query: 'width=20' })
    expect(wrong).toMatchObject([422, { code: 'UNKNOWN_DIRECTIVE' }])
    expect(JSON.stringify(wrong)).not.toContain(root)
    expect(await post({ ...json, origin: dev.origin }, { id: 'no', query: '' })).toMatchObject([422, { code: 'INPUT_INVALID' }])
    expect(await post({ ...json, origin: dev.origin }, 'x'.repeat(20_000))).toMatchObject([422, { code: 'INPUT_INVALID' }])
  })

  test.each(VITE_NAMES)('names that it did not give lead nowhere, and another host is refused: %s', async (version) => {
    const { root } = project({ 'photo.jpg': await jpeg(100, 80), 'secret.jpg': await jpeg(20, 20) })
    writeFileSync(join(root, '.env'), 'SECRET=1')
    const dev = await startDev(root, { ...QUIET, version })
    await dev.module('/photo.jpg?import&w=50')
    const { id } = requestIn(await inspectionOf(dev), 'photo.jpg')
    for (const name of [
      'source/secret.jpg',
      'source/../../.env',
      `reference/${id}/../../.env`,
      `reference/${id}/${'0'.repeat(64)}`,
      'thumbnail/',
    ])
      expect((await dev.get(`/__imagemill/api/${name}`)).status, name).toBe(404)
    expect((await dev.get('/__imagemill/api/inspection', { headers: { host: 'evil.example' } })).status).toBe(403)
    expect((await dev.get('/__imagemill/', { method: 'POST' })).status).toBe(405)
    const page = await dev.get('/__imagemill/')
    expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'sha256-")
  })
})

test('the link is printed when the server starts, below `base`', async () => {
  const { root } = project({})
  const dev = await startDev(root, { config: { base: '/app/' }, options: { logLevel: 'info' } })
  dev.server.printUrls()
  expect(dev.log.join('\n')).toContain(`${dev.origin}/app/__imagemill/`)
  expect((await dev.get('/app/__imagemill')).headers['location']).toBe('__imagemill/')
})

test.each(VITE_NAMES)('what is edited away is listed no longer, what comes in its place is: %s', async (version) => {
  const importing = (query: string): string => `import a from './photo.jpg?${query}'\nexport default a`
  const { root, write } = project({
    'photo.jpg': await jpeg(200, 150),
    'main.js': importing('w=64'),
    'other.js': importing('w=64'),
    'glob.js': "export default import.meta.glob('./photo.jpg', { query: '?w=20', eager: true })",
  })
  const dev = await startDev(root, { ...QUIET, version })
  const names = async (): Promise<string[]> => (await inspectionOf(dev)).requests.map(({ name }) => name)
  const edit = async (file: string, text: string): Promise<void> => {
    write(file, text)
    await expect.poll(async () => (await dev.get(`/${file}?t=${Math.random()}`)).text, { timeout: 20_000 }).toContain(text.slice(-12))
  }
  for (const name of ['main.js', 'other.js', 'glob.js']) await dev.get(`/${name}`)
  for (const query of ['w=64', 'w=20']) await dev.module(`/photo.jpg?import&${query}`)
  expect(await names()).toEqual(['photo.jpg?w=20', 'photo.jpg?w=64'])

  await edit('main.js', importing('w=80'))
  await dev.module('/photo.jpg?import&w=80')
  expect(await names()).toEqual(['photo.jpg?w=20', 'photo.jpg?w=64', 'photo.jpg?w=80'])
  await edit('other.js', 'export default 1 // other')
  await expect.poll(names).toEqual(['photo.jpg?w=20', 'photo.jpg?w=80'])
  await edit('other.js', `${importing('w=64')} // again`)
  await expect.poll(names).toEqual(['photo.jpg?w=20', 'photo.jpg?w=64', 'photo.jpg?w=80'])
})

describe('what is edited away', () => {
  const importing = (...names: string[]): string => `${names.map((name) => `import './${name}?w=64'`).join('\n')}\nexport default 1`
  const asking = async (files: Record<string, Buffer>, main: string): Promise<{ dev: Dev; write: Project['write']; root: string }> => {
    const { root, write } = project({ ...files, 'main.js': main })
    const dev = await startDev(root, QUIET)
    await dev.get('/main.js')
    return { dev, write, root }
  }

  test('goes by its own name, though others of the file have the same query, or a name that it is the end of', async () => {
    const [a, b, c] = [await jpeg(200, 150), await jpeg(200, 150, 2), await jpeg(200, 150, 3)]
    const { dev, write } = await asking({ 'a.jpg': a, 'b.jpg': b, 'my-b.jpg': c }, importing('a.jpg', 'b.jpg', 'my-b.jpg', 'gone.jpg'))
    for (const name of ['a.jpg', 'b.jpg', 'my-b.jpg', 'gone.jpg']) await dev.get(`/${name}?import&w=64`)
    const lines = async (): Promise<string[]> =>
      (await inspectionOf(dev)).requests.map(({ name, importers }) => `${name} ${importers.map(({ line }) => line).join()}`)
    expect(await lines()).toEqual(['a.jpg?w=64 1', 'b.jpg?w=64 2', 'gone.jpg?w=64 4', 'my-b.jpg?w=64 3'])
    write('main.js', importing('my-b.jpg', 'a.jpg'))
    await expect.poll(lines).toEqual(['a.jpg?w=64 2', 'my-b.jpg?w=64 1'])
  })

  test('is told from what is written in another way: entities, percent signs, templates', async () => {
    const [a, b] = [await jpeg(200, 150), await jpeg(200, 150, 2)]
    const { root, write } = project({
      'my a.jpg': a,
      'é.jpg': b,
      'index.html': '<img src="./my%20a.jpg?w=64&amp;format=webp" alt=""><img src="./%C3%A9.jpg?w=64" alt="">',
    })
    const dev = await startDev(root, QUIET)
    const names = async (): Promise<string[]> => (await inspectionOf(dev)).requests.map(({ name }) => name)
    const html = { headers: { accept: 'text/html' } }
    await dev.get('/', html)
    expect(await names()).toEqual(['my a.jpg?format=webp&w=64', 'é.jpg?w=64'])
    write('index.html', '<p>one more</p><img src="./my%20a.jpg?w=64&amp;format=webp" alt="">')
    await expect.poll(names).toEqual(['my a.jpg?format=webp&w=64'])
  })

  test('is told as removed to whoever listens, and goes with the file that asked for it', async () => {
    const { dev, write, root } = await asking({ 'a.jpg': await jpeg(200, 150) }, importing('a.jpg', 'gone.jpg'))
    for (const name of ['a.jpg', 'gone.jpg']) await dev.get(`/${name}?import&w=64`)
    const ids = (await inspectionOf(dev)).requests.map(({ id }) => id)
    const heard = await listen(dev)
    write('main.js', importing('a.jpg'))
    await expect.poll(() => heard().flatMap(({ removed }) => removed)).toEqual([ids[1]])
    rmSync(join(root, 'main.js'))
    await expect.poll(() => heard().flatMap(({ removed }) => removed)).toEqual([ids[1], ids[0]])
    expect((await inspectionOf(dev)).totals).toMatchObject({ requests: 0, sources: { files: 0 } })
  })
})

test('a source that is deleted is told at once, and stays one request when a page asks for it again', async () => {
  const { root, write } = project({
    'photo.jpg': await jpeg(400, 300),
    'main.js': "import './photo.jpg?w=100;50&format=webp'",
  })
  const dev = await startDev(root, QUIET)
  await dev.get('/main.js')
  const [address = ''] = addresses(await dev.module('/photo.jpg?import&w=100;50&format=webp'))
  await dev.get(address)
  const before = requestIn(await inspectionOf(dev), 'photo.jpg')
  expect(before.status).toBe('partial')
  const heard = await listen(dev)
  rmSync(join(root, 'photo.jpg'))
  const last = (): unknown => heard().findLast(({ requests }) => requests.length > 0)?.requests[0]
  const gone = { id: before.id, status: 'failed', source: { missing: true }, error: { code: 'SOURCE_NOT_FOUND' } }
  await expect.poll(last).toMatchObject({ ...gone, outputs: [{ status: 'completed' }, { status: 'waiting' }] })
  expect((await dev.get('/photo.jpg?import&w=100;50&format=webp')).status).toBe(500)
  const { requests } = await inspectionOf(dev)
  expect(requests).toMatchObject([{ ...gone, name: before.name, outputs: [{ status: 'completed' }, { status: 'waiting' }] }])
  write('photo.jpg', await jpeg(400, 300))
  await expect.poll(last).toMatchObject({ id: before.id, status: 'partial' })

  // What fails after it was planned keeps its name, too.
  write('photo.jpg', 'no image any longer')
  await dev.get('/photo.jpg?import&w=100;50&format=webp')
  await expect.poll(last).toMatchObject({ id: before.id, status: 'failed', error: { code: 'FORMAT_UNSUPPORTED' }, outputs: [] })
})
