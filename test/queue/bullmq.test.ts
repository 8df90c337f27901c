import { spawn, type ChildProcess } from 'node:child_process'
import { cpSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Queue } from '../../dist/queue/queue.js'
import type { Source } from '../../src/types.ts'
import { buildVite, digestsOf, filesOf } from '../support/build.ts'
import { runCli, startCli, type CliProcess } from '../support/cli.ts'
import { addresses, startDev } from '../support/dev.ts'
import { inProcess } from '../support/engine.ts'
import { gallery } from '../support/gallery.ts'
import { jpeg } from '../support/images.ts'
import { withProgram } from '../support/installed.ts'
import { SLOW, outputOf, sourceOf } from '../support/jobs.ts'
import { isRunning, startBuild, until, workersOf } from '../support/processes.ts'
import { project } from '../support/project.ts'
import { bullmq, said, startRedis, startWorker, type RedisServer } from '../support/redis.ts'
import { freePort, startStore } from '../support/store-server.ts'

const CLI = join(import.meta.dirname, '../../dist/cli.js')

async function sources(count: number): Promise<{ folder: string; list: Source[] }> {
  const { root, write } = project()
  const files = Array.from({ length: count }, async (_, seed) => sourceOf(write(`${seed}.jpg`, await jpeg(90, 60, seed + 1))))
  return { folder: join(root, 'cache'), list: await Promise.all(files) }
}

/** Digests of one image of each source as a queue makes them, and as this process does. */
async function both(queue: Queue, list: Source[], folder: string): Promise<[string[], string[]]> {
  const made = await Promise.all(list.map((source) => queue.encode(source, outputOf(source, 50), folder)))
  const own = await Promise.all(list.map((source) => inProcess().encode(source, outputOf(source, 50), join(folder, 'own'))))
  return [made.map(({ digest }) => digest), own.map(({ digest }) => digest)]
}

/** Names of the jobs that a worker is at. */
async function active(redis: RedisServer): Promise<number> {
  const client = redis.client()
  const [queue] = await client.keys('imagemill:work-*:active')
  return queue === undefined ? 0 : client.llen(queue)
}

/** When the jobs of dead workers were put back, in ms since 1970. */
async function stalledAt(redis: RedisServer): Promise<number[]> {
  const client = redis.client()
  const [stream = ''] = await client.keys('imagemill:work-*:events')
  const events = await client.xrange(stream, '-', '+')
  return events.filter(([, fields]) => fields?.includes('stalled')).map(([id]) => Number(id.split('-')[0]))
}

async function untilActive(redis: RedisServer, count: number): Promise<void> {
  while ((await active(redis)) < count) await sleep(20)
}

/** Waits until so many jobs wait for a worker. */
async function untilWaiting(redis: RedisServer, count: number): Promise<void> {
  const client = redis.client()
  for (;;) {
    const [queue] = await client.keys('imagemill:work-*:wait')
    if ((queue === undefined ? 0 : await client.llen(queue)) === count) return
    await sleep(20)
  }
}

/** Ids of the processes in which a worker makes images, once there are any. */
async function atWork({ pid }: ChildProcess): Promise<number[]> {
  await until('work has begun', () => workersOf(pid).length > 0)
  await sleep(300)
  return workersOf(pid)
}

