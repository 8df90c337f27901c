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
import { readAsked, within, wrong, type Asked } from './validate.ts'
import { sourceSize, weightOf } from './weight.ts'

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
  /** Takes jobs that were read already: all of them or, when anything is wrong with one or too many wait, none. */
  take(c: ServiceContext, parts: readonly Part[]): Promise<{ jobs: AcceptedJob[]; replayed: boolean }>
}

/** A job of a request. */
export interface Part {
  asked: Asked
  /** Where in the body it is. */
  at?: number[]
  id?: string
  upload?: string
  /** sha256 of the upload, hex. */
  digest?: string
}

const KEY = /^[\x21-\x7E]{1,255}$/

export function openIntake(options: IntakeOptions): Intake {
  const { jobs, folders, limits, idempotency, allowPrivateWebhooks } = options
  const take: Intake['take'] = async (c, parts) => {
    for (const { asked, upload, at = [] } of parts) {
      within(at, () => checkSource(asked, upload, options))
      within(at, () => checkDelivery(asked, allowPrivateWebhooks))
    }
    const wanted = await Promise.all(parts.map((part) => acceptedJob(c, part, folders)))
    const make = async (): Promise<AcceptedJob[]> => {
      const taken = await jobs.submit(wanted)
      if (taken === 'taken') return wanted
      throw taken === 'closing' ? closing() : full(jobs)
    }
    const key = c.req.header('idempotency-key')
    if (key === undefined) return { jobs: await make(), replayed: false }
    if (!KEY.test(key))
      throw new HttpError({
        status: 400,
        code: 'IDEMPOTENCY_KEY_INVALID',
        message: 'expected 1 to 255 visible characters in the header Idempotency-Key',
      })
    const digest = sha256(canonical({ endpoint: c.req.path, parts: parts.map((part) => [part.asked, part.digest ?? '']) }))
    const { answer, replayed } = await idempotency.once(
      { client: c.get('client'), key, digest, ids: wanted.map(({ id }) => id) },
      { exists: (id) => jobs.accepted(id), make },
    )
    if (replayed) c.header('Idempotency-Replayed', 'true')
    return { jobs: answer, replayed }
  }

  return {
    take,
    async post(c, operation) {
      const id = newJobId()
      const folder = join(folders.uploads, id)
      let job: AcceptedJob | undefined
      try {
        const { fields, upload } = await readBody(c, folder, limits)
        const asked = readAsked(operation, fields, upload?.name)
        const taken = await take(c, [{ asked, id, ...(upload && { upload: upload.name, digest: upload.digest }) }])
        job = taken.jobs[0]
      } finally {
        // What was uploaded for nothing does not stay.
        if (job?.id !== id) await rm(folder, { recursive: true, force: true })
      }
      if (!job) throw new TypeError('a request for one job has led to none')
      c.header('Location', locationOf(c, job))
      return c.json(queuedResponse(job, jobs.estimate(job.weight)), 202)
    },
  }
}

async function acceptedJob(
  c: ServiceContext,
  { asked, id = newJobId(), upload }: Part,
  { dir = '', uploads }: Folders,
): Promise<AcceptedJob> {
  const input = String(asked.job['input'])
  const file = upload === undefined ? (isRemote(input) ? undefined : join(dir, input)) : join(uploads, id, upload)
  const weight = weightOf(asked.job, await sourceSize(file))
  return { id, ...asked, endpoint: c.req.path, ...(upload !== undefined && { upload }), weight, queued_ms: Date.now() }
}

function full(jobs: Jobs): HttpError {
  const { queued } = jobs.counts()
  return new HttpError({
    status: 503,
    code: 'CONCURRENT_JOBS_EXCEEDED',
    message: `${queued} jobs wait: there is no room for what was sent`,
    retryAfter: Math.min(60, Math.max(1, Math.ceil(jobs.estimate({}) / 10))),
  })
}

/** Whoever comes again finds the next process. */
function closing(): HttpError {
  return new HttpError({ status: 503, code: 'SERVICE_CLOSING', message: 'the service is closing and takes no more jobs', retryAfter: 5 })
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
