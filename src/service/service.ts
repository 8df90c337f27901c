import { rm, readdir, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hono } from 'hono'
import type { Pipeline } from '../pipeline.ts'
import type { Machines } from '../queue/queue.ts'
import { createApp } from './app.ts'
import type { BodyLimits } from './body.ts'
import { openCleaner } from './clean.ts'
import type { Log, ServiceApp } from './context.ts'
import { deliver } from './deliver.ts'
import type { EndedJob } from './job.ts'
import { documentOf, postFunctions } from './functions-intake.ts'
import { openIdempotency } from './idempotency.ts'
import { openIntake } from './intake.ts'
import { openJobs, type Jobs, type JobsOptions } from './jobs.ts'
import { openJournal } from './journal.ts'
import type { LiveJob } from './live.ts'
import { openLimit, openPlaces } from './limits.ts'
import { lockFolder } from './lock.ts'
import { openMetrics, type Metrics } from './metrics.ts'
import type { Folders } from './paths.ts'
import { openWebhooks, type Webhooks } from './webhooks/webhooks.ts'
import { loadKey, openResults, type Results } from './results.ts'
import { viewOf } from './view.ts'
import { doJob } from './work.ts'

export interface ServiceOptions {
  pipeline: Pipeline
  /** Absolute path of the folder of sources; undefined where only uploads are taken. */
  dir: string | undefined
  /** Absolute path of the folder for jobs, uploads and results. */
  out: string
  /** Absolute path of the store. */
  cache: string
  /** Jobs under way at a time. */
  lanes: number
  /** Images worked on at a time. */
  encoders: number
  queueLimit: number
  attempts: number
  limits: BodyLimits
  webhooks: { secret: string | undefined; allowPrivate: boolean }
  /** Which images of other servers may be fetched. */
  allowsSource(url: URL): boolean
  /** The store that other machines share, where this service is one. */
  store?: Hono
  /** Polls a second that each client may make. */
  pollLimit: number
  /** How long results and what is known of their jobs are kept, in ms. */
  resultLifetime: number
  /** Most bytes of results. */
  resultsSize: number
  keys: readonly string[]
  /** Names that the service is known by besides those of this machine; undefined for any. */
  hosts: readonly string[] | undefined
  origins: readonly string[]
  version: string
  /** What addresses of the service begin with. */
  origin(): string
  log: Log
}

export interface Service {
  app: ServiceApp
  jobs: Jobs
  /** Ends what is under way, for so many ms; the rest is done after the next start. */
  close(grace_ms: number): Promise<void>
}

/** Held answers of one client. */
const HELD = 100

/** First pause before a job is tried again, in ms. */
const BACKOFF = 500

/** Jobs and all that belongs to them: from the folder that they are kept in to the routes by which they are reached. */
export async function openService(options: ServiceOptions): Promise<Service> {
  const { pipeline, out, log } = options
  const { folders, unlock } = await takeFolders(options)
  const metrics = openMetrics()
  const journal = await openJournal(folders.journal)
  const results = openResults({
    folder: folders.results,
    key: await loadKey(out),
    lifetime: options.resultLifetime,
    origin: options.origin,
    find: (id) => journal.ended(id),
  })
  const webhooks = await openOutbox(options)
  const jobs = await openJobs({
    ...options,
    ...ends({ folders, webhooks, results, metrics, log }),
    journal,
    work: worker(options, folders),
  })
  await removeLostUploads(folders.uploads, jobs)
  const idempotency = await openIdempotency(folders.keys)
  const cleaner = openCleaner({
    journal,
    idempotency,
    pipeline,
    results: folders.results,
    lifetime: options.resultLifetime,
    most: options.resultsSize,
    log,
  })
  const closing = new AbortController()
  const { limits } = options
  const intake = openIntake({
    jobs,
    folders,
    limits,
    idempotency,
    allowsSource: options.allowsSource,
    allowPrivateWebhooks: options.webhooks.allowPrivate,
  })
  const following = { view: viewOf(jobs, results), places: openPlaces(HELD), polls: openLimit(options.pollLimit), closing: closing.signal }
  const functions = { ...following, intake, jobs, addresses: results, limits, queueLimit: options.queueLimit }
  const app = createApp({
    ...following,
    intake,
    functions: {
      post: (c) => postFunctions(c, functions),
      get: async (c, id) => documentOf(id, functions).then(({ document, ended }) => c.json(document, ended ? 200 : 202)),
    },
    cancel: async (id) => (await jobs.cancel(id))?.end.status === 'cancelled',
    results,
    ...(options.store && { store: options.store }),
    metrics,
    gauges: () => ({ ...gaugesOf(jobs), ...gaugesOfOthers(pipeline.machines()), imagemill_webhooks_pending: webhooks.pending() }),
    machines: () => pipeline.machines(),
    doors: { hosts: options.hosts, origins: options.origins },
    keys: options.keys,
    version: options.version,
    origin: options.origin,
    log,
  })
  return {
    app,
    jobs,
    async close(grace_ms) {
      closing.abort()
      await cleaner.close()
      await jobs.close(grace_ms)
      await webhooks.close(grace_ms)
      await unlock()
    },
  }
}

