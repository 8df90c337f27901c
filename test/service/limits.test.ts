import { existsSync, symlinkSync, utimesSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { apiErrorSchema } from '../../src/contract/api-error.ts'
import { send } from '../support/http.ts'
import { jpeg } from '../support/images.ts'
import { until } from '../support/processes.ts'
import { project } from '../support/project.ts'
import { startService, type ServiceProcess } from '../support/service.ts'

async function codeOf(answer: Response | Promise<Response>): Promise<[number, string]> {
  const response = await answer
  return [response.status, apiErrorSchema.parse(await response.json()).code]
}

test('paths lead nowhere but below the folder of sources, and nothing tells where that is', async () => {
  const { root } = project({ 'secret.jpg': await jpeg(20, 20), 'photos/tree.jpg': await jpeg(20, 20), 'photos2/a.jpg': await jpeg(20, 20) })
  symlinkSync(join(root, 'secret.jpg'), join(root, 'photos/link.jpg'))
  symlinkSync(root, join(root, 'photos/up'))
  symlinkSync(join(root, 'photos/tree.jpg'), join(root, 'photos/fine.jpg'))
  const service = await startService(root, ['--dir', 'photos'])
  const inputs = ['../secret.jpg', 'a/../../secret.jpg', '/etc/hosts', '..\\secret.jpg', 'tree.jpg\0.png', './tree.jpg', '../photos2/a.jpg']
  inputs.push('link.jpg', 'up/secret.jpg', 'C:/secret.jpg', '//secret.jpg', '', '%2e%2e/secret.jpg', 'x'.repeat(2000))
  const texts: string[] = []
  for (const input of inputs) {
    const answer = await service.post('/v1/convert', { input, format: 'png' })
    const text = await answer.text()
    texts.push(text)
    if (answer.status === 422) continue
    // A name like any other, of a file that is not there.
    expect([answer.status, input]).toEqual([202, '%2e%2e/secret.jpg'])
    const end = await service.end((JSON.parse(text) as { job_id: string }).job_id)
    expect(end).toMatchObject({ status: 'failed', error: 'Input file not found: %2e%2e/secret.jpg' })
  }
  for (const output of ['../x.png', '/x.png', 'a\\b.png', '..', '.', `${'a'.repeat(300)}.png`, `a/${'ü'.repeat(130)}.png`]) {
    const answer = await service.post('/v1/convert', { input: 'tree.jpg', format: 'png', output })
    const text = await answer.text()
    texts.push(text)
    expect([output, answer.status, text]).toEqual([output, 422, expect.stringContaining('below the folder of results, with')])
  }
  const deep = await service.end(await service.submit('resize', { input: 'missing/x.jpg', widths: [5] }))
  texts.push(JSON.stringify(deep))
  expect(texts.filter((text) => text.includes(root))).toEqual([])
  expect(await service.completed(await service.submit('convert', { input: 'fine.jpg', format: 'png' }))).toMatchObject({
    status: 'completed',
  })
})

test('a client that asks too often is told when to come again, and the others are answered', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(20, 20) })
  const service = await startService(root, ['--dir', 'photos'], { IMAGEMILL_API_KEY: 'one,two' })
  const as = (client: string): RequestInit => ({ headers: { 'X-API-Key': client } })
  const path = '/v1/resize/status/job_000000000000000000000000'
  const polls = await Promise.all(Array.from({ length: 30 }, () => service.request(path, as('one'))))
  const refused = polls.filter(({ status }) => status === 429)
  expect(refused.length).toBeGreaterThan(20)
  expect(refused.map(({ headers }) => headers.get('retry-after'))).toEqual(refused.map(() => '1'))
  expect(await codeOf(refused[0] ?? Response.error())).toEqual([429, 'RATE_LIMIT_EXCEEDED'])
  expect((await service.request(path, as('two'))).status).toBe(404)
})

