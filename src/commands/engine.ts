import { ImagemillError } from '../errors.ts'
import { resolveOptions, type Options } from '../plugin/options.ts'
import { cacheFolder } from '../store/cache-folder.ts'
import { UsageError, count } from './arguments.ts'

/** Options of every command that makes images. */
export const ENGINE_OPTIONS = {
  cache: { type: 'string' },
  store: { type: 'string' },
  'store-write': { type: 'boolean' },
  redis: { type: 'string' },
  'allow-forgetful': { type: 'boolean' },
  concurrency: { type: 'string' },
  memory: { type: 'string' },
  pixels: { type: 'string' },
  timeout: { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
} as const

export const ENGINE_HELP = `  --cache <dir>        folder of the cache (node_modules/.cache/imagemill beside the nearest package.json)
  --store <url>        a store that machines share (IMAGEMILL_STORE); IMAGEMILL_STORE_TOKEN and _SECRET are in the environment
  --store-write        what is made is sent there
  --redis <url>        work is done by \`imagemill worker\` on any number of machines (IMAGEMILL_REDIS); needs --store
  --allow-forgetful    a Redis may be used that loses jobs: without an append-only file, or evicting keys
  --concurrency <n>    images worked on at a time (the CPUs available)
  --memory <size>      decoded images held at a time, such as 1gb (a quarter of the memory available)
  --pixels <n>         most pixels of an image (100000000)
  --timeout <ms>       most time for one output (60000)
  -q, --quiet          no progress and no warnings on standard error`

/** Options of commands whose jobs name their sources. */
export const JOB_OPTIONS = {
  ...ENGINE_OPTIONS,
  'allow-remote': { type: 'string', multiple: true },
  'allow-private': { type: 'boolean' },
} as const

export const JOB_HELP = `${ENGINE_HELP}
  --allow-remote <p>   addresses that an input may have, such as 'https://cdn.example/**'; again for more
  --allow-private      with it, addresses of this machine and of private networks, too`

export interface EngineValues {
  cache?: string | undefined
  store?: string | undefined
  'store-write'?: boolean | undefined
  redis?: string | undefined
  'allow-forgetful'?: boolean | undefined
  concurrency?: string | undefined
  memory?: string | undefined
  pixels?: string | undefined
  timeout?: string | undefined
  'allow-remote'?: string[] | undefined
  'allow-private'?: boolean | undefined
  quiet?: boolean | undefined
}

export interface Engine {
  options: Options
  /** Absolute path of the cache folder. */
  folder: string
  quiet: boolean
}

/** The settings of the engine from the arguments of a command; they mean what the options of the plugin mean. */
export function engineOf(values: EngineValues): Engine {
  const { cache, memory, quiet = false, 'allow-remote': allow, 'allow-private': allowPrivate } = values
  if (allowPrivate && !allow) throw new UsageError('--allow-private goes with --allow-remote')
  const shared = values.store ?? (process.env['IMAGEMILL_STORE'] || undefined)
  if (values['store-write'] && shared === undefined) throw new UsageError('--store-write needs --store')
  const redis = values.redis ?? (process.env['IMAGEMILL_REDIS'] || undefined)
  if (redis !== undefined && shared === undefined) throw new UsageError('--redis needs --store')
  const [concurrency, pixels, timeout] = (['concurrency', 'pixels', 'timeout'] as const).map((name) => count(values[name], name))
  try {
    const options = resolveOptions({
      // Workers get their sources from there.
      store: shared === undefined ? undefined : { remote: shared, write: values['store-write'] ?? redis !== undefined },
      queue: redis === undefined ? undefined : { redis, allowForgetful: values['allow-forgetful'] },
      concurrency,
      memory,
      cache: { dir: cache },
      limits: { pixels, timeout },
      remote: allow && { allow, allowPrivate },
    })
    return { options, folder: cacheFolder(process.cwd(), cache), quiet }
  } catch (error) {
    if (error instanceof ImagemillError) throw new UsageError(error.reason, { cause: error })
    throw error
  }
}
