import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSocket } from 'node:net'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'

/** Lowest and latest versions of what a queue on Redis needs. */
export const QUEUES = [
  ['bullmq@6.0.0', 'ioredis@5.2.5'],
  ['bullmq@6', 'ioredis@5'],
  ['bullmq@6', 'ioredis@6'],
]

const JOBS = [40, 60, 80].map((width) => ({ input: 'src/photo.jpg', operation: 'resize', widths: [width], format: 'webp' }))

/** Has a worker with a Redis and a store make the images of a command, and compares them with those that are made without them. */
export async function tryQueue(node, folder) {
  const cli = join(folder, 'node_modules/imagemill/dist/cli.js')
  const store = await openStore(mkdtempSync(join(folder, 'store-')))
  const { url, redis } = await openRedis()
  const machines = ['--redis', url, '--allow-forgetful', '--store', store.url]
  const worker = spawn(node, [cli, 'worker', ...machines, '--cache', mkdtempSync(join(folder, 'worker-'))], { cwd: folder })
  let [told, said] = ['', '']
  const make = async (out, more) => {
    const cache = mkdtempSync(join(folder, 'cache-'))
    const child = spawn(node, [cli, 'process', '--stream', '--quiet', '--cache', cache, ...more], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    child.stdin.end(JOBS.map((job) => JSON.stringify({ ...job, output_dir: out })).join('\n'))
    const records = (await text(child.stdout))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    return records.flatMap(({ outputs }) => outputs.map(({ path }) => readFileSync(join(folder, path))))
  }
  worker.stdout.on('data', (chunk) => (told += chunk))
  try {
    await new Promise((resolve, reject) => {
      worker.stderr.on('data', (chunk) => ((said += chunk), said.includes('waiting for jobs') && resolve()))
      worker.once('exit', () => reject(new Error(`the worker ended: ${said}`)))
    })
    const far = await make('far', machines)
    const near = await make('near', [])
    const made = told.split('\n').reduce((sum, line) => sum + (line ? JSON.parse(line).made : 0), 0)
    if (made !== JOBS.length) throw new Error(`the worker made ${made} of ${JOBS.length} images: ${said}`)
    if (!far.every((bytes, index) => bytes.equals(near[index]))) throw new Error('the images of the worker are others')
  } finally {
    for (const child of [worker, redis]) {
      child.removeAllListeners('exit').kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
    }
    store.close()
  }
}

/** The least that is a store: files that can be put and got. */
async function openStore(root) {
  const server = createServer(async (request, response) => {
    const file = join(root, request.url)
    if (request.method === 'PUT') {
      const parts = []
      for await (const part of request) parts.push(part)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, Buffer.concat(parts))
      return response.writeHead(201).end()
    }
    return existsSync(file) ? response.end(readFileSync(file)) : response.writeHead(404).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => (server.closeAllConnections(), server.close()) }
}

async function openRedis() {
  const socket = createSocket()
  await once(socket.listen(0, '127.0.0.1'), 'listening')
  const { port } = socket.address()
  await new Promise((resolve) => socket.close(resolve))
  const redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'])
  await new Promise((resolve, reject) => {
    redis.once('error', () => reject(new Error('redis-server is not installed: apt-get install redis-server')))
    redis.stdout.on('data', (chunk) => String(chunk).includes('Ready to accept connections') && resolve())
  })
  return { url: `redis://127.0.0.1:${port}`, redis }
}
