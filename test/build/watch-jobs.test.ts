import { createServer } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { imagemill, type BuildJob } from 'imagemill'
import { createLogger, type InlineConfig, type Rollup, type build } from 'vite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { jobStatusResponseSchema } from '../../src/contract/lifecycle.ts'
import { VITES, VITE_NAMES, type ViteName } from '../support/build.ts'
import { until } from '../support/dev.ts'
import { send } from '../support/http.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { freePort } from '../support/store-server.ts'

const PROJECT = async () => ({
  'main.js': "import a from './tree.jpg?w=50&format=webp&as=url'\nglobalThis.answer = a",
  'tree.jpg': await jpeg(200, 100),
  'index.html': '<script type="module" src="main.js"></script>',
})

/** A build that watches until the test is over, and what it printed. */
async function watch(root: string, version: ViteName, options: Parameters<typeof imagemill>[0] = {}) {
  const printed: string[] = []
  const note = (message: string): void => void printed.push(message)
  const config: InlineConfig = {
    root,
    configFile: false,
    logLevel: 'silent',
    customLogger: { ...createLogger('silent'), info: note, warn: note },
    build: { watch: {} },
    plugins: [imagemill(options)],
  }
  // The three versions describe the same configuration in types that are not assignable to each other.
  const started = await (VITES[version].build as typeof build)(config)
  const watcher = started as Rollup.RollupWatcher
  let turns = 0
  watcher.on('event', (event) => {
    if (event.code === 'BUNDLE_END') void event.result.close()
    if (event.code === 'END') turns++
  })
  onTestFinished(() => watcher.close())
  return { printed, watcher, turns: () => turns }
}

describe.each(VITE_NAMES)('%s build --watch', (version) => {
  test('shows its jobs by the routes of the service, and the files that they made, until it ends', async () => {
    const { root } = project(await PROJECT())
    const told: BuildJob[] = []
    const { printed, watcher, turns } = await watch(root, version, { onJob: (job) => told.push(job) })
    await until('the first turn is over', () => turns() > 0)
    const link = /http:\/\/127\.0\.0\.1:\d+\/__imagemill\/api/.exec(printed.join('\n'))?.[0] ?? ''
    const { jobs } = (await (await fetch(`${link}/v1/jobs`)).json()) as { jobs: Record<string, unknown>[] }
    expect(jobs).toMatchObject([{ name: expect.stringContaining('tree'), operation: 'resize', status: 'completed' }])
    const listened = await fetch(`${link}/listen/${String(jobs[0]?.['job_id'])}`)
    const status = jobStatusResponseSchema.parse(await listened.json())
    if (status.status !== 'completed') throw new Error(status.status)
    const file = await fetch(status.result_url)
    expect(file.headers.get('content-type')).toBe('image/webp')
    expect((await file.arrayBuffer()).byteLength).toBe(status.result_size_bytes)

    writeFileSync(join(root, 'tree.jpg'), await jpeg(300, 100))
    await until('the changed image is made', () => told.filter(({ status: ended }) => ended === 'completed').length > 1)
    expect(((await (await fetch(`${link}/v1/jobs`)).json()) as { jobs: unknown[] }).jobs).toHaveLength(2)

    await watcher.close()
    await expect(fetch(`${link}/healthz`)).rejects.toThrow('fetch failed')
  })
})

test('only this machine may ask, and only for images', async () => {
  const { root } = project(await PROJECT())
  const port = await freePort()
  const { turns } = await watch(root, 'vite 8', { jobsPort: port, logLevel: 'warn' })
  await until('the first turn is over', () => turns() > 0)
  const api = `http://127.0.0.1:${port}/__imagemill/api`
  expect((await fetch(`${api}/healthz`)).status).toBe(200)
  for (const path of ['/__imagemill/api/v1/jobs', '/@imagemill/x.webp'])
    expect((await send(`http://127.0.0.1:${port}`, path, { headers: { Host: 'evil.example' } })).status).toBe(403)
  for (const path of ['/', '/main.js', '/@imagemill/..%2fmain.js', `/@imagemill/${'0'.repeat(64)}.webp`, '/@imagemill/main.js'])
    expect((await fetch(`http://127.0.0.1:${port}${path}`)).status, path).toBe(404)
})

test('a port that is taken is a warning, and the build is made', async () => {
  const { root } = project(await PROJECT())
  const taken = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void taken.close())
  await until('it is taken', () => taken.listening)
  const address = taken.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const { printed, turns } = await watch(root, 'vite 8', { jobsPort: port })
  await until('the first turn is over', () => turns() > 0)
  expect(printed.join('\n')).toContain(`cannot listen on 127.0.0.1:${port} (EADDRINUSE). The jobs of this build cannot be asked for`)
  expect(printed.join('\n')).toContain('jobsPort')
})
