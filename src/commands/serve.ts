import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { ImagemillError } from '../errors.ts'
import { resolveOptions, type Options } from '../plugin/options.ts'
import { pipelineOf } from '../plugin/open.ts'
import { requireRedis } from '../queue/bullmq/connect.ts'
import type { LogLine } from '../service/context.ts'
import { listen } from '../service/server.ts'
import { openService, type ServiceOptions } from '../service/service.ts'
import { storeRoutes } from '../service/store-routes.ts'
import { cacheFolder } from '../store/cache-folder.ts'
import { UsageError } from './arguments.ts'
import { print } from './run-jobs.ts'
import { CONFIG, SETTINGS, settingsOf, type Values } from './serve-settings.ts'
import { settingsHelp } from './settings.ts'
import { version } from './version.ts'

export const help = `Usage: imagemill serve --dir <dir> [options]

Takes jobs over HTTP, does them, and hands out their results. Prints its address when it listens; the log is on standard
error, a line of JSON for each event. A job that was taken is done, whatever happens to the process meanwhile.

${settingsHelp(SETTINGS)}
  --config <file>            file of these settings as JSON (${CONFIG}, where there is one)

Every setting may also be in the environment, as IMAGEMILL_API_KEY is: a key does not belong into a list of processes.

  imagemill serve --dir photos --port 8080
`

/** Work makes way for answers: who asks for a status is not kept waiting by an encode. */
const NICENESS = 5

export async function run(args: readonly string[]): Promise<number> {
  const values = settingsOf(args)
  const log = values.quiet ? () => undefined : logTo(process.stderr)
  const publicUrl = publicUrlOf(values['public-url'])
  const options = engineOf(values)
  // What a person has to change is told before the first job is taken.
  if (options.queue) await requireRedis(options.queue)
  const cache = cacheFolder(process.cwd(), values.cache)
  const pipeline = pipelineOf(options, cache, {
    warn: ({ message }) => log({ level: 'warn', message }),
    onBack: (message) => log({ level: 'info', message }),
    niceness: NICENESS,
  })
  let url = `http://${values.host}:${values.port}`
  const service = await openService({
    ...serviceOptions(values, options),
    pipeline,
    cache,
    hosts: hostsOf(values, publicUrl),
    origin: () => publicUrl ?? url,
    log,
  })
  const stopped = stopSignal()
  const server = await listen(service.app, { host: values.host, port: values.port, requestTimeout: values['request-timeout'] })
  ;({ url } = server)
  log({ level: 'info', message: 'listening', url, pid: process.pid })
  for (const message of warningsOf(values)) log({ level: 'warn', message })
  await print(`${publicUrl ?? url}\n`)

  const signal = await stopped
  const grace = values['shutdown-grace']
  log({ level: 'info', message: 'closing', signal, ...service.jobs.counts() })
  await Promise.all([server.close(grace), service.close(grace)])
  const { queued, running } = service.jobs.counts()
  await pipeline.close()
  log({ level: 'info', message: 'closed', kept: queued + running })
  return 0
}

/** What is the same as for the plugin is settled by the same rules. */
function engineOf(values: Values): Options {
  const { concurrency, memory, pixels, timeout, store, redis } = values
  const allow = values['allow-remote']
  if (store === undefined && (redis !== undefined || values['store-write']))
    throw new UsageError(`--${redis === undefined ? 'store-write' : 'redis'} needs --store`)
  try {
    return resolveOptions({
      concurrency,
      memory,
      limits: { pixels, timeout },
      ...(store !== undefined && { store: { remote: store, write: values['store-write'] || redis !== undefined } }),
      ...(redis !== undefined && { queue: { redis, allowForgetful: values['allow-forgetful'] } }),
      ...(allow.length > 0 && { remote: { allow, allowPrivate: values['allow-private'] } }),
    })
  } catch (error) {
    if (error instanceof ImagemillError) throw new UsageError(error.reason, { cause: error })
    throw error
  }
}

type Given = Omit<ServiceOptions, 'pipeline' | 'cache' | 'hosts' | 'origin' | 'log'>

function serviceOptions(values: Values, { concurrency, remote }: Options): Given {
  const { share } = values
  const dir = values.dir === undefined ? undefined : resolve(values.dir)
  if (dir !== undefined && !statSync(dir, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--dir ${values.dir} is not a folder`)
  return {
    dir,
    out: resolve(values.out),
    // Reading, planning and writing of some goes on while others are encoded.
    lanes: 2 * concurrency + 2,
    encoders: concurrency,
    queueLimit: values['queue-limit'],
    attempts: values.attempts,
    limits: { json: values['max-body'], upload: values['max-upload'] },
    webhooks: { secret: process.env['IMAGEMILL_WEBHOOK_SECRET'] || undefined, allowPrivate: values['allow-private-webhooks'] },
    allowsSource: (url) => remote?.allows(url) === true,
    pollLimit: values['poll-limit'],
    resultLifetime: values['result-ttl'],
    resultsSize: values['results-size'],
    keys: values['api-key'],
    origins: values.cors,
    version: version(),
    ...(share !== undefined && {
      store: storeRoutes({ folder: resolve(share), token: values['share-token'], write: values['share-write-token'] }),
    }),
  }
}

function warningsOf(values: Values): string[] {
  const isOpen = values['api-key'].length === 0 && !isLoopback(values.host)
  const isUnsigned = !process.env['IMAGEMILL_WEBHOOK_SECRET']
  return [
    ...(isOpen ? ['the service is open to everyone who reaches it: set IMAGEMILL_API_KEY'] : []),
    ...(isUnsigned ? ['webhooks are not signed: set IMAGEMILL_WEBHOOK_SECRET, as whsec_ and 24 to 64 bytes in base64'] : []),
  ]
}

function publicUrlOf(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  if (/^https?:\/\/[^?#]+$/i.test(value) && URL.canParse(value)) return value.replace(/\/+$/, '')
  throw new UsageError(`invalid --public-url: expected an address that begins with http:// or https://, received ${JSON.stringify(value)}`)
}

/** A service for this machine alone is asked for by its own names; who opens it to others answers for their names. */
function hostsOf({ host }: Values, publicUrl: string | undefined): string[] | undefined {
  if (!isLoopback(host)) return undefined
  return publicUrl === undefined ? [] : [new URL(publicUrl).hostname]
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function stopSignal(): Promise<string> {
  return new Promise((resolveSignal) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolveSignal(name))
  })
}

function logTo(stream: NodeJS.WritableStream): (line: LogLine) => void {
  return ({ level, message, ...fields }) =>
    void stream.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`)
}