async function takeFolders({ dir, out, cache }: ServiceOptions): Promise<{ folders: Folders; unlock(): Promise<void> }> {
  const folders: Folders = {
    dir,
    cache,
    journal: join(out, 'jobs'),
    uploads: join(out, 'uploads'),
    results: join(out, 'results'),
    keys: join(out, 'keys'),
  }
  for (const folder of [folders.uploads, folders.results]) await mkdir(folder, { recursive: true })
  return { folders, unlock: await lockFolder(out) }
}

/** How jobs are done. */
function worker({ pipeline, log }: ServiceOptions, folders: Folders): JobsOptions['work'] {
  return (job, { signal, progress }) =>
    doJob(job, { pipeline, folders, signal, progress, warn: (message) => log({ level: 'warn', message, job_id: job.id }) })
}

interface Ending {
  folders: Folders
  webhooks: Webhooks
  results: Results
  metrics: Metrics
  log: Log
}

/** What happens when jobs go on and end. */
function ends({ folders, webhooks, results, metrics, log }: Ending): Pick<JobsOptions, 'backoff' | 'onEnd' | 'onChange' | 'onError'> {
  return {
    backoff: BACKOFF,
    async onEnd(job) {
      await deliver(job, { webhooks, addresses: results })
      await rm(join(folders.uploads, job.id), { recursive: true, force: true })
    },
    onChange: (job) => tell(job, log, metrics),
    onError: (error) => log({ level: 'error', message: String(error) }),
  }
}

/** Messages of jobs that ended, until they are delivered; `imagemill webhooks` looks into the same folder. */
function openOutbox({ out, webhooks, log }: ServiceOptions): Promise<Webhooks> {
  return openWebhooks({
    folder: join(out, 'webhooks'),
    ...webhooks,
    onAttempt: ({ outcome, ...report }) =>
      log({ level: outcome === 'delivered' ? 'info' : 'warn', message: `webhook ${outcome}`, ...report }),
    onWarning: (error) => log({ level: 'warn', message: error instanceof Error ? error.message : String(error) }),
  })
}

function tell(job: LiveJob | EndedJob, log: Log, metrics: Metrics): void {
  if (!('end' in job)) return
  const { id, operation, queued_ms, end } = job
  const { status, started_ms, ended_ms, record, files } = end
  const times = { wait_s: (started_ms - queued_ms) / 1000, work_s: (ended_ms - started_ms) / 1000 }
  metrics.job(operation, status, { ...times, bytes: files.reduce((sum, { size_bytes }) => sum + size_bytes, 0) })
  log({
    level: status === 'failed' ? 'warn' : 'info',
    message: `job ${status}`,
    job_id: id,
    operation,
    ...times,
    attempts: end.attempts,
    ...(!record.success && { code: record.code, error: record.error }),
  })
}

function gaugesOf(jobs: Jobs): Record<string, number> {
  const { queued, running } = jobs.counts()
  return {
    imagemill_jobs_queued: queued,
    imagemill_jobs_running: running,
    imagemill_process_resident_memory_bytes: process.memoryUsage.rss(),
    imagemill_uptime_seconds: Math.round(process.uptime()),
  }
}

function gaugesOfOthers(machines: Machines | undefined): Record<string, number> {
  return machines ? { imagemill_workers: machines.workers } : {}
}

/** What was uploaded to a process that ended before the job was taken. */
async function removeLostUploads(folder: string, jobs: Jobs): Promise<void> {
  const known = new Set(jobs.list().map(({ id }) => id))
  for (const name of await readdir(folder)) if (!known.has(name)) await rm(join(folder, name), { recursive: true, force: true })
}
