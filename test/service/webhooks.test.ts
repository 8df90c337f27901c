import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { expect, onTestFinished, test } from 'vitest'
import { retryAfter } from '../../src/service/webhooks/attempt.ts'
import { openWebhooks, type AttemptReport, type WebhooksOptions } from '../../src/service/webhooks/webhooks.ts'
import { until } from '../support/dev.ts'
import { project } from '../support/project.ts'
import { webServer } from '../support/server.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const OTHER = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'
const EVENT = { job_id: 'job_a1b2c3', status: 'completed', result_url: 'https://cdn.example/grüße.webp', timestamp: 1_769_774_400 }
const BODY = JSON.stringify(EVENT)

interface Received {
  at_ms: number
  path: string
  headers: Record<string, string>
  body: string
}

/** A receiver that keeps what it is sent and answers as told, one answer after the other; the last one stays. */
async function receiver(...answers: ((response: ServerResponse, request: IncomingMessage) => void)[]) {
  const received: Received[] = []
  const server = await webServer(async (request, response) => {
    const body = await text(request)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const answer = answers[Math.min(received.length, answers.length - 1)]
    received.push({ at_ms: Date.now(), path: request.url ?? '', headers, body })
    if (answer) answer(response, request)
    else response.end()
  })
  return { ...server, received }
}

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end()

async function outbox(options: Partial<WebhooksOptions> = {}) {
  const folder = options.folder ?? join(project().root, 'webhooks')
  const reports: AttemptReport[] = []
  const warnings: string[] = []
  const webhooks = await openWebhooks({
    folder,
    secret: SECRET,
    allowPrivate: true,
    pauses: [20, 20, 20],
    onAttempt: (report) => void reports.push(report),
    onWarning: (error) => void warnings.push(String(error)),
    ...options,
  })
  onTestFinished(() => webhooks.close())
  return { ...webhooks, folder, reports, warnings, ended: () => until('nothing waits', () => webhooks.pending() === 0) }
}

/** Deliveries of a state, as they are on disk. */
function onDisk(folder: string, state: string): Record<string, unknown>[] {
  try {
    return readdirSync(join(folder, state)).map(
      (name) => JSON.parse(readFileSync(join(folder, state, name), 'utf8')) as Record<string, unknown>,
    )
  } catch {
    return []
  }
}

test('a message is signed as Standard Webhooks says, and nothing of it is left', async () => {
  const { origin, received } = await receiver()
  const { send, ended, folder, reports } = await outbox()
  await send({
    id: 'msg_1',
    url: `${origin}/hook?x=1`,
    body: BODY,
    headers: { Authorization: 'Bearer 5', 'Content-Type': 'text/plain', 'Webhook-Id': 'forged' },
  })
  await ended()
  expect(received).toHaveLength(1)
  const { path = '', headers = {}, body = '' } = received[0] ?? {}
  expect(path).toBe('/hook?x=1')
  expect(new Webhook(SECRET).verify(body, headers)).toEqual(EVENT)
  expect(() => new Webhook(OTHER).verify(body, headers)).toThrow()
  expect(() => new Webhook(SECRET).verify(`${body} `, headers)).toThrow()
  expect(headers).toMatchObject({ 'webhook-id': 'msg_1', authorization: 'Bearer 5', 'content-type': 'application/json' })
  expect(onDisk(folder, 'pending')).toEqual([])
  expect(onDisk(folder, 'failed')).toEqual([])
  expect(reports).toEqual([{ id: 'msg_1', origin, attempt: 1, outcome: 'delivered', status: 200 }])
})

test('two secrets sign while one is replaced by the other, and without any there is no signature', async () => {
  const { origin, received } = await receiver()
  const both = await outbox({ secret: `${OTHER} ${SECRET}` })
  await both.send({ id: 'a', url: origin, body: BODY })
  await both.ended()
  for (const secret of [SECRET, OTHER])
    expect(new Webhook(secret).verify(received[0]?.body ?? '', received[0]?.headers ?? {})).toEqual(EVENT)
  const none = await outbox({ secret: undefined })
  await none.send({ id: 'b', url: origin, body: BODY })
  await none.ended()
  expect(received[1]?.headers).toMatchObject({ 'webhook-id': 'b' })
  expect(received[1]?.headers).not.toHaveProperty('webhook-signature')
})

