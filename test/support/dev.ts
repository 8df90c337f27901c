import { readFileSync, readdirSync } from 'node:fs'
import { imagemill, type ImagemillOptions } from 'imagemill'
import { onTestFinished } from 'vitest'
import type * as vite from 'vite'
import { VITES, type ViteName } from './build.ts'
import { send, type Answer } from './http.ts'

export interface Dev {
  server: vite.ViteDevServer
  /** Origin, such as `http://127.0.0.1:5173`. */
  origin: string
  /** Everything that was printed. */
  log: string[]
  get(path: string, init?: Parameters<typeof send>[2]): Promise<Answer>
  /** What a module of the dev server exports, evaluated here. */
  module(path: string): Promise<Record<string, unknown>>
  close(): Promise<void>
}

export interface DevSettings {
  version?: ViteName
  options?: ImagemillOptions
  config?: vite.InlineConfig
}

/** A dev server on a free port, closed when the test is over. */
export async function startDev(root: string, settings: DevSettings = {}): Promise<Dev> {
  const { server, log } = await createDev(root, settings)
  await server.listen()
  const { origin } = new URL(server.resolvedUrls?.local[0] ?? '')
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= server.close())
  onTestFinished(close)
  const get: Dev['get'] = (path, init) => send(origin, path, init)
  return { server, origin, log, get, close, module: async (path) => evaluate(await get(path)) }
}

export async function createDev(
  root: string,
  { version = 'vite 8', options = {}, config = {} }: DevSettings,
): Promise<{ server: vite.ViteDevServer; log: string[] }> {
  const log: string[] = []
  const note = (message: string): void => void log.push(message)
  const inline: vite.InlineConfig = {
    configFile: false,
    customLogger: {
      info: note,
      warn: note,
      warnOnce: note,
      error: note,
      clearScreen: () => undefined,
      hasErrorLogged: () => false,
      hasWarned: false,
    },
    optimizeDeps: { noDiscovery: true, include: [] },
    ...config,
    server: { host: '127.0.0.1', port: 0, ...config.server },
    root,
    plugins: [imagemill(options), ...(config.plugins ?? [])],
  }
  // The three versions describe the same configuration in types that are not assignable to each other.
  return { server: await (VITES[version].createServer as typeof vite.createServer)(inline), log }
}

export async function evaluate({ status, text }: Answer): Promise<Record<string, unknown>> {
  if (status !== 200) throw new Error(`the module answered ${status}: ${text}`)
  const module: Record<string, unknown> = await import(`data:text/javascript,${encodeURIComponent(text)}`)
  return module
}

/** Worker processes of the plugin that this process has started and that still run. */
export function workerProcesses(pid = process.pid): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((id) => {
      try {
        return id > 0 && parentOf(id) === pid && readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('engine/worker.js')
      } catch {
        // The process ended while it was looked at.
        return false
      }
    })
}

/** Those that were not there before; a build in this process may have left some that end by themselves. */
export function newWorkers(before: readonly number[]): number[] {
  return workerProcesses().filter((pid) => !before.includes(pid))
}

function parentOf(pid: number): number {
  return Number(
    readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[1],
  )
}

/** The addresses in the `outputs` of an image module. */
export function addresses({ outputs }: Record<string, unknown>): string[] {
  if (!Array.isArray(outputs)) throw new TypeError('the module exports no list of outputs')
  return outputs.map(({ path }: { path: string }) => path)
}

/** Waits until something is true; how long it takes is not what the test is about. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, patience = 20_000): Promise<void> {
  const end = Date.now() + patience
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`still not so: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
