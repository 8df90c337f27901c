import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ImagemillError } from '../errors.ts'
import { canonical, sha256 } from '../hash.ts'
import { refusePrivateHost } from '../net/public-address.ts'
import { isRemote } from '../query/remote.ts'
import { readBody, type BodyLimits } from './body.ts'
import type { ServiceContext } from './context.ts'
import { queuedResponse } from './documents.ts'
import { HttpError } from './http-error.ts'
import type { Idempotency } from './idempotency.ts'
import { newJobId, type AcceptedJob } from './job.ts'
import type { Jobs } from './jobs.ts'
import { escapes, type Folders } from './paths.ts'
import { readAsked, wrong, type Asked } from './validate.ts'

export interface IntakeOptions {
  jobs: Jobs
  folders: Folders
  limits: BodyLimits
  idempotency: Idempotency
  /** Which images of other servers may be fetched. */
  allowsSource(url: URL): boolean
  /** Whether addresses of this machine and of private networks may be told of the end of a job. */
  allowPrivateWebhooks: boolean
}

/** Where jobs come in. */
export interface Intake {
  /** The answer to a job that was posted. */
  post(c: ServiceContext, operation: string): Promise<Response>
  /** Takes a job that was read already; `digest` is that of all that was asked for. */
  take(
    c: ServiceContext,
    asked: Asked,
    more?: { id?: string; upload?: string; digest?: string; part?: number },
  ): Promise<{ job: AcceptedJob; replayed: boolean }>
}

const KEY = /^[\x21-\x7E]{1,255}$/

export function openIntake(options: IntakeOptions): Intake {
  const { jobs, folders, limits, idempotency, allowPrivateWebhooks } = options
  const take: Intake['take'] = async (c, asked, { id = newJobId(), upload, digest = '', part = 0 } = {}) => {
    checkSource(asked, upload, options)
    checkDelivery(asked, allowPrivateWebhooks)
    const job: AcceptedJob = {
      id,
      ...asked,
      endpoint: c.req.path,
      ...(upload !== undefined && { upload }),
      queued_ms: Date.now(),
    }
    const make = async (): Promise<AcceptedJob> => {
      if (await jobs.submit(job)) return job
      const { queued } = jobs.counts()
      throw new HttpError({
        status: 503,
        code: 'CONCURRENT_JOBS_EXCEEDED',
        message: `${queued} jobs wait, which is as many as may, or the service is closing`,
        retryAfter: Math.min(60, Math.max(1, Math.ceil(jobs.estimate(job.operation, job.weight) / 10))),
      })
    }
    const key = c.req.header('idempotency-key')
    if (key === undefined) return { job: await make(), replayed: false }
    if (!KEY.test(key))
      throw new HttpError({
        status: 400,
        code: 'IDEMPOTENCY_KEY_INVALID',
        message: 'expected 1 to 255 visible characters in the header Idempotency-Key',
      })
    const exists = async (earlier: string): Promise<AcceptedJob | undefined> => jobs.accepted(earlier)
    const all = sha256(canonical({ endpoint: job.endpoint, ...asked, digest }))
    const { answer, replayed } = await idempotency.once(
      { client: c.get('client'), key: `${part} ${key}`, digest: all, id },
      { exists, make },
    )
    return { job: answer, replayed }
  }

  return {
    take,
    async post(c, operation) {
      const id = newJobId()
      const folder = join(folders.uploads, id)
      let taken: { job: AcceptedJob; replayed: boolean } | undefined
      try {
        const { fields, upload } = await readBody(c, folder, limits)
        const asked = readAsked(operation, fields, upload?.name)
        taken = await take(c, asked, { id, ...(upload && { upload: upload.name, digest: upload.digest }) })
      } finally {
        // What was uploaded for nothing does not stay.
        if (taken?.job.id !== id) await rm(folder, { recursive: true, force: true })
      }
      const { job, replayed } = taken
      c.header('Location', locationOf(c, job))
      if (replayed) c.header('Idempotency-Replayed', 'true')
      return c.json(queuedResponse(job, jobs.estimate(job.operation, job.weight)), 202)
    },
  }
}

/** Where the status of a job is, from the address that it was posted to. */
function locationOf(c: ServiceContext, { id }: AcceptedJob): string {
  return `${c.req.path.replace(/\/$/, '')}/status/${id}`
}

/** Where a source may be; `field` is what the caller calls it. */
function checkSource({ operation, job }: Asked, upload: string | undefined, { folders: { dir }, allowsSource }: IntakeOptions): void {
  if (upload !== undefined) return
  const field = operation === 'functions' ? 'src' : 'input'
  const refuse = (msg: string): never => {
    throw wrong([field], msg, 'value_error.path')
  }
  const input = String(job['input'])
  if (isRemote(input)) {
    if (!URL.canParse(input) || !allowsSource(new URL(input))) refuse('Expected a path, or an address that this service may fetch from')
    return
  }
  if (dir === undefined) return refuse('Expected an uploaded file: this service has no folder of sources')
  if (escapes(dir, input)) refuse('Expected a path below the folder of sources, received a link that leads out of it')
}

/** Whom to tell is found out when they are told; an address that is private by itself is refused at once. */
function checkDelivery({ delivery }: Asked, allowPrivate: boolean): void {
  for (const field of ['callback_url', 'postback_url'] as const) {
    const url = delivery[field]
    if (url === undefined || allowPrivate) continue
    try {
      refusePrivateHost(new URL(url))
    } catch (error) {
      if (!(error instanceof ImagemillError)) throw error
      throw wrong([field], 'Expected a public address: this one is of this machine or of a private network', 'value_error.url')
    }
  }
}