withProgram('redis-server', 'redis-server', (program) => {
  const start = async (): Promise<{ redis: RedisServer; store: { url: string } }> => {
    const [redis, store] = await Promise.all([startRedis(program), startStore()])
    return { redis, store }
  }

  test('a build whose images are made by two workers is byte-identical to one that makes them itself', async () => {
    const { redis, store } = await start()
    const workers = await Promise.all([1, 2].map(() => startWorker(redis.url, store.url)))
    const { root } = await gallery({ query: 'w=16;24&format=webp;avif&placeholder=lqip' })
    const options = { store: { remote: store.url, write: true }, queue: { redis: redis.url } }
    const { child, ended } = startBuild(root, { options, outDir: 'there' })
    let own = 0
    const timer = setInterval(() => (own = Math.max(own, workersOf(child.pid).length)), 5)
    const { code, output } = await ended
    clearInterval(timer)
    expect([code, output, own]).toEqual([0, expect.stringContaining('built'), 0])
    const here = await buildVite(root, { options: { cache: { dir: 'other' } }, config: { build: { outDir: 'here' } } })
    const there = filesOf(join(root, 'there'))
    for (const files of [here, there]) files.delete('.vite/imagemill.json')
    expect(digestsOf(there)).toEqual(digestsOf(here))
    // They end when they are told to, and say what they did: four images and four placeholders.
    for (const { child: worker } of workers) worker.kill('SIGTERM')
    const ends = await Promise.all(workers.map((worker) => worker.ended))
    expect(ends.map((end) => end.code)).toEqual([143, 143])
    const done = ends.flatMap(({ stdout }) => stdout.split('\n').filter(Boolean)).map((line) => JSON.parse(line) as unknown)
    expect(done).toHaveLength(8)
    expect(done).toContainEqual({ type: 'encode', source: expect.any(String), made: 4, failed: 0, elapsed_ms: expect.any(Number) })
  })

  test('the jobs of a worker that is killed are done by another in under 15 s', async () => {
    const { redis, store } = await start()
    const { folder, list } = await sources(12)
    const { queue, warnings } = bullmq(redis.url, store.url)
    const { child: doomed } = await startWorker(redis.url, store.url)
    const slow = queue.encode(list[0]!, outputOf(list[0]!, 300, { format: 'avif', effort: 9 }), folder)
    const work = both(queue, list, folder)
    await untilActive(redis, 2)
    doomed.kill('SIGKILL')
    const since = Date.now()
    await startWorker(redis.url, store.url)
    const [made, own] = await work
    await slow
    // However long the work itself takes: from the death to the moment when its jobs wait again.
    const taken = await stalledAt(redis)
    expect(taken.length).toBeGreaterThan(0)
    expect(Math.max(...taken) - since).toBeLessThan(15_000)
    expect(made).toEqual(own)
    expect(warnings).toEqual([])
  })

  test('a job that kills its worker fails with a reason after five tries, and the others are done', async () => {
    const { redis, store } = await start()
    const { folder, list } = await sources(3)
    const { queue } = bullmq(redis.url, store.url)
    const workers = await Promise.all(Array.from({ length: 6 }, () => startQuick(redis.url, store.url)))
    const [bad, ...good] = list
    if (!bad) throw new Error('no source')
    const doomed = queue.encode(bad, outputOf(bad, 2000, SLOW), folder).catch((error: unknown) => error)
    for (let deaths = 0; deaths < 5; deaths++) {
      await until('a worker is at it', () =>
        workers.some(({ pid, exitCode, signalCode }) => !exitCode && !signalCode && workersOf(pid).length > 0),
      )
      const culprit = workers.find(({ pid, signalCode }) => !signalCode && workersOf(pid).length > 0)
      culprit?.kill('SIGKILL')
      if (culprit) await once(culprit, 'exit')
    }
    expect(await doomed).toMatchObject({ code: 'WORKER_CRASHED', retryable: true, message: expect.stringContaining('5 workers died') })
    const [made, own] = await both(queue, good, folder)
    expect(made).toEqual(own)
  })

  test('what two builds ask at the same time is done once', async () => {
    const { redis, store } = await start()
    const { folder, list } = await sources(6)
    const [busy, ...asked] = list
    if (!busy) throw new Error('no source')
    const worker = await startWorker(redis.url, store.url)
    const builds = [1, 2].map(() => bullmq(redis.url, store.url).queue)
    const [first] = builds
    if (!first) throw new Error('no build')
    // Keeps the worker from ending one before the other build has asked for it.
    const slow = [0, 1].map((more) =>
      first.encode(busy, outputOf(busy, 200 + more, { format: 'avif', effort: 9 }), join(folder, `${more}`)),
    )
    await untilActive(redis, 2)
    const made = await Promise.all(builds.map((queue, index) => both(queue, asked, join(folder, `build-${index}`))))
    expect(made[0]).toEqual(made[1])
    await Promise.all(slow)
    worker.child.kill('SIGTERM')
    expect((await worker.ended).stdout.trim().split('\n')).toHaveLength(2 + asked.length)
  })

  test('what nobody waits for any longer is stopped at its worker, or taken out of the queue; others who asked the same are not hurt', async () => {
    const { redis, store } = await start()
    const { folder, list } = await sources(4)
    const [first, second, third, fourth] = list
    if (!first || !second || !third || !fourth) throw new Error('no source')
    const worker = await startWorker(redis.url, store.url)
    const [one, other] = [bullmq(redis.url, store.url), bullmq(redis.url, store.url)]
    const ask = ({ queue }: { queue: Queue }, source: Source): { stop(): void; isOver(): boolean; end: Promise<unknown> } => {
      const controller = new AbortController()
      let over = false
      const end = queue
        .encode(source, outputOf(source, 3000, SLOW), folder, controller.signal)
        .catch((error: unknown) => error)
        .finally(() => (over = true))
      return { stop: () => controller.abort(), isOver: () => over, end }
    }
    const cancelled = expect.objectContaining({ code: 'CANCELLED' })
    const mine = ask(one, first)
    await untilActive(redis, 1)
    const theirs = ask(other, first)
    const beside = ask(one, second)
    await untilActive(redis, 2)
    const waits = [ask(one, third), ask(one, fourth), ask(other, fourth)]
    await untilWaiting(redis, 2)
    const pids = await atWork(worker.child)

    mine.stop()
    for (const { stop } of waits.slice(0, 2)) stop()
    expect(await Promise.all([mine.end, waits[0]?.end, waits[1]?.end])).toEqual([cancelled, cancelled, cancelled])
    await untilWaiting(redis, 1)
    await sleep(500)
    // The others wait for it.
    expect([theirs.isOver(), waits[2]?.isOver(), pids.every(isRunning)]).toEqual([false, false, true])
    theirs.stop()
    beside.stop()
    waits[2]?.stop()
    await until('its processes are gone', () => !pids.some(isRunning))
    expect(await Promise.all([theirs.end, beside.end, waits[2]?.end])).toEqual([cancelled, cancelled, cancelled])
    await untilWaiting(redis, 0)
    // The worker is free, and whoever asks anew is answered anew.
    const [made, own] = await both(one.queue, [first], folder)
    expect(made).toEqual(own)
    const again = ask(one, first)
    await untilActive(redis, 1)
    const last = await atWork(worker.child)
    await one.queue.close()
    expect(await again.end).toEqual(cancelled)
    await until('its process is gone, too', () => !last.some(isRunning))
    expect([...one.warnings, ...other.warnings]).toEqual([])
    expect((await redis.client().keys('imagemill:askers:*')).length).toBe(0)
  })

  test('a dev server makes images itself until there is a worker', async () => {
    const { redis, store } = await start()
    const { root } = project({ 'tree.jpg': await jpeg(200, 100), 'index.html': '<p></p>' })
    const options = { store: { remote: store.url, write: true }, queue: { redis: redis.url } }
    const dev = await startDev(root, { options })
    const make = async (width: number): Promise<void> => {
      const [address = ''] = addresses(await dev.module(`/tree.jpg?import&w=${width}&format=webp`))
      expect((await dev.get(address)).status).toBe(200)
    }
    await make(50)
    const worker = await startWorker(redis.url, store.url)
    await until('it is told', () => dev.log.some((line) => line.includes('work goes to the workers')))
    await make(60)
    worker.child.kill('SIGTERM')
    expect((await worker.ended).stdout).toContain('"made":1')
    expect(dev.log.filter((line) => line.includes('QUEUE_UNREACHABLE'))).toHaveLength(1)
  })

  test('a command that is interrupted takes its work back', async () => {
    const { redis, store } = await start()
    const worker = await startWorker(redis.url, store.url)
    const { root } = project({ 'tree.jpg': await jpeg(500, 300) })
    const slow = {
      operation: 'resize',
      input: 'tree.jpg',
      output_dir: 'out',
      scale_percent: 800,
      format: 'avif',
      effort: 9,
      lossless: true,
    }
    const command = startCli(root, ['process', '--job', JSON.stringify(slow), '--redis', redis.url, '--store', store.url])
    const pids = await atWork(worker.child)
    command.child.kill('SIGINT')
    await until('its process is gone', () => !pids.some(isRunning))
    expect((await command.ended).code).toBe(130)
  })

  test('a Redis that wants a password says so', async () => {
    const redis = await startRedis(program)
    await redis.client().config('SET', 'requirepass', 'sesame')
    const store = await startStore()
    const run = (url: string): ReturnType<typeof runCli> => runCli(project().root, ['worker', '--redis', url, '--store', store.url])
    expect((await run(redis.url)).stderr).toContain('NOAUTH')
    const wrong = await run(redis.url.replace('//', '//default:mellon@'))
    expect(wrong.stderr).toContain('WRONGPASS')
    expect(wrong.stderr).not.toContain('mellon')
    await startWorker(redis.url.replace('//', '//default:sesame@'), store.url)
  })

  test('a Redis that is killed and restarted loses nothing', async () => {
    const { redis, store } = await start()
    const { folder, list } = await sources(30)
    const { queue, warnings } = bullmq(redis.url, store.url)
    await startWorker(redis.url, store.url)
    const work = both(queue, list, folder)
    await untilActive(redis, 1)
    await redis.kill()
    await redis.restart()
    const [made, own] = await work
    expect(made).toEqual(own)
    expect(warnings.length).toBeLessThanOrEqual(1)
  })

  test('a Redis that goes away for good: the rest is done here, with one warning', async () => {
    const { redis, store } = await start()
    const { folder, list } = await sources(12)
    const { queue, warnings } = bullmq(redis.url, store.url)
    const worker = await startWorker(redis.url, store.url)
    const work = both(queue, list, folder)
    await untilActive(redis, 1)
    worker.child.kill('SIGKILL')
    await redis.kill()
    const [made, own] = await work
    expect(made).toEqual(own)
    expect(warnings).toMatchObject([{ code: 'QUEUE_UNREACHABLE' }])
  })

  test('no worker, or only one of another version: done here, with a warning that says what is there', async () => {
    const { redis, store } = await start()
    const { folder, list } = await sources(2)
    const alone = bullmq(redis.url, store.url)
    const { root } = project()
    const [made, own] = await both(alone.queue, list, folder)
    expect(made).toEqual(own)
    expect(alone.warnings).toMatchObject([{ code: 'QUEUE_UNREACHABLE', message: expect.stringContaining('no worker') }])
    const other = startProcess(root, [otherRelease(root), 'worker', '--redis', redis.url, '--store', store.url])
    await said(other, 'waiting for jobs')
    const mixed = bullmq(redis.url, store.url)
    await both(mixed.queue, list, join(folder, 'again'))
    expect(mixed.warnings).toMatchObject([
      { message: expect.stringMatching(/expected sharp [\d.]+ on .* \(engine \d\), found sharp .* \(engine 99\)/) },
    ])
  })

  test('a Redis that forgets is refused with the settings to change, unless it is allowed', async () => {
    const [redis, store] = await Promise.all([startRedis(program, ['--maxmemory-policy', 'allkeys-lru']), startStore()])
    const { folder, list } = await sources(1)
    const { queue } = bullmq(redis.url, store.url)
    await expect(both(queue, list, folder)).rejects.toMatchObject({
      code: 'QUEUE_FORGETFUL',
      message: expect.stringMatching(
        /appendonly yes.*maxmemory-policy noeviction.*missing is `appendonly yes` and `maxmemory-policy noeviction`/,
      ),
      hint: expect.stringContaining('allowForgetful'),
    })
    const args = ['worker', '--redis', redis.url, '--store', store.url]
    const refused = await runCli(project().root, args)
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('QUEUE_FORGETFUL')])
    await startWorker(redis.url, store.url, ['--allow-forgetful'])
    const [made, own] = await both(bullmq(redis.url, store.url, { allowForgetful: true }).queue, list, folder)
    expect(made).toEqual(own)
    await redis.client().config('SET', 'appendonly', 'yes')
    const half = await runCli(project().root, args)
    expect(half.stderr).toContain('missing is `maxmemory-policy noeviction`')
  })

  test('a worker that may not write to the store does not start', async () => {
    const [redis, store] = await Promise.all([startRedis(program), startStore({ write: 'writer' })])
    const { code, stderr } = await runCli(project().root, ['worker', '--redis', redis.url, '--store', store.url])
    expect([code, stderr]).toEqual([1, expect.stringContaining('STORE_REFUSED')])
  })
})

