import { availableParallelism } from 'node:os'
import { cgroupCpus, memoryLimit } from '../machine.ts'
import type { Attributes } from '../module/image.ts'
import type { RemoteOptions } from '../source/remote-options.ts'
import type { Query } from '../query/written.ts'
import type { BuildJob } from '../contract/build-job.ts'
import { budgetsOf, type Budget, type BudgetOptions } from './budget-options.ts'
import { queriesOf, type OptionQueries } from './option-queries.ts'
import { FILE_NAME, SIZE, bytesOf, fields, fileNameOf, port, positiveInteger, read } from './option-values.ts'
import { matcher, type PathPattern } from './path-patterns.ts'
import { reportNamesOf, type ReportNames, type ReportOptions } from './report-options.ts'
import { remoteOf } from './remote-options.ts'
import type { ShapeFunction } from './shape-functions.ts'
import { queueOf, storeOf, type QueueOptions, type SharedQueue, type SharedStore, type StoreOptions } from './shared-options.ts'
import { webhookOf, type Webhook, type WebhookOptions } from './webhook-options.ts'

/** Options of the plugin; all of them can be left out. */
export interface ImagemillOptions {
  /** Image files to take: globs below the project's root, or expressions for such a path with `/`. @default every image */
  include?: PathPattern | readonly PathPattern[]
  /** Image files to leave alone. @default none */
  exclude?: PathPattern | readonly PathPattern[]
  /**
   * Directives that every request has unless its query says otherwise. With them an image import without a query is
   * a request too. A function is given the path of the file below the root, and what the import asks for. @default none
   */
  defaults?: Query | ((file: string, query: URLSearchParams) => Query | undefined)
  /** Named queries, used as `?preset=name`. @default {} */
  presets?: Readonly<Record<string, Query>>
  /**
   * Media conditions by name, such as `{ phone: '(max-width: 600px)' }`, for what a query says of some screens alone:
   * `phone.aspect=1:1`. The first one that matches wins. @default {}
   */
  breakpoints?: Readonly<Record<string, string>>
  /**
   * What `as=name` exports, by name: a function of the image that answers plain data; `as=name:a;b` gives it `args`.
   * Addresses are texts to be passed on whole or within a longer text: in a build they stand for what is known later.
   * @default {}
   */
  shapes?: Readonly<Record<string, ShapeFunction>>
  /**
   * What `transform=name:value` does to the pixels, by name: the path of a module from the root, or a package. Its default
   * export is `(image, { value, width, height }) => image`, with images of sharp; it runs in the processes that make them.
   * The text of the module is part of what the cache knows an image by, that of other modules it imports is not. @default {}
   */
  transforms?: Readonly<Record<string, string>>
  /** How `img` and `sources` write attributes: React says `srcSet` where HTML says `srcset`. @default 'html' */
  attributes?: Attributes
  cache?: {
    /** Folder of the store, from the project's root. @default 'node_modules/.cache/imagemill' beside the nearest package.json */
    dir?: string
    /** Most bytes that are kept, as a number or such as '500mb'. @default '2gb' */
    maxSize?: number | string
  }
  /** A store that machines share over HTTP. @default none */
  store?: StoreOptions
  /** Work is done by `imagemill worker` on any number of machines; needs `store`. @default processes of this machine */
  queue?: QueueOptions
  /** Most images worked on at a time, each in a process of its own. @default the CPUs available, cgroup limits counted */
  concurrency?: number
  /** Most bytes of decoded images held at a time, as a number or such as '1gb'. @default a quarter of the memory available */
  memory?: number | string
  limits?: {
    /** Most px of a source or an output, all frames together. @default 100_000_000 */
    pixels?: number
    /** Most time for one output, in ms; then its process is stopped. @default 60_000 */
    timeout?: number
  }
  /** Whether `.vite/imagemill.json`, the record of every file, is written into the build; or another name for it. @default true */
  manifest?: boolean | string
  /**
   * Whether `imagemill.d.ts`, with the exact type of every image import, is kept up to date; or another name for it.
   * @default true where there is a tsconfig.json
   */
  types?: boolean | string
  /** What is printed. @default 'info' */
  logLevel?: 'info' | 'warn' | 'error' | 'silent'
  /**
   * What happens when a file of the build, or of Vite's `public` folder, says where a picture was taken: nothing, one
   * warning, or an error that names every such file. @default 'warn'
   */
  privacy?: 'off' | 'warn' | 'error'
  /**
   * Images of other servers, as in `import hero from 'https://cdn.example/hero.jpg?w=320'`: each is fetched once in a
   * build and kept in the store. @default none are
   */
  remote?: {
    /** Which addresses may be asked for, redirects included, such as `https://cdn.example/**`. `*` is a part of a host or a path, `**` several. */
    allow: string | readonly string[]
    /** Whether addresses of this machine and of private networks may be asked, as those of an intranet. @default false */
    allowPrivate?: boolean
    /** What an image may be, besides JPEG, PNG, WebP and GIF. @default [] */
    formats?: readonly ('avif' | 'svg' | 'tiff')[]
    /** Most bytes of one image, as a number or such as '20mb'. @default '50mb' */
    maxSize?: number | string
    /** Most time for one image, in ms. @default 30_000 */
    timeout?: number
  }
  /** Whether an image that cannot be made fails the build, or is replaced by its source with a warning. @default 'fail' */
  onError?: 'fail' | 'warn'
  /**
   * Told of every output that is made, when that begins and when it has ended. Nothing waits for it, and what it throws is
   * a warning. @default nothing
   */
  onJob?: (job: BuildJob) => unknown
  /**
   * Whether `.vite/imagemill-report.html` and `.json` are written into the build: what it came to, for people and for
   * programs; or which of them, and their names. @default false
   */
  report?: boolean | ReportOptions
  /**
   * Whether the pages of the dev server list their images: which candidate the browser chose, how many bytes of it this
   * screen cannot show, and what to write instead. @default false
   */
  overlay?: boolean
  /** What the images of a build may weigh. @default [] */
  budgets?: readonly BudgetOptions[]
  /** Where the end of every build, or of every output, is posted. Nothing waits for it; a message that is not taken is a warning. @default nowhere */
  webhooks?: WebhookOptions
  /** Port of 127.0.0.1 at which `vite build --watch` shows its jobs, below `/__imagemill/api`. @default a free one, which is printed */
  jobsPort?: number
}