test('every way to ask for a status counts, but not an answer that is held', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(500, 300) })
  const service = await startService(root, ['--dir', 'photos', '--poll-limit', '2', '--concurrency', '1'])
  const slow = { input: 'tree.jpg', scale_percent: 800, format: 'avif', effort: 9, lossless: true }
  const [ended, running] = [await service.submit('convert', { input: 'tree.jpg', format: 'png' }), await service.submit('resize', slow)]
  await service.completed(ended)
  const refusedOf = async (path: string): Promise<number> => {
    const controller = new AbortController()
    const answers = await Promise.all(Array.from({ length: 8 }, () => service.request(path, { signal: controller.signal })))
    controller.abort()
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.map(({ headers }) => headers.get('retry-after'))).toEqual(refused.map(() => '1'))
    return refused.length
  }
  for (const path of [
    `/job/${ended}`,
    `/listen/${ended}`,
    `/listen/${running}?timeout=0`,
    `/v1/jobs/${running}/events`,
    '/listen/job_000000000000000000000000',
  ])
    expect([path, await refusedOf(path)]).toEqual([path, expect.toSatisfy((count: number) => count > 3)])
  expect(await refusedOf(`/listen/${running}?timeout=1`)).toBe(0)
})

test('more jobs than may wait are refused, and those that were taken are done', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(300, 200) })
  const service = await startService(root, ['--dir', 'photos', '--queue-limit', '3', '--concurrency', '1'])
  const widths = Array.from({ length: 40 }, (_, index) => 20 + index)
  const answers = await Promise.all(
    widths.map((width) => service.post('/v1/resize', { input: 'tree.jpg', widths: [width], format: 'avif' })),
  )
  const taken = answers.filter(({ status }) => status === 202)
  const refused = answers.filter(({ status }) => status === 503)
  expect([taken.length + refused.length, refused.length > 10, taken.length >= 3]).toEqual([40, true, true])
  expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await codeOf(refused[0] ?? Response.error())).toEqual([503, 'CONCURRENT_JOBS_EXCEEDED'])
  for (const answer of taken) await service.completed(((await answer.json()) as { job_id: string }).job_id)
})

test('what comes in while the service closes is refused for that reason', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(30, 20) })
  const service = await startService(root, ['--dir', 'photos'])
  let finish = (): void => undefined
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('{"input":"tree.jpg",'))
      finish = () => {
        controller.enqueue(Buffer.from('"format":"png"}'))
        controller.close()
      }
    },
  })
  const init = { method: 'POST', body, duplex: 'half', headers: { 'Content-Type': 'application/json' } }
  const answer = service.request('/v1/convert', init)
  await new Promise((resolve) => setTimeout(resolve, 300))
  const stopped = service.stop()
  await until('it closes', () => service.log.some(({ message }) => message === 'closing'))
  await new Promise((resolve) => setTimeout(resolve, 300))
  finish()
  expect(await codeOf(answer)).toEqual([503, 'SERVICE_CLOSING'])
  await stopped
})

test('a body that is too large, of another type, or no JSON', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(20, 20) })
  const service = await startService(root, ['--dir', 'photos', '--max-upload', '10kb', '--max-body', '2kb'])
  const post = (body: BodyInit, type: string, more: RequestInit = {}): Promise<Response> =>
    service.request('/v1/convert?job=%7B%22format%22:%22png%22%7D', { method: 'POST', body, headers: { 'Content-Type': type }, ...more })
  const large = new Uint8Array(20_000)
  const chunked = (): ReadableStream =>
    new ReadableStream({
      start(controller) {
        for (let part = 0; part < 20; part++) controller.enqueue(large.subarray(0, 1000))
        controller.close()
      },
    })
  const stream = { body: chunked(), duplex: 'half' } as RequestInit
  expect(await codeOf(post(large, 'image/jpeg'))).toEqual([413, 'BODY_TOO_LARGE'])
  expect(await codeOf(post(large, 'image/jpeg', stream))).toEqual([413, 'BODY_TOO_LARGE'])
  expect(await codeOf(post(`"${'x'.repeat(5000)}"`, 'application/json'))).toEqual([413, 'BODY_TOO_LARGE'])
  expect(await codeOf(post('{"input":', 'application/json'))).toEqual([400, 'BODY_INVALID'])
  expect(await codeOf(post('['.repeat(500), 'application/json'))).toEqual([400, 'BODY_INVALID'])
  expect(await codeOf(post('{}', 'text/plain'))).toEqual([415, 'CONTENT_TYPE_UNSUPPORTED'])
  expect(await codeOf(post('--x\r\nnonsense', 'multipart/form-data; boundary=x'))).toEqual([400, 'BODY_INVALID'])
  expect(await codeOf(post('', 'image/jpeg'))).toEqual([400, 'BODY_INVALID'])
  const form = new FormData()
  form.set('file', new Blob([large]), 'a.jpg')
  expect(await codeOf(service.request('/v1/convert', { method: 'POST', body: form }))).toEqual([413, 'BODY_TOO_LARGE'])
  await service.completed(await service.submit('convert', { input: 'tree.jpg', format: 'png' }))
})

