import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { jpeg } from '../support/images.ts'
import { until, workersOf } from '../support/processes.ts'
import { project } from '../support/project.ts'
import { startService } from '../support/service.ts'

test('a failure that may not last is tried again before it is told', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(500, 300) })
  const service = await startService(root, ['--dir', 'photos', '--timeout', '200', '--attempts', '2'])
  const slow = { input: 'tree.jpg', scale_percent: 800, format: 'avif', effort: 9, lossless: true }
  const id = await service.submit('resize', slow)
  expect(await service.end(id)).toMatchObject({ status: 'failed', failure_reason_code: 'TIMEOUT', retryable: true })
  expect(await service.end(await service.submit('convert', { input: 'missing.jpg', format: 'png' }))).toMatchObject({ retryable: false })
  await service.stop()
  const attempts = service.log.filter(({ message }) => message === 'job failed').map((line) => line['attempts'])
  expect(attempts).toEqual([2, 1])
})

test('a job whose worker is killed is done all the same', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(900, 600) })
  const service = await startService(root, ['--dir', 'photos', '--concurrency', '1'])
  const ids = await Promise.all(
    [500, 600, 700].map((width) => service.submit('resize', { input: 'tree.jpg', widths: [width], format: 'avif' })),
  )
  await until('work has begun', () => workersOf(service.child.pid).length > 0)
  for (const pid of workersOf(service.child.pid)) process.kill(pid, 'SIGKILL')
  for (const id of ids) await service.completed(id)
})

test('a folder belongs to one service at a time, and to the next one after a kill', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(60, 40) })
  const service = await startService(root, ['--dir', 'photos'])
  const { code, stderr } = await runCli(root, ['serve', '--dir', 'photos', '--port', '0'])
  expect([code, stderr]).toEqual([1, expect.stringContaining(`used by another process (${service.child.pid})`)])
  await service.stop('SIGKILL')
  const next = await startService(root, ['--dir', 'photos'])
  expect((await next.request('/readyz')).status).toBe(200)
})