test.each(['hunter2-hunter2-hunter2-hunter2-hunter2', 'whsec_%%%', 'whsec_c2hvcnQ=', `whsec_${Buffer.alloc(65).toString('base64')}`])(
  'the secret %s is refused, and not repeated',
  async (secret) => {
    const failure: unknown = await outbox({ secret }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'INVALID_OPTION' })
    expect(String(failure)).not.toContain(secret)
  },
)

test('only 2xx means that it was taken; every try has the same id, and a signature of its own time', async () => {
  const { origin, received } = await receiver(
    status(500),
    status(302, { location: '/elsewhere' }),
    (response) => response.destroy(),
    status(204),
  )
  const { send, ended, reports } = await outbox()
  await send({ id: 'msg_2', url: origin, body: BODY })
  await ended()
  expect(received.map(({ path, headers }) => [path, headers['webhook-id']])).toEqual(Array.from({ length: 4 }, () => ['/', 'msg_2']))
  for (const { body, headers } of received) expect(new Webhook(SECRET).verify(body, headers)).toEqual(EVENT)
  expect(reports.map(({ outcome, status: code }) => [outcome, code])).toEqual([
    ['retry', 500],
    ['retry', 302],
    ['retry', undefined],
    ['delivered', 204],
  ])
})

test('after the last try a message is kept as failed, with what came of it', async () => {
  const { origin, received } = await receiver(status(503))
  const { send, ended, folder, reports } = await outbox()
  await send({ id: 'msg_3', url: origin, body: BODY })
  await ended()
  expect(received).toHaveLength(4)
  expect(reports.at(-1)).toMatchObject({ attempt: 4, outcome: 'failed', status: 503, error: 'status 503' })
  expect(onDisk(folder, 'failed')).toEqual([
    expect.objectContaining({ id: 'msg_3', url: origin, body: BODY, attempts: 4, last: expect.objectContaining({ status: 503 }) }),
  ])
  expect(onDisk(folder, 'pending')).toEqual([])
})

test('410 ends the tries', async () => {
  const { origin, received } = await receiver(status(410))
  const { send, ended, folder } = await outbox()
  await send({ id: 'msg_4', url: origin, body: BODY })
  await ended()
  expect(received).toHaveLength(1)
  expect(onDisk(folder, 'failed')).toHaveLength(1)
})

test('Retry-After is honoured', async () => {
  const { origin, received } = await receiver(status(429, { 'retry-after': '1' }), status(200))
  const { send, ended } = await outbox()
  await send({ id: 'msg_5', url: origin, body: BODY })
  await ended()
  const [first, second] = received
  expect((second?.at_ms ?? 0) - (first?.at_ms ?? 0)).toBeGreaterThanOrEqual(990)
})

test.each([
  ['120', 120_000],
  ['Sat, 21 Nov 2026 10:00:30 GMT', 30_000],
  ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
  ['soon', undefined],
  [undefined, undefined],
])('Retry-After: %s', (value, expected) => expect(retryAfter(value, Date.UTC(2026, 10, 21, 10, 0, 0))).toBe(expected))

test('a receiver that does not answer is given up in time and tried again', async () => {
  const { origin } = await receiver(() => undefined, status(200))
  const { send, ended, reports } = await outbox({ timeout: 200 })
  await send({ id: 'msg_6', url: origin, body: BODY })
  await ended()
  expect(reports).toMatchObject([{ outcome: 'retry', error: expect.stringContaining('within 200 ms') as string }, { outcome: 'delivered' }])
})

test('private and loopback targets are refused at once, and kept', async () => {
  const { origin, received } = await receiver()
  const { port } = new URL(origin)
  const { send, ended, folder, reports } = await outbox({ allowPrivate: false })
  const hosts = ['127.0.0.1', 'localhost', '0x7f000001', '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254', '10.0.0.1']
  for (const [index, host] of hosts.entries()) await send({ id: `msg_${index}`, url: `http://${host}:${port}/`, body: BODY })
  await ended()
  expect(reports.map(({ outcome, attempt }) => [outcome, attempt])).toEqual(hosts.map(() => ['failed', 1]))
  expect(onDisk(folder, 'failed').map(({ last }) => last)).toEqual(
    hosts.map(() => expect.objectContaining({ error: expect.stringContaining('private network') as string }) as unknown),
  )
  expect(received).toEqual([])
})

