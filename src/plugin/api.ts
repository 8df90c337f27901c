import { join, resolve } from 'node:path'
import type { Pipeline, PlannedFact, PlannedOutput } from '../pipeline.ts'
import type { Plan } from '../query/plan.ts'
import type { BuildJob } from '../contract/build-job.ts'
import type { ImagemillError } from '../errors.ts'
import type { Request } from '../query/request.ts'
import type { Source } from '../types.ts'
import { cacheFolder } from '../store/cache-folder.ts'
import type { ChunkGraph } from './entries.ts'
import { openBuildJobs, type BuildJobs } from './build-jobs.ts'
import { openChanges, type Changes } from './changes.ts'
import { openPosts, type Posts } from './webhooks.ts'
import { pipelineOf } from './open.ts'
import type { Options } from './options.ts'
import { openReport, type Report } from './report.ts'
import { TYPES_FILE, openTypesFile, typesHome, type TypesFile } from './types.ts'

/** One request as an environment loaded it. */
export interface Job {
  /** Path and canonical query: its name in the manifest. */
  name: string
  /** The query as it was written, to say in an error. */
  written: string
  request: Request
  source: Source
  plan: Plan
}

/** What the parts of the plugin share; one per instance, so that two builds in one process do not meet. */
export interface Api {
  options: Options
  report: Report
  /** What is being made, and what was made last. */
  jobLog: BuildJobs
  /** Whether anyone looks at `jobLog`: most builds are done sooner without. */
  tracksJobs: boolean
  /** Whether it goes on after its images are made, as a dev server does. */
  lasts: boolean
  posts: Posts
  /** Opened by the first image, when the root is known. */
  pipeline(root: string): Pipeline
  /** The pipeline, if there was an image. */
  openedPipeline(): Pipeline | undefined
  /** Every output that was planned, by key: what a token or a dev address stands for. */
  outputs: Map<string, Deliverable>
  /** Every request, by its name. */
  jobs: Map<string, Job>
  /** What each file id stands for: an output under the name of one of the files that it can be made from. */
  files: Map<string, { key: string; name: string }>
  /** Every question that was planned, by its id: what a token stands for. */
  facts: Map<string, PlannedFact & { written: string; missing?: boolean }>
  /** File ids of what each style sheet shows, by the id of its module. */
  inSheets: Map<string, Set<string>>
  /** What workers use: they are bundled apart, but their images are files of the page's build. */
  inWorkers: Used
  /** What servers use that leave their files to the client's build. */
  onServer: Used
  /** The client's build, once it is on disk. */
  client?: { folder: string; used: Used; graph: ChunkGraph | undefined }
  /** Ids of the modules of a file, on the dev server. */
  watched: Map<string, Set<string>>
  /** Files of images that pages name in their own markup, on the dev server. */
  onPages: Set<string>
  /** Of the dev server, once there is one. */
  watcher?: { add(file: string): unknown }
  /** First importer of each file and query as written, to say in an error where it was asked for. */
  importers: Map<string, string>
  /** All of them. */
  imported: Map<string, Set<string>>
  /** What could not be planned, by file and query as written. */
  unplanned: Map<string, Unplanned>
  changes: Changes
  /** The file with the types of imports; undefined where none is wanted. */
  types(root: string): TypesFile | undefined
}

/** A request that failed before anything was known of it. */
export interface Unplanned {
  file: string
  path: string
  query: string
  error: ImagemillError
}

/** An output, or in its place the source itself when `onError: 'warn'` let a failure pass. */
export type Deliverable = PlannedOutput & { name: string; original?: boolean; error?: ImagemillError }

/** The outputs that are left in the code of a bundle. */
export interface Used {
  /** Names of emitted files, by file id. */
  files: Map<string, string>
  /** Keys of the outputs whose bytes are in the code itself. */
  inlined: Set<string>
  /** Ids of the answers that are in the code itself. */
  facts: Set<string>
  /** File ids, and keys of inlined outputs, that each chunk, page and style sheet names. */
  hosts: Map<string, Set<string>>
}

export function nothingUsed(): Used {
  return { files: new Map(), inlined: new Set(), facts: new Set(), hosts: new Map() }
}

export function createApi(options: Options): Api {
  let pipeline: Pipeline | undefined
  let types: { file: TypesFile | undefined } | undefined
  const warn = (message: string): void => report.warn(message)
  const posts = openPosts(options.webhooks, warn)
  const onJob = (job: BuildJob): unknown => {
    posts.job(job)
    return options.onJob?.(job)
  }
  const changes = openChanges()
  const jobLog = openBuildJobs(onJob, warn, changes.tell)
  const { html, json } = options.report
  const report: Report = openReport(
    options.logLevel,
    (planned, making) => {
      if (api.tracksJobs) jobLog.track(planned, making)
    },
    (planned) => askedName(planned, api),
  )
  const api: Api = {
    options,
    report,
    jobLog,
    lasts: false,
    tracksJobs: [options.onJob, options.webhooks, html, json].some((listener) => listener !== undefined),
    posts,
    pipeline: (root) =>
      (pipeline ??= pipelineOf(options, cacheFolder(root, options.cache.dir), {
        warn: (error) => report.warn(error.message),
        ...(api.lasts && { onBack: (message) => report.info(message) }),
      })),
    openedPipeline: () => pipeline,
    outputs: new Map(),
    jobs: new Map(),
    files: new Map(),
    facts: new Map(),
    inSheets: new Map(),
    inWorkers: nothingUsed(),
    onServer: nothingUsed(),
    watched: new Map(),
    onPages: new Set(),
    importers: new Map(),
    imported: new Map(),
    unplanned: new Map(),
    changes,
    types: (root) => (types ??= { file: typesFile(root, options) }).file,
  }
  return api
}

/** An output by who asks for it, as it is written, and by its own name. */
function askedName({ source, output, name }: PlannedOutput & { name: string }, { jobs }: Pick<Api, 'jobs'>): string {
  const file = `${name}.${output.encoding.format}`
  for (const job of jobs.values()) {
    if (job.source.file !== source.file || !job.plan.outputs.some(({ key }) => key === output.key)) continue
    const { query } = job.request
    return `${query === '' ? job.name : job.name.slice(0, -query.length - 1)}?${job.written} (${file})`
  }
  return file
}

/** Remembers who asks for an image, to say so in errors and in the inspector. */
export function noteImporter(
  { importers, imported, changes }: Pick<Api, 'importers' | 'imported' | 'changes'>,
  image: string,
  importer: string,
): void {
  if (!importers.has(image)) importers.set(image, importer)
  const known = imported.get(image)
  if (known?.has(importer)) return
  imported.set(image, (known ?? new Set()).add(importer))
  changes.tell(image)
}

/** Unless told otherwise, a project has types when it is checked by TypeScript. */
function typesFile(root: string, options: Options): TypesFile | undefined {
  const { types, cache, attributes } = options
  if (types === false) return undefined
  const home = typesHome(root) ?? (types === true ? root : undefined)
  const path = typeof types === 'string' ? resolve(root, types) : home && join(home, TYPES_FILE)
  const temp = join(cacheFolder(root, cache.dir), 'types')
  return path === undefined ? undefined : openTypesFile({ path, root, temp, names: options, attributes })
}