export type LogLevel = NonNullable<ImagemillOptions['logLevel']>

/** Options with nothing left open. */
export interface Options extends OptionQueries {
  matches(path: string): boolean
  attributes: Attributes
  cache: { dir: string | undefined; maxSize: number }
  store: SharedStore | undefined
  queue: SharedQueue | undefined
  concurrency: number
  memory: number
  limits: { pixels: number; timeout: number }
  manifest: string | undefined
  types: boolean | string | undefined
  logLevel: LogLevel
  privacy: 'off' | 'warn' | 'error'
  remote: RemoteOptions | undefined
  onError: 'fail' | 'warn'
  onJob: ((job: BuildJob) => unknown) | undefined
  overlay: boolean
  report: ReportNames
  budgets: readonly Budget[]
  webhooks: Webhook | undefined
  jobsPort: number
}

const MANIFEST = '.vite/imagemill.json'

/** Settles options once: unknown names and wrong values are refused, everything else is filled in. */
export function resolveOptions(input: unknown = {}): Options {
  const raw = fields(input, '', [
    'include',
    'exclude',
    'defaults',
    'presets',
    'breakpoints',
    'shapes',
    'transforms',
    'attributes',
    'cache',
    'store',
    'queue',
    'concurrency',
    'memory',
    'limits',
    'manifest',
    'types',
    'logLevel',
    'privacy',
    'remote',
    'onError',
    'onJob',
    'overlay',
    'report',
    'budgets',
    'webhooks',
    'jobsPort',
  ])
  const cache = fields(raw['cache'] ?? {}, 'cache.', ['dir', 'maxSize'])
  const limits = fields(raw['limits'] ?? {}, 'limits.', ['pixels', 'timeout'])
  const store = storeOf(raw['store'])
  return {
    matches: matcher(raw['include'], raw['exclude']),
    ...queriesOf(raw),
    attributes:
      read(raw['attributes'], 'attributes', "'html' or 'react'", (value) => (['html', 'react'] as const).find((word) => word === value)) ??
      'html',
    cache: {
      dir: read(cache['dir'], 'cache.dir', 'a path', (value) => (typeof value === 'string' && value !== '' ? value : undefined)),
      maxSize: read(cache['maxSize'], 'cache.maxSize', SIZE, bytesOf) ?? 2e9,
    },
    store,
    queue: queueOf(raw['queue'], store),
    concurrency:
      read(raw['concurrency'], 'concurrency', 'a whole number of at least 1', positiveInteger) ??
      Math.min(availableParallelism(), cgroupCpus()),
    memory: read(raw['memory'], 'memory', SIZE, bytesOf) ?? Math.max(256e6, memoryLimit() / 4),
    limits: {
      pixels: read(limits['pixels'], 'limits.pixels', 'a whole number of at least 1', positiveInteger) ?? 100_000_000,
      timeout: read(limits['timeout'], 'limits.timeout', 'a number of ms of at least 1', positiveInteger) ?? 60_000,
    },
    manifest: manifestName(raw['manifest']),
    types: read(raw['types'], 'types', 'true, false or the name of a .d.ts file', typesName),
    logLevel:
      read(raw['logLevel'], 'logLevel', 'info, warn, error or silent', (value) =>
        (['info', 'warn', 'error', 'silent'] as const).find((level) => level === value),
      ) ?? 'info',
    privacy:
      read(raw['privacy'], 'privacy', "'off', 'warn' or 'error'", (value) =>
        (['off', 'warn', 'error'] as const).find((word) => word === value),
      ) ?? 'warn',
    remote: remoteOf(raw['remote']),
    onError:
      read(raw['onError'], 'onError', "'fail' or 'warn'", (value) => (['fail', 'warn'] as const).find((word) => word === value)) ?? 'fail',
    overlay: read(raw['overlay'], 'overlay', 'true or false', (value) => (typeof value === 'boolean' ? value : undefined)) ?? false,
    report: reportNamesOf(raw['report']),
    budgets: budgetsOf(raw['budgets']),
    webhooks: webhookOf(raw['webhooks']),
    jobsPort: read(raw['jobsPort'], 'jobsPort', 'a port from 0 to 65535', port) ?? 0,
    onJob: read(raw['onJob'], 'onJob', 'a function', (value) => (isJobFunction(value) ? value : undefined)),
  }
}

function typesName(value: unknown): boolean | string | undefined {
  return typeof value === 'boolean' || (typeof value === 'string' && value.endsWith('.d.ts')) ? value : undefined
}

function manifestName(value: unknown): string | undefined {
  if (value === false) return undefined
  if (value === undefined || value === true) return MANIFEST
  return read(value, 'manifest', `true, false or ${FILE_NAME}`, fileNameOf)
}

function isJobFunction(value: unknown): value is (job: BuildJob) => unknown {
  return typeof value === 'function'
}