test('Redis away at the start: a worker says so within 5 s, a build makes its images itself', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  onTestFinished(() => void silent.close())
  await once(silent, 'listening')
  const address = silent.address()
  const ports = [await freePort(), typeof address === 'object' ? address?.port : undefined]
  await Promise.all(
    ports.map(async (port) => {
      const redis = `redis://user:sesame@127.0.0.1:${port}`
      const store = await startStore()
      const { root } = project()
      const since = performance.now()
      const { code, stderr } = await runCli(root, ['worker', '--redis', redis, '--store', store.url])
      expect([code, stderr]).toEqual([1, expect.stringContaining(`[QUEUE_UNREACHABLE] the Redis at 127.0.0.1:${port}`)])
      expect(stderr).not.toContain('sesame')
      // Generous: a process has to start, too.
      expect(performance.now() - since).toBeLessThan(8000)
      const { root: site } = await gallery({ photos: 1 })
      const built = await startBuild(site, { options: { store: { remote: store.url, write: true }, queue: { redis } } }).ended
      expect([built.code, built.output.match(/imagemill: /g)]).toEqual([0, ['imagemill: ']])
      expect(built.output).toContain('QUEUE_UNREACHABLE')
    }),
  )
})

test('without the packages that it needs, an error names them', async () => {
  const store = await startStore()
  const { stderr } = await startProcess(project().root, [
    '--import',
    WITHOUT,
    CLI,
    'worker',
    '--redis',
    'redis://127.0.0.1:1',
    '--store',
    store.url,
  ]).ended
  expect(stderr).toContain('[PACKAGE_MISSING] the package bullmq is not installed')
  expect(stderr).toContain('npm install bullmq ioredis')
})

