import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openOutbox, type Delivery } from '../../src/service/webhooks/outbox.ts'
import { runCli } from '../support/cli.ts'
import { project } from '../support/project.ts'
import { webServer } from '../support/server.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

beforeEach(() => void vi.stubEnv('IMAGEMILL_WEBHOOK_SECRET', SECRET))
afterEach(() => void vi.unstubAllEnvs())

/** A folder of a service with one message that waits and two that failed, and a receiver that takes only the first of these. */
async function service(...taken: string[]) {
  const received: { id: string | undefined; event: unknown }[] = []
  const { origin } = await webServer(async (request, response) => {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    received.push({ id: headers['webhook-id'], event: new Webhook(SECRET).verify(await text(request), headers) })
    response.writeHead([...taken, '/first?token=1'].includes(request.url ?? '') ? 200 : 500).end()
  })
  const { root } = project()
  const outbox = openOutbox(join(root, 'out/webhooks'))
  const delivery = (id: string, more: Partial<Delivery>): Delivery => ({
    id,
    url: `${origin}/${id}?token=1`,
    headers: {},
    body: JSON.stringify({ job_id: id }),
    created_ms: 1,
    attempts: 10,
    next_ms: Date.UTC(2100, 0, 1),
    last: { at_ms: 1, status: 503, error: 'status 503' },
    ...more,
  })
  await outbox.put('pending', delivery('waits', { attempts: 1 }))
  await outbox.put('failed', delivery('first', {}))
  await outbox.put('failed', delivery('second', {}))
  return { root, origin, outbox, received }
}

test('ls lists what is not delivered, without the path of an address', async () => {
  const { root, origin } = await service()
  const { stdout, code } = await runCli(root, ['webhooks', 'ls', '--out', 'out'])
  expect(code).toBe(0)
  expect(stdout).toBe(
    [
      `pending  waits  ${origin}  1 try, the last: status 503, next 2100-01-01T00:00:00.000Z\n`,
      `failed   first  ${origin}  10 tries, the last: status 503\n`,
      `failed   second  ${origin}  10 tries, the last: status 503\n`,
    ].join(''),
  )
  const json = await runCli(root, ['webhooks', 'ls', '--out', 'out', '--json'])
  const listed = json.stdout.trim().split('\n')
  expect(listed.map((line): unknown => JSON.parse(line))).toMatchObject([
    { state: 'pending', id: 'waits' },
    { id: 'first' },
    { body: '{"job_id":"second"}' },
  ])
})

test('replay delivers what it can under the old ids, and keeps the rest', async () => {
  const { root, outbox, received } = await service()
  const { stdout, code } = await runCli(root, ['webhooks', 'replay', '--out', 'out', '--allow-private-webhooks'])
  expect(stdout).toBe('{"id":"first","delivered":true,"status":200}\n{"id":"second","delivered":false,"status":500,"error":"status 500"}\n')
  expect(code).toBe(1)
  expect(received).toEqual([
    { id: 'first', event: { job_id: 'first' } },
    { id: 'second', event: { job_id: 'second' } },
  ])
  expect(await outbox.ids('failed')).toEqual(['second'])
  expect(await outbox.read('failed', 'second')).toMatchObject({ attempts: 11, last: { status: 500 } })
  expect(await outbox.ids('pending')).toEqual(['waits'])
})

test('replay takes ids, and says when there is none of that name', async () => {
  const { root, received } = await service()
  const known = await runCli(root, ['webhooks', 'replay', 'first', '--out', 'out', '--allow-private-webhooks'])
  expect(known).toMatchObject({ code: 0, stdout: '{"id":"first","delivered":true,"status":200}\n' })
  const unknown = await runCli(root, ['webhooks', 'replay', 'never', '../../x', '--out', 'out'])
  expect(unknown.stdout.split('\n')).toEqual([
    '{"id":"never","delivered":false,"error":"no message that waits or failed has this id"}',
    '{"id":"../../x","delivered":false,"error":"no message that waits or failed has this id"}',
    '',
  ])
  expect(received).toHaveLength(1)
})

test('replay sends a message that waits at once; when it fails the service goes on with it', async () => {
  const { root, outbox, received } = await service('/waits?token=1')
  const before = await outbox.read('pending', 'waits')
  const refused = await runCli(root, ['webhooks', 'replay', 'waits', '--out', 'out'])
  expect([refused.code, await outbox.read('pending', 'waits')]).toEqual([1, before])
  const taken = await runCli(root, ['webhooks', 'replay', 'waits', '--out', 'out', '--allow-private-webhooks'])
  expect(taken).toMatchObject({ code: 0, stdout: '{"id":"waits","delivered":true,"status":200}\n' })
  expect(received.map(({ id }) => id)).toEqual(['waits'])
  expect([await outbox.ids('pending'), await outbox.ids('failed')]).toEqual([[], ['first', 'second']])
})

test('the folder and what is allowed are found where the service finds them', async () => {
  const { root, outbox } = await service()
  vi.stubEnv('IMAGEMILL_OUT', 'out')
  vi.stubEnv('IMAGEMILL_ALLOW_PRIVATE_WEBHOOKS', 'true')
  expect((await runCli(root, ['webhooks', 'ls'])).stdout).toMatch(/^pending {2}waits/)
  expect((await runCli(root, ['webhooks', 'replay', 'first'])).code).toBe(0)
  vi.unstubAllEnvs()
  writeFileSync(join(root, 'mine.json'), JSON.stringify({ out: 'out', port: 1, 'allow-private-webhooks': true }))
  vi.stubEnv('IMAGEMILL_WEBHOOK_SECRET', SECRET)
  expect((await runCli(root, ['webhooks', 'replay', 'second', '--config', 'mine.json'])).stdout).toContain('"status":500')
  expect(await outbox.ids('failed')).toEqual(['second'])
  const { code, stdout, stderr } = await runCli(root, ['webhooks', 'ls', '--out', 'elsewhere'])
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('elsewhere is not the folder of a service: name it with --out, IMAGEMILL_OUT')
})

test('replay refuses private addresses unless they are allowed', async () => {
  const { root, received } = await service()
  const { stdout, code } = await runCli(root, ['webhooks', 'replay', 'first', '--out', 'out'])
  expect(code).toBe(1)
  expect(stdout).toMatch(/"error":"127\.0\.0\.1 is an address of this machine/)
  expect(received).toEqual([])
})

test.each([[[]], [['rm']], [['ls', 'x']], [['ls', '--timeout', '5']], [['replay', '--json']], [['replay', '--timeout', 'long']]])(
  'webhooks %j is wrong usage',
  async (args) => {
    const { root } = project()
    const { code, stderr } = await runCli(root, ['webhooks', ...args])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('imagemill webhooks --help') as string })
  },
)

test('a wrong secret is told and not shown', async () => {
  const { root } = await service()
  vi.stubEnv('IMAGEMILL_WEBHOOK_SECRET', 'hunter2')
  const { code, stderr } = await runCli(root, ['webhooks', 'replay', '--out', 'out'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/INVALID_OPTION/)
  expect(stderr).not.toContain('hunter2')
})
