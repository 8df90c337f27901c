import type { BuildJob } from 'imagemill'
import { createLogger } from 'vite'
import { expect, test } from 'vitest'
import { jobStatusResponseSchema } from '../../src/contract/lifecycle.ts'
import { buildVite } from '../support/build.ts'
import { addresses, startDev } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'

test('the dev server shows its jobs by the routes of the service, and tells `onJob` of them', async () => {
  const { root } = project({ 'tree.jpg': await jpeg(200, 100), 'index.html': '<p></p>' })
  const told: BuildJob[] = []
  const dev = await startDev(root, { options: { onJob: (job) => told.push(job) } })
  const jobs = async (): Promise<Record<string, unknown>[]> =>
    (JSON.parse((await dev.get('/__imagemill/api/v1/jobs')).text) as { jobs: Record<string, unknown>[] }).jobs
  const module = await dev.module('/tree.jpg?import&w=50&format=webp')
  expect(await jobs()).toEqual([])
  const [address = ''] = addresses(module)
  const image = await dev.get(address)
  const [job] = await jobs()
  expect(job).toMatchObject({ name: expect.stringContaining('tree'), operation: 'resize', status: 'completed', progress: 100 })
  const id = String(job?.['job_id'])
  const listened = await dev.get(`/__imagemill/api/listen/${id}`)
  const status = jobStatusResponseSchema.parse(JSON.parse(listened.text))
  expect(status).toMatchObject({ status: 'completed', result_url: dev.origin + address, result_size_bytes: image.body.length })
  expect((await dev.get(`/__imagemill/api/v1/resize/status/${id}`)).status).toBe(200)
  expect((await dev.get('/__imagemill/api/healthz')).status).toBe(200)
  expect((await dev.get(`/__imagemill/api/v1/jobs/${id}`, { method: 'DELETE' })).status).toBe(405)
  expect((await dev.get('/__imagemill/api/v1/resize', { method: 'POST' })).status).toBe(404)
  expect((await dev.get('/__imagemill/api/v1/jobs', { headers: { Host: 'evil.example' } })).status).toBe(403)
  expect((await dev.get('/__imagemill/apis')).text).not.toContain('NOT_FOUND')

  // What was made before is no job.
  await dev.get(address)
  expect(told.map(({ status }) => status)).toEqual(['processing', 'completed'])
  expect(told[1]).toMatchObject({
    job_id: id,
    cached: false,
    record: { success: true, outputs: [{ width: 50, height: 25, format: 'webp' }] },
  })
})

test('`onJob` hears of what a build makes; what it throws is a warning', async () => {
  const { root } = project({
    'main.js': "import a from './tree.jpg?w=50;60&format=webp'\nglobalThis.answer = a",
    'tree.jpg': await jpeg(200, 100),
    'index.html': '<script type="module" src="main.js"></script>',
  })
  const told: BuildJob[] = []
  const onJob = (job: BuildJob): void => {
    told.push(job)
    throw new Error('this is no reason to stop')
  }
  const warnings: string[] = []
  const customLogger = { ...createLogger('silent'), warn: (message: string) => void warnings.push(message) }
  await buildVite(root, { options: { onJob, logLevel: 'warn' }, config: { customLogger } })
  expect(warnings.join('\n')).toContain('`onJob` failed: this is no reason to stop')
  const ended = told.filter(({ status }) => status === 'completed')
  expect(ended.map(({ record }) => record?.success && record.outputs[0]?.width).sort()).toEqual([50, 60])
})
