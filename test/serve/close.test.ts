import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { addresses, newWorkers, startDev, until, workerProcesses } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'

const VITE = fileURLToPath(new URL('../../node_modules', import.meta.url))

const SCRIPT = (name: string, effort: number, work: string): string => `
import { createServer } from '${VITE}/${name}/dist/node/index.js'
import { imagemill } from '${fileURLToPath(new URL('../../dist/index.js', import.meta.url))}'
const server = await createServer({ root: process.cwd(), configFile: false, logLevel: 'silent', plugins: [imagemill({ types: false })], server: { host: '127.0.0.1', port: 0 }, optimizeDeps: { noDiscovery: true, include: [] } })
await server.listen()
const origin = new URL(server.resolvedUrls.local[0]).origin
const code = await (await fetch(origin + '/photo.jpg?import&w=1200;1201;1202;1203&format=avif&effort=${effort}')).text()
const urls = [...code.matchAll(/"(\\/@imagemill\\/[^"]+)"/g)].map(([, url]) => origin + url)
${work}
await server.close()
process.stdout.write('closed\\n')
`

describe.each(['vite6', 'vite7', 'vite'])('%s', (name) => {
  test.each([
    ['after an image was made', 0, 'const { status } = await fetch(urls[0]); if (status !== 200) process.exit(3)'],
    [
      'while images are being made',
      9,
      'for (const url of urls) fetch(url).catch(() => undefined); await new Promise((resolve) => setTimeout(resolve, 700))',
    ],
  ])('closing the server %s leaves no process, and lets its own end', async (_, effort, work) => {
    const { root } = project({ 'run.mjs': SCRIPT(name, effort, work), 'photo.jpg': await jpeg(1400, 1000) })
    const child = spawn(process.execPath, ['run.mjs'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    const workers = new Set<number>()
    const look = setInterval(() => workerProcesses(child.pid).forEach((pid) => workers.add(pid)), 20)
    let closed = false
    child.stdout.on('data', () => (closed = true))
    await until('the server is closed', () => closed, 50_000)
    // An idle worker ends by itself after ten seconds; a process that waits for that does not end soon.
    await until('the process ends', () => child.exitCode !== null || child.signalCode !== null, 5000).finally(() => child.kill('SIGKILL'))
    clearInterval(look)
    expect(await ended).toBe(0)
    expect(workers.size).toBeGreaterThan(0)
    await until('the workers are gone', () => [...workers].every((pid) => !isRunning(pid)), 5000)
    expect(existsSync(join(root, 'node_modules/.cache/imagemill/v1'))).toBe(true)
  })
})

/** A dead process that nobody has asked after yet is a zombie, not a running one. */
function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .startsWith('Z')
  } catch {
    return false
  }
}

test('a server that is closed leaves no worker, though this process goes on', async () => {
  const { root } = project({ 'photo.jpg': await jpeg(300, 200) })
  const before = workerProcesses()
  const { get, module, close } = await startDev(root)
  const [address = ''] = addresses(await module('/photo.jpg?import&w=90&format=webp'))
  expect((await get(address)).status).toBe(200)
  expect(newWorkers(before).length).toBeGreaterThan(0)
  await close()
  expect(newWorkers(before)).toEqual([])
})
