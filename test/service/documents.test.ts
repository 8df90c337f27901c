import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isRecord } from '../../src/hash.ts'
import { pipelineOf } from '../../src/plugin/open.ts'
import { resolveOptions } from '../../src/plugin/options.ts'
import { openApi } from '../../src/service/openapi.ts'
import { openService } from '../../src/service/service.ts'
import { storeRoutes } from '../../src/service/store-routes.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { startService } from '../support/service.ts'
import { withoutMachines } from '../../src/service/between-machines.ts'
import { reasonOf } from '../../src/service/documents.ts'

function refsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(refsIn)
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' && typeof inner === 'string' ? [inner] : refsIn(inner)))
}

/** What a reference of a document leads to. */
function at(document: unknown, ref: string): unknown {
  const keys = ref.replace(/^#\/?/, '').split('/').filter(Boolean)
  return keys.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), document)
}

test('the OpenAPI document has the routes of the app and no others, with what is in their paths', async () => {
  const { root } = project()
  const pipeline = pipelineOf(resolveOptions({}), join(root, 'cache'), { warn: () => undefined })
  const service = await openService({
    pipeline,
    dir: undefined,
    out: join(root, 'out'),
    cache: join(root, 'cache'),
    lanes: 1,
    encoders: 1,
    queueLimit: 1,
    attempts: 1,
    limits: { json: 1, upload: 1 },
    webhooks: { secret: undefined, allowPrivate: false },
    allowsSource: () => false,
    store: storeRoutes({ folder: join(root, 'share') }),
    pollLimit: 1,
    resultLifetime: 1e6,
    resultsSize: 1e6,
    keys: [],
    hosts: [],
    origins: [],
    version: '1',
    origin: () => 'http://127.0.0.1',
    log: () => undefined,
  })
  const { paths } = openApi({ version: '1', url: 'http://127.0.0.1', hasKey: true, isStore: true }) as {
    paths: Record<string, Record<string, { parameters?: { name: string; in: string }[] }>>
  }
  const routes = service.app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${shapeOf(path)}`)
  const documented = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => `${method.toUpperCase()} ${shapeOf(path)}`),
  )
  expect([...new Set(documented)].sort()).toEqual([...new Set(routes)].sort())
  for (const [path, item] of Object.entries(paths))
    for (const operation of METHODS.flatMap((method) => item[method] ?? [])) {
      const shared = item['parameters'] as unknown as { name: string; in: string }[] | undefined
      const inPath = [...(operation.parameters ?? []), ...(shared ?? [])].filter((parameter) => parameter.in === 'path')
      expect([path, inPath.map(({ name }) => `{${name}}`)]).toEqual([path, path.match(/\{\w+\}/g) ?? []])
    }
  await service.close(0)
  await pipeline.close()
})

const METHODS = ['get', 'put', 'post', 'delete']

/** A path without the names of what is in it. */
function shapeOf(path: string): string {
  return path.replaceAll(/:\w+(?:\{(?:[^{}]|\{\d+\})*\})?|\{\w+\}(?:\.json)?/g, '*')
}

test('the OpenAPI document names every route that is there, and its schemas are those of the package', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(20, 20) })
  const service = await startService(root, ['--dir', 'photos'])
  const document = (await (await service.request('/openapi.json')).json()) as {
    openapi: string
    paths: Record<string, Record<string, { operationId: string }>>
    components: { schemas: Record<string, object> }
  }
  expect(document.openapi).toBe('3.1.0')
  for (const ref of refsIn(document)) expect([ref, at(document, ref)]).toEqual([ref, expect.any(Object)])
  const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId))
  expect(new Set(ids).size).toBe(ids.length)
  for (const [path, methods] of Object.entries(document.paths)) {
    const address = path.replace('{job_id}', 'job_000000000000000000000000').replace('{name}.json', 'nothing.json').replace('{name}', 'x')
    for (const method of Object.keys(methods)) {
      const answer = await service.request(address, { method: method.toUpperCase() })
      const text = await answer.text()
      // What is not there is told by its own name.
      expect([method, path, text.includes('There is nothing at this address')]).toEqual([method, path, false])
      if (answer.status === 429) await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
  const schema = await (await service.request('/webhooks/event-schema')).json()
  expect(schema).toEqual(JSON.parse(readFileSync(join(import.meta.dirname, '../../dist/schemas/webhook-event.json'), 'utf8')))
  expect((await service.request('/schemas/job-status-response.json')).status).toBe(200)
  expect(JSON.stringify(document)).not.toMatch(/starts_with|"content":\{"[^"]*":\{\}/)
  expect(Object.keys(document.paths)).not.toContain('/cas/{digest}')
})

test('a method that an address does not know is told, with those that it does', async () => {
  const { root } = project()
  const service = await startService(root)
  const ask = async (method: string, path: string): Promise<unknown> => {
    const answer = await service.request(path, { method })
    const { code } = (await answer.json()) as { code: string }
    return [answer.status, code, answer.headers.get('allow')]
  }
  expect(await ask('GET', '/v1/resize')).toEqual([405, 'METHOD_NOT_ALLOWED', 'POST'])
  expect(await ask('POST', '/healthz')).toEqual([405, 'METHOD_NOT_ALLOWED', 'GET, HEAD'])
  expect(await ask('PUT', '/v1/jobs/job_000000000000000000000000')).toEqual([405, 'METHOD_NOT_ALLOWED', 'GET, HEAD, DELETE'])
  expect(await ask('DELETE', '/nothing')).toEqual([404, 'NOT_FOUND', null])
})

test('what is wrong between machines is told without their addresses, as something that may pass', () => {
  const failed = { success: false, operation: 'resize', elapsed_ms: 1, hint: 'Check that it runs', retryable: false } as const
  const told = (['QUEUE_UNREACHABLE', 'QUEUE_FORGETFUL', 'PACKAGE_MISSING', 'STORE_UNREACHABLE', 'STORE_REFUSED'] as const).map((code) =>
    withoutMachines({ ...failed, code, error: 'The Redis at queue.internal:6379 cannot be used' }),
  )
  for (const record of told) {
    expect(record).toMatchObject({ success: false, retryable: true })
    expect(JSON.stringify(record)).not.toMatch(/internal:|Check/)
  }
  expect(told.map(reasonOf)).toEqual(['INTERNAL_ERROR', 'INTERNAL_ERROR', 'INTERNAL_ERROR', 'STORAGE_ERROR', 'STORAGE_ERROR'])
  const own = { ...failed, code: 'SOURCE_CORRUPT', error: 'The image is damaged' } as const
  expect([withoutMachines(own), reasonOf(own)]).toEqual([own, 'INPUT_INVALID'])
})
