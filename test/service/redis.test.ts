import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import { expect, test } from 'vitest'
import { storeRoutes } from '../../src/service/store-routes.ts'
import { runCli, runOne, success } from '../support/cli.ts'
import { withProgram } from '../support/installed.ts'
import { jpeg } from '../support/images.ts'
import { isRunning, until, workersOf } from '../support/processes.ts'
import { project } from '../support/project.ts'
import { startRedis, startWorker } from '../support/redis.ts'
import { bytesAt, startService, type ServiceProcess } from '../support/service.ts'
import { freePort, startServer, startStore } from '../support/store-server.ts'

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

  test('a service looks for workers again: for one that comes late, and for a Redis and a store that were away', async () => {
    const { root } = project({ 'photos/tree.jpg': await jpeg(300, 200) })
    const [redis, store] = await Promise.all([startRedis(program), startQuitter()])
    const service = await startService(root, ['--dir', 'photos', '--store', store.url, '--redis', redis.url])
    let width = 10
    const make = async (): Promise<void> =>
      void (await service.completed(await service.submit('resize', { input: 'tree.jpg', widths: [width++] })))
    const ready = async (): Promise<[number, unknown]> => {
      const response = await service.request('/readyz')
      return [response.status, await response.json()]
    }
    const untilReady = async (expected: [number, unknown]): Promise<void> => {
      for (let seen = await ready(); JSON.stringify(seen) !== JSON.stringify(expected); seen = await ready()) await sleep(100)
    }
    await make()
    expect(await ready()).toEqual([200, { status: 'ok', workers: 0 }])
    expect(await (await service.request('/metrics')).text()).toContain('\nimagemill_workers 0\n')

    const worker = await startWorker(redis.url, store.url)
    let done = ''
    worker.child.stdout?.on('data', (text: Buffer | string) => (done += text.toString()))
    const isThere = async (): Promise<void> => {
      const before = done.length
      await make()
      await until('the worker has told of it', () => done.length > before)
    }
    await untilReady([200, { status: 'ok', workers: 1 }])
    expect(await (await service.request('/metrics')).text()).toContain('\nimagemill_workers 1\n')
    await isThere()

    await redis.kill()
    await untilReady([503, { status: 'unavailable', reason: 'the queue of other machines cannot be used' }])
    await Promise.all([make(), make(), make()])
    // Until the connection is given up.
    await until('it is told', () =>
      messages(service).some((message) => message.includes('QUEUE_UNREACHABLE') && !message.includes('no worker')),
    )
    await make()
    await sleep(10_000)
    await make()
    await redis.restart()
    await untilReady([200, { status: 'ok', workers: 1 }])
    await isThere()

    store.isAway = true
    await Promise.all([make(), make(), make()])
    await make()
    store.isAway = false
    await until('the store is used again', () =>
      messages(service).some((message) => message.includes('the shared store') && message.includes('again')),
    )
    await isThere()
    expect(messages(service)).toEqual([
      expect.stringContaining('[QUEUE_UNREACHABLE] no worker is at the Redis'),
      expect.stringContaining('work goes to the workers at the Redis at 127.0.0.1'),
      expect.stringContaining('[QUEUE_UNREACHABLE]'),
      expect.stringContaining('work goes to the workers at the Redis at 127.0.0.1'),
      expect.stringContaining('[STORE_UNREACHABLE]'),
      expect.stringContaining('is used again'),
    ])
  })

  test('a job that is cancelled is stopped at the worker that does it', async () => {
    const { root } = project({ 'photos/tree.jpg': await jpeg(500, 300) })
    const [redis, store] = await Promise.all([startRedis(program), startStore()])
    const worker = await startWorker(redis.url, store.url)
    const service = await startService(root, ['--dir', 'photos', '--store', store.url, '--redis', redis.url])
    const slow = { input: 'tree.jpg', scale_percent: 800, format: 'avif', effort: 9, lossless: true }
    const [id, twin] = [await service.submit('resize', slow), await service.submit('resize', slow)]
    await until('work has begun', () => workersOf(worker.child.pid).length > 0)
    await sleep(500)
    const pids = workersOf(worker.child.pid)
    expect(await (await service.request(`/v1/jobs/${id}`, { method: 'DELETE' })).json()).toMatchObject({ job_id: id, status: 'cancelled' })
    await sleep(500)
    // Someone else wants the same: it goes on.
    expect(pids.every(isRunning)).toBe(true)
    await service.request(`/v1/jobs/${twin}`, { method: 'DELETE' })
    await until('its process is gone', () => !pids.some(isRunning))
    await service.completed(await service.submit('resize', { input: 'tree.jpg', widths: [10] }))
    expect(workersOf(service.child.pid)).toEqual([])
  })

  test('a Redis that stops answering is noticed, and the job that was given to it is done', async () => {
    const { root } = project({ 'photos/tree.jpg': await jpeg(300, 200) })
    const [redis, store] = await Promise.all([startRedis(program), startStore()])
    await startWorker(redis.url, store.url)
    const service = await startService(root, ['--dir', 'photos', '--store', store.url, '--redis', redis.url])
    const make = async (width: number): Promise<unknown> =>
      service.completed(await service.submit('resize', { input: 'tree.jpg', widths: [width] }))
    await make(10)
    redis.child.kill('SIGSTOP')
    await make(11)
    expect((await service.request('/readyz')).status).toBe(503)
    redis.child.kill('SIGCONT')
    for (let status = 503; status !== 200; status = (await service.request('/readyz')).status) await sleep(100)
    await make(12)
  })

  test('a Redis that forgets since it was started anew is not used, and no job fails by it', async () => {
    const { root } = project({ 'photos/tree.jpg': await jpeg(300, 200) })
    const [redis, store] = await Promise.all([startRedis(program, []), startStore()])
    await redis.client().config('SET', 'appendonly', 'yes')
    const service = await startService(root, ['--dir', 'photos', '--store', store.url, '--redis', redis.url])
    await redis.kill()
    await redis.restart()
    await until('it is told', () => messages(service).some((message) => message.includes('QUEUE_FORGETFUL')))
    await service.completed(await service.submit('resize', { input: 'tree.jpg', widths: [10] }))
  })
})

/** What the log of a service says of other machines. */
function messages({ log }: ServiceProcess): string[] {
  return log.map(({ message }) => String(message)).filter((message) => /Redis|shared store/.test(message))
}

/** A store that hangs up on everyone while it is away. */
async function startQuitter(): Promise<{ url: string; isAway: boolean }> {
  const { fetch } = storeRoutes({ folder: join(project().root, 'store'), write: true })
  const answer = getRequestListener(fetch, { overrideGlobalObjects: false })
  const { url } = await startServer((request, response) => (store.isAway ? request.socket.destroy() : void answer(request, response)))
  const store = { url, isAway: false }
  return store
}
