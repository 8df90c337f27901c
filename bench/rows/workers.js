import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, linkSync, mkdirSync, readdirSync, rmSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { interleave } from '../interleave.js'
import { measure } from '../measure.js'
import { median, medianRatio } from '../statistics.js'

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const QUERY = 'w=320;640;1280&format=webp;jpeg'

/** The same photographs by one worker and by two, one image at a time each, with a real Redis and the store over HTTP. */
export async function workers(bench) {
  if (spawnSync('redis-server', ['--version']).status !== 0) throw new Error('there is no redis-server: apt-get install redis-server')
  const photos = bench.photos.slice(0, 24)
  const by = (count) => ({ run: () => work(join(bench.work, 'workers'), bench.node, photos, count) })
  const runs = await interleave(`${photos.length} photographs by workers`, Math.min(bench.rounds, 3), { one: by(1), two: by(2) })
  const [one, two] = [runs.one, runs.two].map((list) => list.map(({ wall_ms }) => wall_ms))
  const of = (key) => median(runs.one.map((run) => run[key])) / photos.length
  return {
    runs,
    rows: [
      {
        what: `${photos.length} photographs by two workers, time, against one`,
        unit: '×',
        most: 1 / 1.8,
        aim: 0.5,
        rival: 1,
        ours: medianRatio(two, one),
        // What `node bench/machines.js` takes.
        also: {
          'CPUs a worker': runs.two[0].shares[0] ?? 1,
          'worker ms an image': of('worker_ms'),
          'CPU ms an image of the build': of('cpu_ms'),
          'kB an image': of('bytes') / 1000,
        },
      },
    ],
  }
}

async function work(root, node, photos, count) {
  rmSync(root, { recursive: true, force: true })
  mkdirSync(join(root, 'redis'), { recursive: true })
  mkdirSync(join(root, 'photos'))
  for (const file of photos) linkSync(file, join(root, 'photos', basename(file)))
  writeFileSync(join(root, 'package.json'), '{}\n')
  const started = []
  const start = (command, args, options) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    started.push(child)
    return child
  }
  try {
    const redis = `redis://127.0.0.1:${await freePort()}`
    const settings = ['--dir', join(root, 'redis'), '--appendonly', 'yes', '--save', '', '--bind', '127.0.0.1']
    const server = start('redis-server', ['--port', new URL(redis).port, ...settings])
    await said(server.stdout, 'Ready to accept connections')
    const store = start(node, [fileURLToPath(new URL('../sides/store.js', import.meta.url)), join(root, 'store')])
    const shared = ['--redis', redis, '--store', `http://127.0.0.1:${(await said(store.stdout, '\n')).trim()}`]
    let worker_ms = 0
    const shares = []
    await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const args = [CLI, 'worker', ...shared, '--concurrency', '1', '--cache', join(root, `cache-${index}`)]
        const worker = start(node, args, { cwd: root })
        shares.push(shareOfCpu(worker.pid))
        worker.stdout.on('data', (text) => {
          for (const line of text.toString().trim().split('\n')) worker_ms += JSON.parse(line).elapsed_ms
        })
        await said(worker.stderr, 'waiting for jobs')
      }),
    )
    const args = [`photos/*.jpg?${QUERY}`, '--out', 'out', '--quiet', ...shared]
    const { wall_ms, cpu_ms } = await measure(node, 'shared', { root, args })
    // What the workers said last is still on its way.
    await new Promise((resolve) => setTimeout(resolve, 100))
    const bytes = bytesIn(join(root, 'out')) + bytesIn(join(root, 'photos'))
    return { wall_ms, cpu_ms, worker_ms, bytes, shares: shares.filter((share) => share !== undefined) }
  } finally {
    for (const child of started) child.kill('SIGKILL')
    await Promise.all(started.filter((child) => child.exitCode === null && child.signalCode === null).map((child) => once(child, 'exit')))
    for (const { pid } of started) if (existsSync(groupOf(pid))) rmdirSync(groupOf(pid))
  }
}

/** What a worker may have of a CPU: workers have machines of their own, but here Redis, the store and the build share two CPUs with them. */
const SHARE = 0.6
const groupOf = (pid) => `/sys/fs/cgroup/cpu/imagemill-bench-${pid}`

/** Bounds a process and those that it starts, where control groups (version 1) may be written; answers its share, undefined where not. */
function shareOfCpu(pid) {
  const group = groupOf(pid)
  try {
    mkdirSync(group)
    writeFileSync(join(group, 'cpu.cfs_quota_us'), String(SHARE * 100_000))
    writeFileSync(join(group, 'cgroup.procs'), String(pid))
    return SHARE
  } catch {
    return undefined
  }
}

function bytesIn(folder) {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

/** Waits until a stream has said something, and answers all that it said until then. */
async function said(stream, text) {
  let output = ''
  stream.setEncoding('utf8')
  for await (const [part] of onData(stream)) {
    output += part
    if (output.includes(text)) return output
  }
  throw new Error(`it ended with ${output}`)
}

async function* onData(stream) {
  while (!stream.readableEnded) yield once(stream, 'data')
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
