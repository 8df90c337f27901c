import { ImagemillError } from '../errors.ts'
import { resolveOptions, type Options } from '../plugin/options.ts'
import { cacheFolder } from '../store/cache-folder.ts'
import { UsageError, count } from './arguments.ts'

/** Options of every command that makes images. */
export const ENGINE_OPTIONS = {
  cache: { type: 'string' },
  store: { type: 'string' },
  'store-write': { type: 'boolean' },
  concurrency: { type: 'string' },
  memory: { type: 'string' },
  pixels: { type: 'string' },
  timeout: { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
} as const

export const ENGINE_HELP = `  --cache <dir>        folder of the cache (node_modules/.cache/imagemill beside the nearest package.json)
  --store <url>        a store that machines share (IMAGEMILL_STORE); IMAGEMILL_STORE_TOKEN and _SECRET are in the environment
  --store-write        what is made is sent there
  --concurrency <n>    images worked on at a time (the CPUs available)
  --memory <size>      decoded images held at a time, such as 1gb (a quarter of the memory available)
  --pixels <n>         most pixels of an image (100000000)
  --timeout <ms>       most time for one output (60000)
  -q, --quiet          no progress and no warnings on standard error`

export interface EngineValues {
  cache?: string | undefined
  store?: string | undefined
  'store-write'?: boolean | undefined
  concurrency?: string | undefined
  memory?: string | undefined
  pixels?: string | undefined
  timeout?: string | undefined
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
  const { cache, memory, quiet = false } = values
  const remote = values.store ?? (process.env['IMAGEMILL_STORE'] || undefined)
  if (values['store-write'] && remote === undefined) throw new UsageError('--store-write needs --store')
  const store = remote === undefined ? undefined : { remote, write: values['store-write'] }
  const [concurrency, pixels, timeout] = (['concurrency', 'pixels', 'timeout'] as const).map((name) => count(values[name], name))
  try {
    const options = resolveOptions({ store, concurrency, memory, cache: { dir: cache }, limits: { pixels, timeout } })
    return { options, folder: cacheFolder(process.cwd(), cache), quiet }
  } catch (error) {
    if (error instanceof ImagemillError) throw new UsageError(error.reason, { cause: error })
    throw error
  }
}
