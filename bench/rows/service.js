import { spawn } from 'node:child_process'
import { once, setMaxListeners } from 'node:events'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { basename, dirname, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { interleave } from '../interleave.js'
import { twelveMegapixels } from '../photos.js'
import { median, medianRatio } from '../statistics.js'

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const QUEUED = 2000

/** Jobs over HTTP against the engine called directly; polls while it encodes; what thousands of jobs that wait take. */
export async function service(bench) {
  const { work, rounds, processes } = bench
  const photos = await twelveMegapixels(work, bench.jobs < 100 ? 2 : 4)
  const root = join(work, 'service')
  const setting = { root, dir: dirname(photos[0]), processes }
  const count = Math.min(bench.jobs, 48)
  const jobs = Array.from({ length: count }, (_, index) => ({
    input: basename(photos[index % photos.length]),
    widths: [480 + index],
    format: 'webp',
  }))
  const runs = await interleave(`${count} jobs over HTTP`, rounds, {
    direct: { run: () => direct(jobs, setting) },
    http: { run: () => overHttp(jobs, setting) },
  })
  const { polls } = await overHttp(jobs, setting, { poll: true })
  const queued = await queueing(jobs[0], setting)
  const perSecond = (side) => median(side.map(({ wall_ms }) => (1000 * count) / wall_ms))
  return {
    runs,
    rows: [
      {
        what: `${count} jobs on photographs of 12 megapixels over HTTP, wall time, against the engine called directly`,
        unit: '×',
        most: 1 / 0.9,
        aim: 1.02,
        rival: 1,
        ours: medianRatio(
          runs.http.map(({ wall_ms }) => wall_ms),
          runs.direct.map(({ wall_ms }) => wall_ms),
        ),
        also: { 'jobs/s': perSecond(runs.http), directly: perSecond(runs.direct) },
      },
      {
        what: 'p99 of a status poll while it encodes',
        unit: 'ms',
        most: 10,
        aim: 5,
        rival: Number.NaN,
        ours: percentile(polls, 0.99),
        also: { 'median ms': median(polls), 'polls/s': (1000 * polls.length) / polls.wall_ms },
      },
      {
        what: `memory of the service for each of ${QUEUED} jobs that wait`,
        unit: 'kB',
        most: 50,
        aim: 20,
        rival: Number.NaN,
        ours: queued.each_kb,
        also: { 'all MB': queued.all_mb, 'jobs taken/s': queued.per_second },
      },
    ],
  }
}

/** The same jobs by the same code, without a journal and without HTTP. */
async function direct(jobs, { root, dir, processes }) {
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true })
  const load = (name) => import(new URL(`../../dist/${name}.js`, import.meta.url))
  const [{ openPipeline }, { openPool }, { runJob }, { openClaims }] = await Promise.all(
    ['pipeline', 'queue/pool', 'jobs/run', 'jobs/claims'].map(load),
  )
  const queue = openPool({ concurrency: processes, memory: 1e9, timeout: 60_000, pixelLimit: 1e8 })
  const warn = () => undefined
  const pipeline = openPipeline({ folder: join(root, 'cache'), maxSize: 2e9, pixelLimit: 1e8, queue, patience: 120_000, warn })
  const { signal } = new AbortController()
  // Every job listens.
  setMaxListeners(0, signal)
  const run = { pipeline, cwd: dir, claims: openClaims(), signal, warn }
  const start = performance.now()
  await together(jobs, 2 * processes + 2, async (job) => {
    const record = await runJob({ operation: 'resize', output_dir: join(root, 'out'), ...job }, String(job.widths[0]), run)
    if (!record.success) throw new Error(record.error)
  })
  const wall_ms = performance.now() - start
  await pipeline.close()
  return { wall_ms }
}

async function overHttp(jobs, setting, { poll = false } = {}) {
  const { call, stop } = await serve(setting, setting.processes)
  const start = performance.now()
  const polls = []
  const state = { over: false, last: '' }
  const polling = (async () => {
    while (poll && !state.over) {
      const begun = performance.now()
      if (state.last) await call('GET', `/v1/jobs/${state.last}`)
      if (state.last) polls.push(performance.now() - begun)
      await sleep(2)
    }
  })()
  await together(jobs, 16, async (job) => {
    const { job_id } = await call('POST', '/v1/resize', job)
    state.last = job_id
    const { status } = await call('GET', `/listen/${job_id}`)
    if (status !== 'completed') throw new Error(`a job ended as ${status}`)
  })
  const wall_ms = performance.now() - start
  state.over = true
  await polling
  await stop()
  return { wall_ms, polls: Object.assign(polls, { wall_ms }) }
}

async function queueing(job, setting) {
  const { call, stop, pid } = await serve(setting, 1)
  // What comes first takes longer than all that is measured.
  for (let slow = 0; slow < 4; slow++)
    await call('POST', '/v1/resize', { ...job, scale_percent: 100, widths: undefined, format: 'avif', effort: 9, quality: 90 + slow })
  const before = rss(pid)
  const start = performance.now()
  await together(
    Array.from({ length: QUEUED }, (_, index) => index),
    16,
    (index) => call('POST', '/v1/resize', { ...job, widths: [100 + index] }),
  )
  const per_second = (1000 * QUEUED) / (performance.now() - start)
  const { jobs } = await call('GET', '/v1/jobs')
  if (jobs.length < QUEUED) throw new Error(`only ${jobs.length} jobs wait`)
  const all = rss(pid)
  await stop('SIGKILL')
  return { each_kb: (all - before) / 1000 / QUEUED, all_mb: all / 1e6, per_second }
}

async function serve({ root, dir }, concurrency) {
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true })
  const args = ['--dir', dir, '--port', '0', '--cache', 'cache', '--concurrency', String(concurrency), '--poll-limit', '100000', '--quiet']
  const child = spawn(process.execPath, [CLI, 'serve', ...args], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const [first] = await once(child.stdout.setEncoding('utf8'), 'data')
  const { hostname, port } = new URL(first.trim())
  const agent = new Agent({ keepAlive: true })
  const call = (method, path, body) =>
    new Promise((resolve, reject) => {
      const sent = request({ hostname, port, method, path, agent, headers: { 'Content-Type': 'application/json' } }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
        response.on('end', () =>
          response.statusCode < 300 ? resolve(JSON.parse(text)) : reject(new Error(`${response.statusCode} ${text}`)),
        )
      })
      sent.on('error', reject)
      sent.end(body && JSON.stringify(body))
    })
  const stop = async (signal = 'SIGTERM') => {
    agent.destroy()
    child.kill(signal)
    await once(child, 'exit')
  }
  return { call, stop, pid: child.pid }
}

async function together(items, most, work) {
  const left = [...items]
  const lane = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: most }, lane))
}

function rss(pid) {
  return 1000 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1])
}

function percentile(values, part) {
  return values.toSorted((a, b) => a - b)[Math.floor(part * (values.length - 1))]
}
