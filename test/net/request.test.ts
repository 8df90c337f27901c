import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { guardedRequest, type GuardedRequest } from '../../src/net/request.ts'
import { socketServer, webServer } from '../support/server.ts'

function ask(url: string, options: Partial<GuardedRequest> = {}) {
  return guardedRequest({ url: new URL(url), allowPrivate: true, timeout: 5000, ...options })
}

const failing = (code: string, message: RegExp) => expect.objectContaining({ code, message: expect.stringMatching(message) as string })

test('a body is read whole, with status and headers', async () => {
  const { origin } = await webServer((request, response) => {
    response.writeHead(201, { 'x-method': request.method ?? '', 'x-host': request.headers.host ?? '' })
    request.pipe(response)
  })
  const answer = await ask(origin, { method: 'POST', body: 'grüße', headers: { 'content-type': 'text/plain' } })
  expect(answer.status).toBe(201)
  expect(answer.headers['x-method']).toBe('POST')
  expect(answer.headers['x-host']).toBe(new URL(origin).host)
  expect((await answer.read(7)).toString()).toBe('grüße')
})

test('a redirect is an answer like any other', async () => {
  const { origin, asked } = await webServer((_, response) => void response.writeHead(302, { location: '/other' }).end())
  const answer = await ask(origin)
  answer.discard()
  expect(answer.status).toBe(302)
  expect(asked).toEqual(['GET /'])
})

test('a private address is not connected to, whether it is written down or resolved', async () => {
  const { origin, asked } = await webServer((_, response) => void response.end())
  const { port } = new URL(origin)
  for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', 'localhost'])
    await expect(ask(`http://${host}:${port}/`, { allowPrivate: false })).rejects.toThrow(failing('REMOTE_DENIED', /private network/))
  expect(asked).toEqual([])
})

test('a body without an end stops at the limit', async () => {
  const { origin } = await webServer(async (_, response) => {
    while (!response.destroyed) {
      response.write(Buffer.alloc(10_000))
      await sleep(1)
    }
  })
  await expect((await ask(origin)).read(100_000)).rejects.toThrow(failing('REMOTE_TOO_LARGE', /100000 bytes/))
})

test('an announced size above the limit is refused before the first byte of it', async () => {
  const { origin } = await webServer((_, response) => response.writeHead(200, { 'content-length': 1e12 }).flushHeaders())
  await expect((await ask(origin)).read(1000)).rejects.toThrow(failing('REMOTE_TOO_LARGE', /1000 bytes/))
})

test('a body that trickles ends with the time', async () => {
  const { origin } = await webServer(async (_, response) => {
    while (!response.destroyed) {
      response.write('.')
      await sleep(20)
    }
  })
  await expect((await ask(origin, { timeout: 300 })).read(1e6)).rejects.toThrow(failing('REMOTE_UNREACHABLE', /within 300 ms/))
})

test('a server that never answers ends with the time', async () => {
  const origin = await socketServer(() => undefined)
  await expect(ask(origin, { timeout: 200 })).rejects.toThrow(failing('REMOTE_UNREACHABLE', /within 200 ms/))
})

test('a body that is cut short is an error', async () => {
  const origin = await socketServer((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this'))
  await expect((await ask(origin)).read(1000)).rejects.toThrow(failing('REMOTE_UNREACHABLE', /before the answer was whole/))
})

test('chunks that are cut short are an error', async () => {
  const origin = await socketServer((socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nhe'))
  await expect((await ask(origin)).read(1000)).rejects.toThrow(failing('REMOTE_UNREACHABLE', /before the answer was whole/))
})

test('a huge header is refused', async () => {
  const origin = await socketServer((socket) => socket.end(`HTTP/1.1 200 OK\r\nX-Big: ${'a'.repeat(100_000)}\r\n\r\n`))
  await expect(ask(origin)).rejects.toThrow(failing('REMOTE_UNREACHABLE', /bytes of headers/))
})

test('what is no HTTP, and a port where nobody listens, are errors that name the server and not the path', async () => {
  const origin = await socketServer((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'))
  await expect(ask(`${origin}/?token=secret`)).rejects.toThrow(
    failing('REMOTE_UNREACHABLE', new RegExp(`^\\[REMOTE_UNREACHABLE\\] ${origin} did not answer: (?!.*secret)`)),
  )
  const { origin: closed, close } = await webServer(() => undefined)
  await close()
  await expect(ask(closed)).rejects.toThrow(failing('REMOTE_UNREACHABLE', /ECONNREFUSED/))
})

test('it ends when its signal is aborted', async () => {
  const origin = await socketServer(() => undefined)
  const ending = new AbortController()
  const asked = ask(origin, { signal: ending.signal })
  ending.abort(new Error('enough'))
  await expect(asked).rejects.toThrow('enough')
})

test('a server that does not speak TLS is none', async () => {
  const origin = await socketServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
  await expect(ask(origin.replace('http:', 'https:'))).rejects.toThrow(failing('REMOTE_UNREACHABLE', /did not answer: \S+/))
})
