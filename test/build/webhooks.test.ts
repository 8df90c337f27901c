import { text } from 'node:stream/consumers'
import type { ImagemillOptions } from 'imagemill'
import { Webhook } from 'standardwebhooks'
import { createLogger } from 'vite'
import { expect, test } from 'vitest'
import { webhookEventSchema } from '../../src/contract/lifecycle.ts'
import { webhookOf } from '../../src/plugin/webhook-options.ts'
import { buildVite } from '../support/build.ts'
import { until } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { webServer } from '../support/server.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

/** What a build posts to a receiver that answers by `status`, and what it warns of. */
async function told(webhooks: Partial<ImagemillOptions['webhooks']>, { image = 'w=50;60&format=webp', status = 204 } = {}) {
  const { root } = project({
    'main.js': `import a from './tree.jpg?${image}'\nglobalThis.answer = a`,
    'tree.jpg': await jpeg(200, 100),
    'index.html': '<script type="module" src="main.js"></script>',
  })
  const events: Record<string, unknown>[] = []
  const ids = new Set<unknown>()
  const { origin } = await webServer(async (request, response) => {
    const body = await text(request)
    new Webhook(secret).verify(body, Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])))
    ids.add(request.headers['webhook-id'])
    events.push(webhookEventSchema.parse(JSON.parse(body)))
    response.writeHead(status).end()
  })
  const warnings: string[] = []
  const customLogger = { ...createLogger('silent'), warn: (message: string) => void warnings.push(message) }
  const options: ImagemillOptions = { logLevel: 'warn', webhooks: { url: `${origin}/hook`, secret, allowPrivate: true, ...webhooks } }
  const built = await buildVite(root, { options, config: { customLogger } }).then(
    () => undefined,
    (error: unknown) => error,
  )
  return { events, ids, warnings, built }
}

test('the end of a build is posted once, signed', async () => {
  const { events, built } = await told({})
  await until('it is told', () => events.length > 0)
  expect(built).toBeUndefined()
  expect(events).toEqual([
    {
      job_id: expect.stringMatching(/^build_/),
      name: 'client',
      status: 'completed',
      outputs: 2,
      cached: 0,
      result_size_bytes: expect.any(Number),
      timestamp: expect.any(Number),
    },
  ])
  expect(events[0]?.['result_size_bytes']).toBeGreaterThan(100)
})

test('a build that fails says why, once', async () => {
  const { events, built } = await told({}, { image: 'width=50' })
  await until('it is told', () => events.length > 0)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(String(built)).toContain('width')
  expect(events).toEqual([expect.objectContaining({ status: 'failed', error: expect.stringContaining('width') })])
})

test('with `on: "job"` every output is told', async () => {
  const { events } = await told({ on: 'job' })
  await until('both are told', () => events.length === 2)
  expect(events).toEqual([1, 2].map(() => expect.objectContaining({ status: 'completed', result_mime_type: 'image/webp', cached: false })))
})

test('a message that is not taken is tried again by the same id, and is a warning; the build is fine', async () => {
  const { events, ids, warnings, built } = await told({}, { status: 500 })
  expect(built).toBeUndefined()
  await until('it is given up', () => warnings.length > 0, 15_000)
  expect(warnings.join('\n')).toMatch(/webhook: http:\/\/127\.0\.0\.1:\d+ has not taken a message after 3 tries: status 500/)
  expect([events.length, ids.size]).toEqual([3, 1])
})

test('addresses of this machine are refused unless they are allowed, at once', async () => {
  const { events, warnings } = await told({ allowPrivate: false })
  await until('it is refused', () => warnings.length > 0)
  expect(warnings.join('\n')).toContain('after 1 try')
  expect(warnings.join('\n')).toContain('`webhooks.allowPrivate`')
  expect(events).toEqual([])
})

test('what is wrong in the option is refused, and the secret may be in the environment', () => {
  expect(() => webhookOf({ url: 'ftp://example.com' })).toThrow('webhooks.url')
  expect(() => webhookOf({ url: 'https://example.com', on: 'jobs' })).toThrow("'build' or 'job'")
  expect(() => webhookOf({ url: 'https://example.com', secrets: 'a' })).toThrow('secret')
  expect(webhookOf({ url: 'https://example.com' }, { IMAGEMILL_WEBHOOK_SECRET: secret })).toMatchObject({ secret, on: 'build' })
})
