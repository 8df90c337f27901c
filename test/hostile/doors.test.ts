import { describe, expect, test } from 'vitest'
import { VITES, type ViteName } from '../support/build.ts'
import { startDev } from '../support/dev.ts'
import { send } from '../support/http.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { startService } from '../support/service.ts'

const versions: ViteName[] = Object.keys(VITES).filter((name): name is ViteName => name in VITES)

/** Names by which a page of someone else can have a browser ask a server of this machine. */
const STRANGE_HOSTS = [
  'evil.example',
  'evil.example:80',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'evil-localhost',
  'localhost@evil.example',
  '10.0.0.9.nip.io',
  '[::ffff:1.2.3.4]',
  'evil.example#localhost',
]

const STRANGE_ORIGINS = [
  'https://evil.example',
  'http://localhost.evil.example',
  'http://evil.example:5173',
  'null',
  'file://',
  'http://127.0.0.1.evil.example',
]

const ROUTES = [
  '/v1/jobs',
  '/v1/jobs/job_000000000000000000000000',
  '/v1/resize/status/job_000000000000000000000000',
  '/listen/job_000000000000000000000000',
  '/openapi.json',
  '/metrics',
  '/healthz',
  '/webhooks/event-schema',
  '/schemas/job-result.json',
  '/results/x/y',
  '/job/x',
]

const POSTS = ['/v1/resize', '/v1/convert', '/v1/exif', '/v1/batch', '/job', '/v1/jobs']

describe('the service', () => {
  test('is not known by a name that leads here by chance, on any route', async () => {
    const { root } = project({ 'photos/a.jpg': await jpeg(20, 20) })
    const { url, log } = await startService(root, ['--dir', 'photos'])
    for (const Host of STRANGE_HOSTS)
      for (const [method, path] of [...ROUTES.map((route) => ['GET', route]), ...POSTS.map((route) => ['POST', route])] as const) {
        const { status, text } = await send(url, path, { method, headers: { Host } })
        expect({ Host, path, status, told: text.includes(root) }).toEqual({ Host, path, status: expect.toBeOneOf([400, 403]), told: false })
      }
    expect(log.filter(({ message }) => message === 'job completed')).toEqual([])
  })

  test('does nothing for a page of another origin, and lets none read an answer', async () => {
    const { root } = project({ 'photos/a.jpg': await jpeg(20, 20) })
    const { url } = await startService(root, ['--dir', 'photos', '--cors', 'https://mine.example'])
    for (const Origin of STRANGE_ORIGINS) {
      for (const method of ['POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'])
        for (const path of POSTS) {
          const { status, headers } = await send(url, path, { method, headers: { Origin, 'Access-Control-Request-Method': 'POST' } })
          expect({ Origin, method, path, status, cors: headers['access-control-allow-origin'] }).toEqual({
            Origin,
            method,
            path,
            status: 403,
            cors: undefined,
          })
        }
      for (const path of ROUTES) {
        const { headers } = await send(url, path, { headers: { Origin } })
        expect({ path, cors: headers['access-control-allow-origin'] }).toEqual({ path, cors: undefined })
      }
    }
    const { headers } = await send(url, '/healthz', { headers: { Origin: 'https://mine.example' } })
    expect(headers['access-control-allow-origin']).toBe('https://mine.example')
  })

  test('with a key does nothing and tells nothing without it', async () => {
    const { root } = project({ 'photos/a.jpg': await jpeg(20, 20) })
    const { url } = await startService(root, ['--dir', 'photos'], { IMAGEMILL_API_KEY: 'right' })
    const open = new Set(['/openapi.json', '/healthz', '/webhooks/event-schema', '/schemas/job-result.json', '/results/x/y'])
    const guarded = [
      ...ROUTES.filter((path) => !open.has(path)).map((path) => ['GET', path]),
      ...POSTS.map((path) => ['POST', path]),
    ] as const
    for (const headers of [
      {},
      { 'X-API-Key': '' },
      { 'X-API-Key': 'wrong' },
      { 'X-API-Key': 'right,wrong' },
      { Authorization: 'Bearer right' },
      { Cookie: 'X-API-Key=right' },
    ] as Record<string, string>[])
      for (const [method, path] of guarded)
        expect({ path, headers, status: (await send(url, path, { method, headers })).status }).toEqual({ path, headers, status: 401 })
    expect((await send(url, '/v1/jobs', { headers: { 'X-API-Key': 'right' } })).status).toBe(200)
    expect((await send(url, '/v1/jobs?X-API-Key=right')).status).toBe(401)
  })
})

describe.each(versions)('the dev server of %s', (version) => {
  test('shows its jobs to nobody who comes by another name, and lets nobody change one', async () => {
    const { root } = project({ 'a.jpg': await jpeg(20, 20) })
    const { get, origin } = await startDev(root, { version })
    await get('/a.jpg?import&w=9&format=webp')
    // To Vite an address is a good name: no name can be made to lead to it.
    for (const Host of STRANGE_HOSTS.filter((name) => !name.startsWith('[')))
      for (const path of ROUTES) {
        const { status, text } = await get(`/__imagemill/api${path}`, { headers: { Host } })
        expect({ Host, path, status, told: text.includes(root) }).toEqual({ Host, path, status: expect.toBeOneOf([400, 403]), told: false })
      }
    for (const Origin of [...STRANGE_ORIGINS, undefined])
      for (const path of [...POSTS, '/v1/jobs/job_000000000000000000000000'])
        for (const method of ['POST', 'DELETE', 'PUT']) {
          const { status, headers, text } = await send(origin, `/__imagemill/api${path}`, {
            method,
            headers: Origin === undefined ? {} : { Origin },
          })
          expect({
            Origin,
            method,
            path,
            status,
            cors: headers['access-control-allow-origin'] === Origin && Origin !== undefined,
            told: text.includes(root),
          }).toEqual({
            Origin,
            method,
            path,
            status: expect.toBeOneOf([403, 404, 405]),
            cors: false,
            told: false,
          })
        }
    for (const path of ROUTES) expect((await get(`/__imagemill/api${path}`)).text).not.toContain(root)
  })
})
