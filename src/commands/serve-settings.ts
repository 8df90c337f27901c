import { readArguments } from './arguments.ts'
import { flag, readSettings, size, text, time, whole, type ValuesOf } from './settings.ts'

const DAY = 86_400_000

export const SETTINGS = {
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

/** What `serve` was told, from wherever. */
export type Values = ValuesOf<typeof SETTINGS>

/** The file of settings, where no other is named. */
export const CONFIG = 'imagemill.config.json'

export function settingsOf(args: readonly string[]): Values {
  const flags = Object.fromEntries(
    Object.entries<(typeof SETTINGS)[keyof typeof SETTINGS]>(SETTINGS).map(([name, setting]) => [
      name,
      { type: setting.value === '' ? ('boolean' as const) : ('string' as const), multiple: 'list' in setting },
    ]),
  )
  const { values } = readArguments(args, { ...flags, config: { type: 'string' } })
  const { config, ...given } = values
  return settingsFrom(given, typeof config === 'string' ? config : undefined)
}

/** Some flags, and the environment and the file for the rest: so other commands know the service that they are about. */
export function settingsFrom(flags: Readonly<Record<string, unknown>>, config: string | undefined): Values {
  const path = config ?? process.env['IMAGEMILL_CONFIG'] ?? CONFIG
  return readSettings(SETTINGS, { flags, env: process.env, file: { path, required: path !== CONFIG } })
}