test('whoever sends too slowly is cut off, and the others are answered meanwhile', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(20, 20) })
  const service = await startService(root, ['--dir', 'photos', '--request-timeout', '1s'])
  const { hostname, port } = new URL(service.url)
  const head = `POST /v1/convert HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n`
  const drip = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let answer = ''
      const socket = connect(Number(port), hostname, () => socket.write(text))
      const timer = setInterval(() => socket.write(' '), 100)
      socket.on('data', (bytes) => (answer += bytes.toString()))
      socket.on('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ECONNRESET' || error.code === 'EPIPE' ? undefined : reject(error),
      )
      socket.on('close', () => {
        clearInterval(timer)
        resolve(answer)
      })
    })
  const dripping = [drip(head), drip(`${head}\r\n{`), ...Array.from({ length: 20 }, () => drip('GET /healthz HTT'))]
  await service.completed(await service.submit('convert', { input: 'tree.jpg', format: 'png' }))
  for (const answer of await Promise.all(dripping)) expect(answer.slice(0, 12)).toMatch(/^(?:HTTP\/1\.1 40[08]|)$/)
  expect((await service.request('/healthz')).status).toBe(200)
})

test('without the right key nothing is told; pages of other origins and other names are refused', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(20, 20) })
  const service = await startService(root, ['--dir', 'photos', '--api-key', 'right', '--cors', 'https://a.example'])
  expect(await codeOf(service.request('/v1/jobs'))).toEqual([401, 'KEY_MISSING'])
  expect(await codeOf(service.request('/v1/jobs', { headers: { 'X-API-Key': 'wrong' } }))).toEqual([401, 'KEY_INVALID'])
  expect(await codeOf(service.post('/v1/convert', { input: 'tree.jpg', format: 'png' }))).toEqual([401, 'KEY_MISSING'])
  for (const path of ['/metrics', '/listen/job_000000000000000000000000', '/job/job_000000000000000000000000'])
    expect([path, (await service.request(path)).status]).toEqual([path, 401])
  const key = { 'X-API-Key': 'right', 'Content-Type': 'application/json' }
  expect((await send(service.url, '/v1/jobs', { headers: { ...key, Host: 'evil.example' } })).status).toBe(403)
  expect((await send(service.url, '/v1/jobs', { headers: { ...key, Host: 'localhost:1' } })).status).toBe(200)
  expect((await send(service.url, '/v1/convert', { method: 'POST', headers: { ...key, Origin: 'https://b.example' } })).status).toBe(403)
  const own = await send(service.url, '/v1/jobs', { headers: { ...key, Origin: 'https://a.example' } })
  expect([own.status, own.headers['access-control-allow-origin']]).toEqual([200, 'https://a.example'])
  const other = await send(service.url, '/v1/jobs', { headers: { ...key, Origin: 'https://b.example' } })
  expect(other.headers['access-control-allow-origin']).toBeUndefined()
  const before = await send(service.url, '/v1/convert', {
    method: 'OPTIONS',
    headers: { Origin: 'https://a.example', 'Access-Control-Request-Method': 'POST' },
  })
  expect([before.status, before.headers['access-control-allow-methods']]).toEqual([204, 'GET, HEAD, POST, DELETE'])
})

async function result(service: ServiceProcess): Promise<{ url: string; bytes: Buffer }> {
  const { result_url: url } = await service.completed(await service.submit('convert', { input: 'tree.jpg', format: 'png' }))
  return { url, bytes: Buffer.from(await (await fetch(url)).arrayBuffer()) }
}

