import { expect, test } from 'vitest'
import { runCli, runOne, success } from '../support/cli.ts'
import { withProgram } from '../support/installed.ts'
import { jpeg } from '../support/images.ts'
import { workersOf } from '../support/processes.ts'
import { project } from '../support/project.ts'
import { startRedis, startWorker } from '../support/redis.ts'
import { bytesAt, startService } from '../support/service.ts'
import { freePort, startStore } from '../support/store-server.ts'

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

  test('a service refuses a Redis that would lose jobs, unless it is allowed, and one that it cannot reach', async () => {
    const { root } = project({ 'photos/tree.jpg': await jpeg(30, 20) })
    const [redis, store] = await Promise.all([startRedis(program, ['--maxmemory-policy', 'allkeys-lru']), startStore()])
    const args = (url: string): string[] => ['serve', '--port', '0', '--dir', 'photos', '--store', store.url, '--redis', url]
    const forgetful = await runCli(root, args(redis.url))
    expect([forgetful.code, forgetful.stdout, forgetful.stderr]).toEqual([
      1,
      '',
      expect.stringMatching(/QUEUE_FORGETFUL.*missing is `appendonly yes` and `maxmemory-policy noeviction`.*--allow-forgetful/),
    ])
    const since = performance.now()
    const away = await runCli(root, args(`redis://user:sesame@127.0.0.1:${await freePort()}`))
    expect([away.code, away.stdout, away.stderr]).toEqual([1, '', expect.stringContaining('[QUEUE_UNREACHABLE] the Redis at 127.0.0.1')])
    expect(away.stderr).not.toContain('sesame')
    // Generous: a process has to start, too.
    expect(performance.now() - since).toBeLessThan(8000)
    const worker = await startWorker(redis.url, store.url, ['--allow-forgetful'])
    const service = await startService(root, args(redis.url).slice(3).concat('--allow-forgetful'))
    await service.completed(await service.submit('resize', { input: 'tree.jpg', widths: [10] }))
    worker.child.kill('SIGTERM')
    expect((await worker.ended).stdout).toContain('"made":1')
  })
})