test('one slow host holds up neither the others nor itself with too many at a time', async () => {
  let [now, most] = [0, 0]
  const slow = await receiver((response) => {
    most = Math.max(most, ++now)
    setTimeout(() => {
      now--
      response.end()
    }, 30)
  })
  const quick = await receiver()
  const { send, ended } = await outbox({ perHost: 3 })
  for (let index = 0; index < 20; index++) await send({ id: `slow_${index}`, url: slow.origin, body: BODY })
  await send({ id: 'quick', url: quick.origin, body: BODY })
  await until('the quick one has it', () => quick.received.length === 1)
  expect(slow.received.length).toBeLessThan(20)
  await ended()
  expect(slow.received).toHaveLength(20)
  expect(most).toBe(3)
})

test('what waits when the service ends is sent after its next start, once', async () => {
  const { origin, received } = await receiver(status(500), status(200))
  const first = await outbox({ pauses: [300] })
  await first.send({ id: 'msg_7', url: origin, body: BODY })
  await first.send({ id: 'msg_7', url: origin, body: BODY })
  await until('it was tried', () => first.reports.length === 1)
  await first.send({ id: 'msg_7', url: origin, body: '{}' })
  expect(onDisk(first.folder, 'pending')).toMatchObject([{ id: 'msg_7', body: BODY, attempts: 1 }])
  await first.close()
  await expect(first.send({ id: 'msg_8', url: origin, body: BODY })).rejects.toThrow('closed')
  const second = await outbox({ folder: first.folder, pauses: [300] })
  expect(second.pending()).toBe(1)
  await second.ended()
  expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(['msg_7', 'msg_7'])
  expect(second.reports).toMatchObject([{ attempt: 2, outcome: 'delivered' }])
})

test('a file that is no delivery is told of and left alone, and the others are sent', async () => {
  const { origin, received } = await receiver()
  const folder = join(project().root, 'webhooks')
  mkdirSync(join(folder, 'pending'), { recursive: true })
  writeFileSync(join(folder, 'pending/broken.json'), '{ "id": ')
  const { send, ended, warnings } = await outbox({ folder })
  await send({ id: 'msg_9', url: origin, body: BODY })
  await ended()
  expect(received).toHaveLength(1)
  expect(warnings).toEqual([expect.stringMatching(/broken\.json/)])
  expect(readdirSync(join(folder, 'pending'))).toEqual(['broken.json'])
})

test('what is no message is refused', async () => {
  const { send } = await outbox()
  for (const wrong of [{ id: '../x' }, { id: '' }, { url: 'ftp://cdn.example' }, { url: 'nowhere' }])
    await expect(send({ id: 'ok', url: 'http://127.0.0.1', body: BODY, ...wrong })).rejects.toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    )
})

test('the first pause is about five seconds, and no receiver is waited for longer than a day', async () => {
  const { origin } = await receiver(status(500), status(503, { 'retry-after': '999999999' }))
  const { send, reports, folder } = await outbox({ pauses: undefined })
  await send({ id: 'first', url: origin, body: BODY })
  await until('it was tried', () => reports.length === 1)
  await send({ id: 'second', url: origin, body: BODY })
  await until('the other one was tried', () => reports.length === 2)
  const [first = 0, second = 0] = onDisk(folder, 'pending').map(({ next_ms, last }) => Number(next_ms) - (last as { at_ms: number }).at_ms)
  expect(first).toBeGreaterThanOrEqual(4000)
  expect(first).toBeLessThanOrEqual(6100)
  expect(Math.round(second / 3_600_000)).toBe(24)
})

test('a service that ends leaves what is under way for its next start, as if it had not been tried', async () => {
  const { origin, received } = await receiver(() => undefined, status(200))
  const first = await outbox()
  await first.send({ id: 'msg_10', url: origin, body: BODY })
  await until('it is under way', () => received.length === 1)
  await first.close()
  expect(onDisk(first.folder, 'pending')).toMatchObject([{ id: 'msg_10', attempts: 0 }])
  expect([first.reports, first.warnings]).toEqual([[], []])
  const second = await outbox({ folder: first.folder })
  await second.ended()
  expect(second.reports).toMatchObject([{ attempt: 1, outcome: 'delivered' }])
})