test('a result is served whole and in parts, and only at the address that was given out', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(60, 40) })
  const service = await startService(root, ['--dir', 'photos'])
  const { url, bytes } = await result(service)
  const get = async (headers: Record<string, string>, method = 'GET'): Promise<[number, Record<string, string | null>, Buffer]> => {
    const answer = await fetch(url, { method, headers })
    const facts = Object.fromEntries(['content-type', 'content-range', 'content-length'].map((name) => [name, answer.headers.get(name)]))
    return [answer.status, facts, Buffer.from(await answer.arrayBuffer())]
  }
  const size = bytes.length
  const whole = { 'content-type': 'image/png', 'content-range': null, 'content-length': String(size) }
  const part = (first: number, last: number): unknown[] => [
    206,
    { ...whole, 'content-range': `bytes ${first}-${last}/${size}`, 'content-length': String(last - first + 1) },
    bytes.subarray(first, last + 1),
  ]
  expect(await get({}, 'HEAD')).toEqual([200, whole, Buffer.alloc(0)])
  expect(await get({ Range: 'bytes=10-19' })).toEqual(part(10, 19))
  expect(await get({ Range: 'bytes=10-' })).toEqual(part(10, size - 1))
  expect(await get({ Range: 'bytes=-10' })).toEqual(part(size - 10, size - 1))
  expect(await get({ Range: 'bytes=5-3' })).toEqual([200, whole, bytes])
  expect(await get({ Range: 'bytes=0-1', 'If-Range': '"other"' })).toEqual([200, whole, bytes])
  const beyond = await fetch(url, { headers: { Range: `bytes=${size}-` } })
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${size}`])
  const tag = (await fetch(url)).headers.get('etag') ?? ''
  expect((await fetch(url, { headers: { 'If-None-Match': tag } })).status).toBe(304)

  const tampered = [
    `${url}x`,
    url.replace(/expires=\d/, 'expires=9'),
    url.replace('tree.png', 'bush.png'),
    url.replace(/&.*/, ''),
    url.replace('job_', 'job_0'),
  ]
  tampered.push(url.replace('tree.png', '..%2f..%2f..%2fkey'), url.replace('tree.png', '%2e%2e/%2e%2e/key'), url.replace('tree.png', '%ff'))
  for (const address of tampered) expect([address, (await fetch(address)).status]).toEqual([address, expect.toBeOneOf([400, 403, 404])])
})

test('requests have names, and the log says what became of them without their secrets', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(60, 40) })
  const service = await startService(root, ['--dir', 'photos'], { IMAGEMILL_API_KEY: 'hidden-key' })
  const answer = await service.request('/healthz?signature=hidden', { headers: { 'X-Request-Id': 'my-name', 'X-API-Key': 'hidden-key' } })
  expect(answer.headers.get('x-request-id')).toBe('my-name')
  expect((await service.request('/nothing')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  const metrics = await (await service.request('/metrics', { headers: { 'X-API-Key': 'hidden-key' } })).text()
  expect(metrics).toContain('imagemill_http_requests_total{method="GET",route="/healthz",status="200"} 1')
  expect(metrics).toContain('# TYPE imagemill_jobs_queued gauge\nimagemill_jobs_queued 0\n')
  await service.stop()
  expect(service.log).toContainEqual(
    expect.objectContaining({ level: 'info', message: 'request', request_id: 'my-name', path: '/healthz', status: 200 }),
  )
  expect(JSON.stringify(service.log)).not.toContain('hidden')
})

test('flags say how often a client may ask, how much is kept, what is too large, where to listen, and that nothing is logged', async () => {
  const { root, write } = project({ 'photos/tree.jpg': await jpeg(20, 20) })
  for (const [index, name] of ['job_old', 'job_new'].entries()) {
    const path = write(`.imagemill-service/results/${name}/a.png`, Buffer.alloc(700))
    utimesSync(path, 1000 + index, 1000 + index)
  }
  const args = ['--dir', 'photos', '--poll-limit', '40', '--results-size', '1000', '--host', '127.0.0.2', '--pixels', '399', '--quiet']
  const service = await startService(root, args)
  expect(new URL(service.url).hostname).toBe('127.0.0.2')
  const path = '/v1/resize/status/job_000000000000000000000000'
  const polls = await Promise.all(Array.from({ length: 30 }, () => service.request(path)))
  expect(polls.filter(({ status }) => status === 429)).toEqual([])
  await until('the older result is gone', () => !existsSync(join(root, '.imagemill-service/results/job_old')))
  expect(existsSync(join(root, '.imagemill-service/results/job_new'))).toBe(true)
  expect(await service.end(await service.submit('convert', { input: 'tree.jpg', format: 'png' }))).toMatchObject({ status: 'failed' })
  expect(service.log).toEqual([])
})
