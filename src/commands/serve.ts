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
import { UsageError, readArguments } from './arguments.ts'
import { print } from './run-jobs.ts'
import { flag, readSettings, settingsHelp, size, text, time, whole, type ValuesOf } from './settings.ts'
import { version } from './version.ts'

const DAY = 86_400_000

const SETTINGS = {
  dir: { ...text, value: '<dir>', summary: 'folder of the sources that jobs name by path (none: uploads only)' },
  out: { ...text, value: '<dir>', summary: 'folder for jobs, uploads and results (.imagemill-service)', fallback: '.imagemill-service' },
  host: { ...text, value: '<name>', summary: 'address to listen on (127.0.0.1)', fallback: '127.0.0.1' },
  port: { ...whole(0, 65_535), value: '<n>', summary: 'port to listen on; 0 takes a free one (8080)', fallback: 8080 },
  'public-url': { ...text, value: '<url>', summary: 'what addresses of results begin with (http://<host>:<port>)' },
  'api-key': { ...text, value: '<key>', summary: 'key that requests must have as X-API-Key; several may be given', list: true },
  cors: { ...text, value: '<origin>', summary: 'origin of pages that may use the service; several may be given', list: true },
  'allow-remote': {
    ...text,
    value: '<pattern>',
    summary: 'addresses of sources, as https://cdn.example/**; several may be given',
    list: true,
  },
  'allow-private': { ...flag, value: '', summary: 'sources may be of this machine and of private networks', fallback: false },
  'allow-private-webhooks': { ...flag, value: '', summary: 'webhooks may go to this machine and to private networks', fallback: false },
  'queue-limit': { ...whole(1), value: '<n>', summary: 'most jobs that wait (2500)', fallback: 2500 },
  'poll-limit': { ...whole(1), value: '<n>', summary: 'polls a second that each client may make (5)', fallback: 5 },
  attempts: { ...whole(1, 10), value: '<n>', summary: 'how often a job is tried whose failure may not last (3)', fallback: 3 },
  'max-upload': { ...size, value: '<size>', summary: 'most bytes of an uploaded image (64mb)', fallback: 64e6 },
  'max-body': { ...size, value: '<size>', summary: 'most bytes of JSON (1mb)', fallback: 1e6 },
  'request-timeout': { ...time, value: '<time>', summary: 'most time for a request to come in (60s)', fallback: 60_000 },
  'result-ttl': { ...time, value: '<time>', summary: 'how long results are kept (24h)', fallback: DAY },
  'results-size': { ...size, value: '<size>', summary: 'most bytes of results; the oldest go first (10gb)', fallback: 10e9 },
  'shutdown-grace': {
    ...time,
    value: '<time>',
    summary: 'time for work to end after SIGTERM; the rest is done next time (10s)',
    fallback: 10_000,
  },
  cache: { ...text, value: '<dir>', summary: 'folder of the cache (node_modules/.cache/imagemill beside the nearest package.json)' },
  store: { ...text, value: '<url>', summary: 'a store that machines share; IMAGEMILL_STORE_TOKEN and _SECRET are in the environment' },
  'store-write': { ...flag, value: '', summary: 'what is made is sent there', fallback: false },
  redis: { ...text, value: '<url>', summary: 'work is done by `imagemill worker` on any number of machines; needs --store' },
  'allow-forgetful': { ...flag, value: '', summary: 'a Redis may be used that loses jobs', fallback: false },
  share: { ...text, value: '<dir>', summary: 'is the store that machines share, at /ac and /cas, kept in a folder of its own' },
  'share-token': { ...text, value: '<token>', summary: 'what readers of it show as Authorization: Bearer (everyone may read)' },
  'share-write-token': { ...text, value: '<token>', summary: 'what writers of it show (nobody may write)' },
  concurrency: { ...whole(1), value: '<n>', summary: 'images worked on at a time (the CPUs available)' },
  memory: { ...size, value: '<size>', summary: 'decoded images held at a time (a quarter of the memory available)' },
  pixels: { ...whole(1), value: '<n>', summary: 'most pixels of an image (100000000)' },
  timeout: { ...whole(1), value: '<ms>', summary: 'most time for one output (60000)' },
  quiet: { ...flag, value: '', summary: 'no log on standard error', fallback: false },
} as const

type Values = ValuesOf<typeof SETTINGS>

const CONFIG = 'imagemill.config.json'

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

function settingsOf(args: readonly string[]): Values {
  const flags = Object.fromEntries(
    Object.entries<(typeof SETTINGS)[keyof typeof SETTINGS]>(SETTINGS).map(([name, setting]) => [
      name,
      { type: setting.value === '' ? ('boolean' as const) : ('string' as const), multiple: 'list' in setting },
    ]),
  )
  const { values } = readArguments(args, { ...flags, config: { type: 'string' } })
  const { config, ...given } = values
  const path = typeof config === 'string' ? config : (process.env['IMAGEMILL_CONFIG'] ?? CONFIG)
  return readSettings(SETTINGS, { flags: given, env: process.env, file: { path, required: path !== CONFIG } })
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
