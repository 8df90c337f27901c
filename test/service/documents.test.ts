import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isRecord } from '../../src/hash.ts'
import { readFileSync } from 'node:fs'
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

test('the OpenAPI document names every route that is there, and its schemas are those of the package', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(20, 20) })
  const service = await startService(root, ['--dir', 'photos'])
  const document = (await (await service.request('/openapi.json')).json()) as {
    openapi: string
    paths: Record<string, Record<string, { operationId: string }>>
    components: { schemas: Record<string, object> }
  }
  expect(document.openapi).toBe('3.1.0')
  const names = Object.keys(document.components.schemas)
  for (const ref of refsIn(document).filter((text) => text.startsWith('#/components')))
    expect(names).toContain(ref.replace('#/components/schemas/', ''))
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