test('a queue needs a store that is written to', async () => {
  const { code, stderr } = await runCli(project().root, ['worker', '--redis', 'redis://127.0.0.1:1'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('--store')])
  const { root } = await gallery({ photos: 1 })
  await expect(buildVite(root, { options: { queue: { redis: 'redis://a' } } })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  for (const redis of ['http://a', 'redis://', '', 'x:password@y']) {
    const options = { store: { remote: 'http://a', write: true }, queue: { redis } }
    const error: unknown = await buildVite(root, { options }).catch((failure: unknown) => failure)
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('queue.redis') })
    expect(error).not.toMatchObject({ message: expect.stringContaining('password') })
  }
})

/** A worker whose jobs are taken over after a second. */
async function startQuick(redis: string, store: string): Promise<ChildProcess> {
  const { root } = project()
  const process = startProcess(root, [join(import.meta.dirname, '../support/worker-once.js'), redis, store, join(root, 'cache'), '1000'])
  await said(process, 'waiting for jobs')
  return process.child
}

function startProcess(cwd: string, args: string[]): CliProcess {
  const child = spawn(process.execPath, args, { cwd, stdio: 'pipe' })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
  const ended = once(child, 'close').then(([code]) => ({ code: Number(code), signal: null, stdout: '', stderr, records: [] }))
  return { child, ended }
}

/** The built package in another place, as a release whose engine makes other bytes. */
function otherRelease(root: string): string {
  const dist = join(root, 'dist')
  cpSync(join(import.meta.dirname, '../../dist'), dist, { recursive: true })
  symlinkSync(join(import.meta.dirname, '../../node_modules'), join(root, 'node_modules'))
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'))) {
    const code = readFileSync(join(dist, name), 'utf8')
    if (/const ENGINE = \d+/.test(code)) writeFileSync(join(dist, name), code.replace(/const ENGINE = \d+/, 'const ENGINE = 99'))
  }
  return join(dist, 'cli.js')
}

/** Code that has Node.js find neither package, wherever they are. */
const WITHOUT = `data:text/javascript,${encodeURIComponent(`
  import Module from 'node:module'
  const find = Module._resolveFilename
  Module._resolveFilename = function (name, ...rest) {
    if (/^(bullmq|ioredis)$/.test(name)) throw Object.assign(new Error(name), { code: 'MODULE_NOT_FOUND' })
    return find.call(this, name, ...rest)
  }`)}`
