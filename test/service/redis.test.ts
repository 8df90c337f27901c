import { expect, test } from 'vitest'
import { runOne, success } from '../support/cli.ts'
import { withProgram } from '../support/installed.ts'
import { jpeg } from '../support/images.ts'
import { workersOf } from '../support/processes.ts'
import { project } from '../support/project.ts'
import { startRedis, startWorker } from '../support/redis.ts'
import { bytesAt, startService } from '../support/service.ts'
import { startStore } from '../support/store-server.ts'

withProgram('redis-server', 'redis-server', (program) => {
  test('with --redis the same routes answer the same bytes, which workers elsewhere have made', async () => {
    const { root } = project({ 'photos/tree.jpg': await jpeg(300, 200) })
    const [redis, store] = await Promise.all([startRedis(program), startStore()])
    const worker = await startWorker(redis.url, store.url)
    const service = await startService(root, ['--dir', 'photos', '--store', store.url, '--redis', redis.url])
    const job = { widths: [60, 120], format: 'webp' }
    const id = await service.submit('resize', { input: 'tree.jpg', ...job })
    const { result } = await service.completed(id)
    expect(workersOf(service.child.pid)).toEqual([])
    const record = success(await runOne(root, { operation: 'resize', input: 'photos/tree.jpg', output_dir: 'out', ...job }))
    expect(result?.success && (await Promise.all(result.outputs.map(async ({ path }) => (await bytesAt(path)).length)))).toEqual(
      record.outputs.map(({ size_bytes }) => size_bytes),
    )
    worker.child.kill('SIGTERM')
    const done = (await worker.ended).stdout
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    expect(done).toEqual([expect.objectContaining({ type: 'encode', made: 2, failed: 0 })])
  })
})
