import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { resultsDocumentSchema } from '../../src/contract/blitline.ts'
import { webhookEventSchema } from '../../src/contract/lifecycle.ts'
import { until } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { webServer } from '../support/server.ts'
import { bytesAt, startService } from '../support/service.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

async function receiver() {
  const received: { path: string; headers: Record<string, string>; body: unknown }[] = []
  const server = await webServer(async (request, response) => {
    const body = await text(request)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    new Webhook(SECRET).verify(body, headers)
    received.push({ path: request.url ?? '', headers, body: JSON.parse(body) })
    response.end()
  })
  const at = (path: string): (typeof received)[number] | undefined => received.find((message) => message.path === path)
  return { ...server, received, at }
}

test('the end of a job is told to `callback_url` and to `postback_url`, signed, also after a kill', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(90, 60) })
  const { origin, at, received } = await receiver()
  const args = ['--dir', 'photos', '--allow-private-webhooks']
  let service = await startService(root, args, { IMAGEMILL_WEBHOOK_SECRET: SECRET })
  const told = (name: string): object => ({
    callback_url: `${origin}/${name}/c`,
    postback_url: `${origin}/${name}/p`,
    postback_headers: { 'X-Mine': name },
  })
  const id = await service.submit('resize', {
    input: 'tree.jpg',
    widths: [30, 45],
    format: 'webp',
    user_id: 'usr_1',
    image_identifier: 'mine',
    ...told('good'),
  })
  const bad = await service.submit('resize', { input: 'missing.jpg', widths: [30], ...told('bad') })
  const ended = await service.completed(id)
  await until('all are told', () => received.length === 4)

  const event = webhookEventSchema.parse(at('/good/c')?.body)
  expect(event).toEqual({
    job_id: id,
    user_id: 'usr_1',
    status: 'completed',
    result_url: ended.result_url,
    result_mime_type: 'image/webp',
    result_size_bytes: (await bytesAt(ended.result_url)).length,
    timestamp: expect.any(Number),
  })
  const { results } = resultsDocumentSchema.parse(at('/good/p')?.body)
  expect(at('/good/p')?.headers['x-mine']).toBe('good')
  expect(results).toMatchObject({ job_id: id, original_meta: { width: 90, height: 60 } })
  expect(results.images.map(({ image_identifier, meta }) => [image_identifier, meta])).toEqual([
    ['mine', { width: 30, height: 20 }],
    ['mine', { width: 45, height: 30 }],
  ])
  expect(at('/bad/c')?.body).toMatchObject({ job_id: bad, status: 'failed', failure_reason_code: 'INPUT_INVALID' })
  expect(at('/bad/p')?.body).toEqual({
    results: {
      original_meta: {},
      images: [],
      job_id: bad,
      errors: ['Input file not found: missing.jpg'],
      failed_image_identifiers: ['missing.jpg'],
    },
  })

  const later = await service.submit('resize', { input: 'tree.jpg', widths: [31], format: 'avif', ...told('later') })
  await service.stop('SIGKILL')
  service = await startService(root, args, { IMAGEMILL_WEBHOOK_SECRET: SECRET })
  await until('the last one is told', () => at('/later/c') !== undefined && at('/later/p') !== undefined)
  expect(at('/later/c')?.body).toMatchObject({ job_id: later, status: 'completed' })
  expect(at('/later/c')?.headers['webhook-id']).toBe(`${later}-callback`)
})

test('addresses of this machine are not told anything, and nothing is fetched from them, unless that is allowed', async () => {
  const image = await jpeg(90, 60)
  const { root } = project({ 'photos/tree.jpg': image })
  const { origin, received } = await receiver()
  const away = await webServer((request, response) => {
    if (request.url === '/inside') return void response.writeHead(302, { Location: `${origin}/` }).end()
    response.writeHead(200, { 'Content-Type': 'image/jpeg' }).end(image)
  })
  const service = await startService(root, ['--dir', 'photos'])
  const field = async (job: object): Promise<unknown> => {
    const answer = await service.post('/v1/convert', { input: 'tree.jpg', format: 'png', ...job })
    return [answer.status, ((await answer.json()) as { detail?: { loc: unknown }[] }).detail?.[0]?.loc]
  }
  expect(await field({ callback_url: `${origin}/` })).toEqual([422, ['body', 'callback_url']])
  expect(await field({ postback_url: 'http://169.254.169.254/' })).toEqual([422, ['body', 'postback_url']])
  expect(await field({ input: `${away.origin}/tree.jpg` })).toEqual([422, ['body', 'input']])

  const guarded = await startService(root, ['--out', 'guarded', '--allow-remote', `${away.origin}/**`])
  const refused = await guarded.end(await guarded.submit('convert', { input: `${away.origin}/tree.jpg`, format: 'png' }))
  expect(refused).toMatchObject({ status: 'failed', failure_reason_code: 'INPUT_INVALID' })
  expect(away.asked).toEqual([])

  const open = await startService(root, ['--out', 'open', '--allow-remote', `${away.origin}/**`, '--allow-private'])
  const fetched = await open.completed(
    await open.submit('resize', { input: `${away.origin}/a%20b/tree.jpg?x=1`, widths: [30], format: 'png' }),
  )
  expect(new URL(fetched.result_url).pathname).toMatch(/\/tree-30\.png$/)
  const functions = await open.post('/job', {
    src: `${away.origin}/tree.jpg`,
    functions: [{ name: 'no_op', save: { image_identifier: 'a' } }],
  })
  expect(resultsDocumentSchema.parse(await functions.json()).results).toMatchObject({
    original_meta: { width: 90 },
    images: [{ meta: { width: 90, height: 60 } }],
  })
  const moved = await open.end(await open.submit('convert', { input: `${away.origin}/inside`, format: 'png' }))
  expect(moved).toMatchObject({ status: 'failed' })
  expect(received).toEqual([])
})

test('a service can be the store that machines share', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(90, 60) })
  const store = await startService(root, [
    '--out',
    'a',
    '--share',
    'shared',
    '--share-token',
    'read',
    '--share-write-token',
    'write',
    '--api-key',
    'x',
  ])
  const env = { IMAGEMILL_STORE_TOKEN: 'write', IMAGEMILL_STORE: store.url }
  const job = { input: 'tree.jpg', widths: [30], format: 'webp' }
  const maker = await startService(root, ['--out', 'b', '--dir', 'photos', '--cache', 'cache-b', '--store-write'], env)
  const made = await maker.completed(await maker.submit('resize', job))
  const bytes = await bytesAt(made.result_url)
  await maker.stop()
  const taker = await startService(root, ['--out', 'c', '--dir', 'photos', '--cache', 'cache-c'], { ...env, IMAGEMILL_STORE_TOKEN: 'read' })
  const taken = await taker.completed(await taker.submit('resize', job))
  expect(await bytesAt(taken.result_url)).toEqual(bytes)
  expect(taken.result?.elapsed_ms).toBe(made.result?.elapsed_ms)
  expect((await store.request(`/ac/${'0'.repeat(64)}`)).status).toBe(401)
})
