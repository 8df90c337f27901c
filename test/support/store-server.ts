import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '@hono/node-server'
import { onTestFinished } from 'vitest'
import { storeRoutes, type StoreRoutesOptions } from '../../src/service/store-routes.ts'
import { blobFile, recordFile } from '../../src/store/disk.ts'
import { openRemote, type Remote, type RemoteOptions } from '../../src/store/remote.ts'
import { project } from './project.ts'

/** A server of a shared store, and where its files are. */
export interface StoreServer {
  url: string
  root: string
  record(key: string): string
  blob(digest: string): string
}

/** Our own routes on a free port. */
export async function startStore(options: Partial<StoreRoutesOptions> = {}): Promise<StoreServer> {
  const folder = join(project().root, 'store')
  const { url } = await listening((listener) =>
    serve({ fetch: storeRoutes({ folder, write: true, ...options }).fetch, hostname: '127.0.0.1', port: 0 }, listener),
  )
  const root = join(folder, 'v1')
  return { url, root, record: (key) => recordFile(root, key), blob: (digest) => blobFile(root, digest) }
}

/** The nginx of the README on a free port. Its tokens are `read-token` and `write-token`. */
export async function startNginx(program: string): Promise<StoreServer> {
  const { root: folder } = project()
  const port = await freePort()
  const [, block = ''] = /```nginx\n(.*?)```/s.exec(readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')) ?? []
  const root = join(folder, 'store')
  mkdirSync(root)
  const site = block.replaceAll('/srv/imagemill', root).replace('listen 8080', `listen 127.0.0.1:${port}`)
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root;\n' : ''}events {}\nhttp {\naccess_log off;\n${site}}\n`,
  )
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-g', `daemon off; pid ${folder}/pid; error_log stderr;`]
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (text: Buffer) => (said += text.toString()))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null) await once(child, 'exit')
  })
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; ; tries++) {
    const answers = await fetch(url).then(
      () => true,
      () => false,
    )
    if (answers) break
    if (tries > 200 || child.exitCode !== null) throw new Error(`nginx did not start: ${said}`)
    await sleep(25)
  }
  return { url, root, record: (key) => join(root, 'ac', key), blob: (digest) => join(root, 'cas', digest) }
}

/** A server that does whatever a test wants; answers its address and how often it was asked. */
export async function startServer(answer: Parameters<typeof createServer>[1]): Promise<{ url: string; readonly requests: number }> {
  const server = createServer(answer)
  let requests = 0
  server.on('request', () => requests++)
  const { url } = await listening((listener) => server.listen(0, '127.0.0.1', () => listener(server.address() as AddressInfo)))
  return {
    url,
    get requests() {
      return requests
    },
  }
}

/** A client that ends with the test. What it warns of is an error unless `warn` is given. */
export function remote(url: string, options: Partial<RemoteOptions> = {}): Remote {
  const opened = openRemote({
    url,
    write: true,
    warn: (error) => {
      throw error
    },
    ...options,
  })
  onTestFinished(() => opened.close())
  return opened
}

async function listening(start: (listener: (info: AddressInfo) => void) => unknown): Promise<{ url: string }> {
  const port = await new Promise<number>((resolve) => {
    const server = start(({ port: own }) => resolve(own)) as Server
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
  })
  return { url: `http://127.0.0.1:${port}` }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
