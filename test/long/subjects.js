// What a long run goes through: a process that is asked for all images again and again.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const HERE = import.meta.dirname
const CLI = join(HERE, '../../dist/cli.js')

/** Most requests at a time. */
const PARALLEL = 16

async function start(cwd, args) {
  const child = spawn(process.execPath, ['--expose-gc', '--import', pathToFileURL(join(HERE, 'collect.js')).href, ...args], {
    cwd,
    stdio: ['pipe', 'pipe', args.includes('serve') ? 'ignore' : 'inherit'],
    env: { ...process.env, HEAP_FILE: join(cwd, 'heap.txt') },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${args.join(' ')} ended`)
    return value
  }
  const close = async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
  }
  return { pid: child.pid, next, close, write: (line) => child.stdin.write(`${line}\n`) }
}

async function each(names, work) {
  const left = [...names]
  const lane = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) await work(name)
  }
  await Promise.all(Array.from({ length: PARALLEL }, lane))
}

async function get(url, init) {
  // A server may close a connection that was idle just when it is used again.
  const response = await fetch(url, init).catch(() => fetch(url, init))
  const bytes = Buffer.from(await response.arrayBuffer())
  if (!response.ok) throw new Error(`${url}: ${response.status} ${bytes.toString()}`)
  return bytes
}

/** A process that builds all of a page whenever it is told to. */
export function build(root) {
  return builds(root, [])
}

/** The same without a plugin, its images as they are: what grows here is the bundler's. */
export function bundler(root) {
  return builds(root, ['--plain'])
}

async function builds(root, more) {
  const child = await start(root, [join(HERE, 'build.js'), root, ...more])
  return {
    ...child,
    async pass() {
      child.write('build')
      await child.next()
    },
  }
}

/** A dev server, of which every module and every image is asked for. */
export async function dev(root, names) {
  const child = await start(root, [join(HERE, 'dev.js'), root])
  const origin = await child.next()
  return {
    ...child,
    pass: () =>
      each(names, async (name) => {
        const code = await get(`${origin}/${name}?w=24&format=webp&as=url&import`, { headers: { accept: '*/*' } })
        const [, path] = /"(\/@imagemill\/[^"]+)"/.exec(code.toString()) ?? []
        if (path === undefined) throw new Error(`no address in ${code.toString()}`)
        await get(`${origin}${path}`)
      }),
  }
}

/** The service, which is given a job for every image. */
export async function service(root, names) {
  const child = await start(root, [CLI, 'serve', '--port', '0', '--dir', '.'])
  const origin = await child.next()
  return {
    ...child,
    pass: () =>
      each(names, async (name) => {
        const body = JSON.stringify({ input: name, widths: [24], format: 'webp' })
        const headers = { 'Content-Type': 'application/json' }
        const { job_id } = JSON.parse((await get(`${origin}/v1/resize`, { method: 'POST', body, headers })).toString())
        for (;;) {
          const { status, result_url } = JSON.parse((await get(`${origin}/listen/${job_id}`)).toString())
          if (status === 'failed' || status === 'cancelled') throw new Error(`${name}: ${status}`)
          if (status !== 'completed') continue
          await get(result_url)
          return
        }
      }),
  }
}

/** Makes everything anew in the next pass. */
export function forget(root) {
  for (const folder of ['ac', 'cas']) rmSync(join(root, 'node_modules/.cache/imagemill/v1', folder), { recursive: true, force: true })
}
