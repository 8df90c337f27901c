import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { stripVTControlCharacters } from 'node:util'

/** Starts a dev server, or that of a build, and waits until it answers. */
export async function start({ dev, serve }, way, { cwd, env }) {
  const port = await freePort()
  const flags = ['--port', String(port), '--host', '127.0.0.1']
  const [command, ...args] =
    way === 'dev' ? [...dev, ...flags] : serve.file ? ['node', serve.file] : [...serve.command, ...(serve.flags ? flags : [])]
  const child = spawn(command, args, {
    cwd,
    env: { ...env, PORT: String(port), HOST: '127.0.0.1', NODE_ENV: way === 'dev' ? 'development' : 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, for some start further processes.
    detached: true,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += stripVTControlCharacters(String(text))))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const stop = (signal) => {
    const isRunning = child.exitCode === null && child.signalCode === null
    if (isRunning && child.pid !== undefined) process.kill(-child.pid, signal)
  }
  const close = async () => {
    stop('SIGTERM')
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5000))])
    stop('SIGKILL')
  }
  const origin = `http://127.0.0.1:${port}`
  for (let attempt = 0; !(await answers(origin)); attempt++) {
    if (attempt > 240 || child.exitCode !== null) {
      await close()
      throw new Error(`${way}: the server does not answer\n${output}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  return { origin, close, output: () => output }
}

async function answers(origin) {
  try {
    return (await fetch(origin, { headers: { accept: 'text/html' }, signal: AbortSignal.timeout(30_000) })).status < 500
  } catch {
    return false
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
