import { readFile, readdir, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { ImagemillError } from '../../src/errors.ts'
import { allowsOf } from '../../src/net/allow.ts'
import { openRemote } from '../../src/source/remote.ts'
import type { RemoteOptions } from '../../src/source/remote-options.ts'
import { openRunStore } from '../../src/store/run-store.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { socketServer, webServer } from '../support/server.ts'
import { svg } from '../support/sources.ts'

/** Fetches as one build does; each call of `build` is another one, on the same store. */
function builds(origins: string | readonly string[], options: Partial<RemoteOptions> = {}) {
  const folder = join(project().root, 'cache')
  const allowed = [origins].flat().map((origin) => allowsOf(`${origin}/**`))
  const warnings: string[] = []
  const build = () => {
    const store = openRunStore({ folder, maxSize: 1e9, warn: () => undefined })
    onTestFinished(() => store.close())
    const remote = openRemote(
      {
        allows: (url) => allowed.some((allows) => allows?.(url)),
        allowPrivate: true,
        formats: ['jpeg', 'png', 'webp', 'gif'],
        maxBytes: 1e6,
        timeout: 5000,
        ...options,
      },
      (error: ImagemillError) => void warnings.push(error.message),
    )
    const fetch = async (url: string, digest?: string) => readFile(await remote.fetch(url, digest, store))
    return Object.assign(fetch, { forget: () => remote.forget() })
  }
  return { folder, warnings, build, fetch: (url: string, digest?: string) => build()(url, digest) }
}

const failing = (code: string, message: RegExp) => expect.objectContaining({ code, message: expect.stringMatching(message) as string })
const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** A server whose answer can be changed. */
async function changing() {
  const answer: { current: (request: IncomingMessage, response: ServerResponse) => void } = {
    current: (_, response) => void response.end(),
  }
  const server = await webServer((request, response) => answer.current(request, response))
  return { ...server, say: (next: typeof answer.current) => void (answer.current = next) }
}

test('an image is fetched once in a build, and asked for once in the next one', async () => {
  const photo = await jpeg(30, 20)
  const conditions: (string | undefined)[] = []
  const { origin, asked } = await webServer((request, response) => {
    conditions.push(request.headers['if-none-match'], request.headers['if-modified-since'])
    if (request.headers['if-none-match'] !== undefined) return void response.writeHead(304).end()
    response.writeHead(200, { etag: 'W/"x"', 'last-modified': 'Sat, 01 Aug 2026 10:00:00 GMT' }).end(photo)
  })
  const { build } = builds(origin)
  const first = build()
  const all = await Promise.all([first(`${origin}/a.jpg`), first(`${origin}/a.jpg`)])
  expect(await first(`${origin}/a.jpg`)).toEqual(photo)
  expect(all).toEqual([photo, photo])
  expect(asked).toHaveLength(1)
  expect(await build()(`${origin}/a.jpg`)).toEqual(photo)
  expect(conditions).toEqual([undefined, undefined, 'W/"x"', 'Sat, 01 Aug 2026 10:00:00 GMT'])
})

test('builds that follow each other closely have the same images, and later ones ask again', async () => {
  const photo = await jpeg(30, 20)
  const { origin, asked } = await webServer((_, response) => void response.end(photo))
  const build = builds(origin).build()
  await build(`${origin}/a.jpg`)
  build.forget()
  await build(`${origin}/a.jpg`)
  expect(asked).toHaveLength(1)
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  // Its clock begins anew.
  vi.advanceTimersByTime(performance.now() + 3_600_000)
  build.forget()
  await build(`${origin}/a.jpg`)
  expect(asked).toHaveLength(2)
})

test('a new version on the server is taken', async () => {
  const [old, next] = [await jpeg(30, 20, 1), await jpeg(30, 20, 2)]
  const { origin, say } = await changing()
  const { fetch } = builds(origin)
  say((_, response) => void response.writeHead(200, { etag: '"1"' }).end(old))
  expect(await fetch(`${origin}/a.jpg`)).toEqual(old)
  say((_, response) => void response.writeHead(200, { etag: '"2"' }).end(next))
  expect(await fetch(`${origin}/a.jpg`)).toEqual(next)
})

test('an address that is not a file name, and its own query, go to the server as they are', async () => {
  const photo = await jpeg(30, 20)
  const { origin, asked } = await webServer((_, response) => void response.end(photo))
  await builds(origin).fetch(`${origin}/img;v=2/%41?id=3&w=9&x=a%2Fb`)
  expect(asked).toEqual(['GET /img;v=2/%41?id=3&w=9&x=a%2Fb'])
})

const cutShort = (_: IncomingMessage, response: ServerResponse): void =>
  void response.writeHead(200, { 'content-length': '99' }).write('x', () => response.destroy())

test.each([
  ['a server that is gone', undefined, 0],
  ['a server that fails', (_: IncomingMessage, response: ServerResponse) => void response.writeHead(503).end(), 1],
  ['a server that has enough', (_: IncomingMessage, response: ServerResponse) => void response.writeHead(429).end(), 1],
  ['a server that hangs', () => undefined, 0],
  ['a server that stops in the middle', cutShort, 1],
])('what was fetched earlier stands in for %s, with one warning', async (_, answer, more) => {
  const photo = await jpeg(30, 20)
  const { origin, say, close, asked } = await changing()
  const { build, warnings } = builds(origin, { timeout: 300 })
  say((__, response) => void response.end(photo))
  const before = build()
  await Promise.all(['a', 'b', 'c', 'd'].map((name) => before(`${origin}/${name}.jpg`)))
  if (answer) say(answer)
  else await close()
  const offline = build()
  expect(await Promise.all(['a', 'b', 'c'].map((name) => offline(`${origin}/${name}.jpg`)))).toEqual([photo, photo, photo])
  const { length } = asked
  // A server that does not answer is not waited for again.
  expect(await offline(`${origin}/d.jpg`)).toEqual(photo)
  expect(asked).toHaveLength(length + more)
  expect(warnings).toEqual([expect.stringMatching(/REMOTE_UNREACHABLE.*what was fetched earlier is used/)])
  await expect(offline(`${origin}/new.jpg`)).rejects.toThrow(failing('REMOTE_UNREACHABLE', new RegExp(origin)))
})

test('an image that is gone from its server is an error, although it was fetched earlier', async () => {
  const photo = await jpeg(30, 20)
  const { origin, say } = await changing()
  const { fetch } = builds(origin)
  say((_, response) => void response.end(photo))
  await fetch(`${origin}/a.jpg`)
  say((_, response) => void response.writeHead(404).end())
  await expect(fetch(`${origin}/a.jpg`)).rejects.toThrow(failing('SOURCE_NOT_FOUND', /status 404/))
  say((_, response) => void response.writeHead(403).end())
  await expect(fetch(`${origin}/a.jpg`)).rejects.toThrow(failing('SOURCE_UNREADABLE', /status 403/))
})

test('a pinned image is never asked for again, and no other bytes are taken', async () => {
  const [photo, other] = [await jpeg(30, 20, 1), await jpeg(30, 20, 2)]
  const { origin, say, asked } = await changing()
  const { fetch } = builds(origin)
  say((_, response) => void response.end(other))
  await expect(fetch(`${origin}/a.jpg`, digestOf(photo))).rejects.toThrow(failing('INTEGRITY_MISMATCH', /sha256-/))
  say((_, response) => void response.end(photo))
  expect(await fetch(`${origin}/a.jpg`, digestOf(photo))).toEqual(photo)
  expect(asked).toHaveLength(2)
  expect(await fetch(`${origin}/a.jpg`, digestOf(photo))).toEqual(photo)
  expect(asked).toHaveLength(2)
  say((_, response) => void response.writeHead(500).end())
  await expect(fetch(`${origin}/a.jpg`, digestOf(other))).rejects.toThrow(failing('REMOTE_UNREACHABLE', /status 500/))
})

test('redirects are followed a few times, each to an allowed address', async () => {
  const photo = await jpeg(30, 20)
  const elsewhere = await webServer((_, response) => void response.end(photo))
  const redirect = (to: string) => (_: IncomingMessage, response: ServerResponse) => void response.writeHead(302, { location: to }).end()
  const { origin, say, asked } = await changing()
  const { fetch } = builds([`${origin}/img`])
  say((request, response) => (request.url === '/img/b' ? void response.end(photo) : redirect('b')(request, response)))
  expect(await fetch(`${origin}/img/a`)).toEqual(photo)
  say(redirect(`${elsewhere.origin}/a.jpg`))
  await expect(fetch(`${origin}/img/x`)).rejects.toThrow(failing('REMOTE_DENIED', new RegExp(`redirects to ${elsewhere.origin}/a.jpg`)))
  say(redirect('/secret'))
  await expect(fetch(`${origin}/img/x`)).rejects.toThrow(failing('REMOTE_DENIED', /secret/))
  say(redirect('file:///etc/passwd'))
  await expect(fetch(`${origin}/img/x`)).rejects.toThrow(failing('REMOTE_DENIED', /passwd/))
  say(redirect('http://['))
  await expect(fetch(`${origin}/img/x`)).rejects.toThrow(failing('SOURCE_UNREADABLE', /redirect/))
  asked.length = 0
  say(redirect('/img/again'))
  await expect(fetch(`${origin}/img/x`)).rejects.toThrow(failing('SOURCE_UNREADABLE', /more than 5 redirects/))
  expect(asked).toHaveLength(6)
  expect(elsewhere.asked).toEqual([])
})

test('a host of this machine is refused, even where a pattern allows it', async () => {
  const photo = await jpeg(30, 20)
  const inside = await webServer((_, response) => void response.end(photo))
  const { port } = new URL(inside.origin)
  for (const host of ['localhost', '127.0.0.1', '2130706433', '[::ffff:127.0.0.1]']) {
    const { fetch } = builds(['http://*', `http://*:${port}`, `http://**:${port}`, `http://[::ffff:7f00:1]:${port}`], {
      allowPrivate: false,
    })
    await expect(fetch(`http://${host}:${port}/a.jpg`)).rejects.toThrow(failing('REMOTE_DENIED', /private network/))
  }
  expect(inside.asked).toEqual([])
})

test('what is no image, or no usual one, is refused by its bytes and not by its name', async () => {
  const { origin, say } = await changing()
  const { fetch } = builds(origin)
  const sending = (bytes: Buffer | string, type = 'image/jpeg') =>
    say((_, response) => void response.writeHead(200, { 'content-type': type }).end(bytes))
  sending('<!doctype html><title>Log in</title>')
  await expect(fetch(`${origin}/a.jpg`)).rejects.toThrow(failing('FORMAT_UNSUPPORTED', /web page/))
  sending(svg(4, 4))
  await expect(fetch(`${origin}/a.jpg`)).rejects.toThrow(failing('FORMAT_UNSUPPORTED', /received svg.*remote\.formats/))
  sending(
    await sharp(await jpeg(8, 8))
      .avif({ effort: 0 })
      .toBuffer(),
  )
  await expect(fetch(`${origin}/a.jpg`)).rejects.toThrow(failing('FORMAT_UNSUPPORTED', /received avif/))
  sending('')
  await expect(fetch(`${origin}/a.jpg`)).rejects.toThrow(failing('SOURCE_CORRUPT', /empty/))
  const photo = await jpeg(8, 8)
  sending(photo, 'text/html')
  expect(await fetch(`${origin}/a.jpg`)).toEqual(photo)
  expect(await builds(origin, { formats: ['svg', 'jpeg'] }).fetch(`${origin}/a.jpg`)).toEqual(photo)
})

test('what swells, has no end or trickles is stopped', async () => {
  const { origin, say } = await changing()
  const { fetch } = builds(origin, { maxBytes: 100_000, timeout: 1000 })
  const bomb = gzipSync(Buffer.alloc(50_000_000))
  let accepted: string | undefined
  say((request, response) => {
    accepted = request.headers['accept-encoding']
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
  })
  await expect(fetch(`${origin}/a.jpg`)).rejects.toThrow(failing('SOURCE_UNREADABLE', /content-encoding: gzip/))
  expect(accepted).toBe('identity')
  say((_, response) => response.writeHead(200, { 'content-length': 100_001 }).flushHeaders())
  await expect(fetch(`${origin}/a.jpg`)).rejects.toThrow(failing('REMOTE_TOO_LARGE', /100000 bytes/))
  say(async (_, response) => {
    while (!response.destroyed && response.write(Buffer.alloc(9000))) await sleep(1)
  })
  await expect(fetch(`${origin}/a.jpg`)).rejects.toThrow(failing('REMOTE_TOO_LARGE', /100000 bytes/))
  say(async (_, response) => {
    while (!response.destroyed && response.write('x')) await sleep(50)
  })
  await expect(fetch(`${origin}/a.jpg`)).rejects.toThrow(failing('REMOTE_UNREACHABLE', /within \d+ ms/))
})

test('a server that says less than it promised is not believed', async () => {
  const photo = await jpeg(30, 20)
  const origin = await socketServer((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${photo.length + 1}\r\n\r\n`)
    socket.end(photo)
  })
  await expect(builds(origin).fetch(`${origin}/a.jpg`)).rejects.toThrow(failing('REMOTE_UNREACHABLE', /before the answer was whole/))
})

test('an image that was damaged in the store is fetched anew', async () => {
  const photo = await jpeg(30, 20)
  const { origin } = await webServer((request, response) => {
    if (request.headers['if-none-match'] !== undefined) return void response.writeHead(304).end()
    response.writeHead(200, { etag: '"1"' }).end(photo)
  })
  const { folder, fetch } = builds(origin)
  await fetch(`${origin}/a.jpg`)
  const blobs = join(folder, 'v1/cas')
  const name = (await readdir(blobs, { recursive: true })).find((path) => path.length > 10) ?? ''
  await writeFile(join(blobs, name), 'damaged')
  expect(await fetch(`${origin}/a.jpg`)).toEqual(photo)
})
