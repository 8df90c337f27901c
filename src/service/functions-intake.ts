import { deliverySchema } from '../contract/delivery.ts'
import { functionsJobSchema } from '../contract/functions.ts'
import { isRecord } from '../hash.ts'
import { isRemote } from '../query/remote.ts'
import { readJson, type BodyLimits } from './body.ts'
import type { ServiceContext } from './context.ts'
import { resultsDocument, type Addresses, type ResultsDocument } from './documents.ts'
import { HOLD, endOf, type Following } from './follow.ts'
import { savesIn } from './function-job.ts'
import { InvalidRequest, unknownJob, type Detail } from './http-error.ts'
import type { Intake, Part } from './intake.ts'
import type { Jobs } from './jobs.ts'
import { wrongPath } from './paths.ts'
import { detailsOf, readDelivery, within, wrong, type Asked } from './validate.ts'

/** Most jobs of one request, and most files of one job. */
const TOGETHER = 100
const FILES = 200

const DELIVERY = Object.keys(deliverySchema.shape)

export interface FunctionsIntakeOptions extends Following {
  intake: Intake
  jobs: Jobs
  addresses: Addresses
  limits: BodyLimits
  /** Most jobs that wait. */
  queueLimit: number
}

/**
 * The answer to `POST /job`: the document of each job, when it has ended or after the time that an answer may be held. Who
 * is told by `postback_url` is not kept waiting.
 */
export async function postFunctions(c: ServiceContext, options: FunctionsIntakeOptions): Promise<Response> {
  const body = await readJson(c, options.limits)
  const { jobs: taken } = await options.intake.take(c, readAll(body, Math.min(TOGETHER, options.queueLimit)))
  const isHeld = taken.every(({ delivery }) => delivery.postback_url === undefined && delivery.callback_url === undefined)
  const signal = AbortSignal.any([c.req.raw.signal, options.closing])
  if (isHeld) await Promise.all(taken.map(({ id }) => endOf(options.view, id, { wait: HOLD, signal })))
  const answers = await Promise.all(taken.map(({ id }) => documentOf(id, options)))
  const status = answers.every(({ ended }) => ended) ? 200 : 202
  return c.json(Array.isArray(body) ? answers.map(({ document }) => document) : answers[0]?.document, status)
}

/** The document of a job as it is now. */
export async function documentOf(
  id: string,
  { jobs, addresses }: Pick<FunctionsIntakeOptions, 'jobs' | 'addresses'>,
): Promise<{ document: ResultsDocument; ended: boolean }> {
  const seen = await jobs.find(id)
  if (!seen) throw unknownJob()
  if ('ended' in seen) return { document: resultsDocument(seen.ended, addresses), ended: true }
  return { document: { results: { original_meta: {}, images: [], job_id: id } }, ended: false }
}

function readAll(body: unknown, most: number): Part[] {
  if (!Array.isArray(body)) return [{ asked: read(body) }]
  if (body.length === 0 || body.length > most)
    throw wrong([], `Expected a job, or a list of 1 to ${most} jobs, received ${body.length}`, 'value_error.list')
  const parts = body.map((item: unknown, index) => {
    const at = [index]
    return () => ({ asked: within(at, () => read(item)), at })
  })
  return allOf(parts)
}

/** Every part, or everything that is wrong with any of them. */
function allOf(parts: readonly (() => Part)[]): Part[] {
  const wrongs: Detail[] = []
  const right = parts.flatMap((part) => {
    try {
      return [part()]
    } catch (error) {
      if (!(error instanceof InvalidRequest)) throw error
      wrongs.push(...error.detail)
      return []
    }
  })
  if (wrongs.length > 0) throw new InvalidRequest(wrongs)
  return right
}

function read(body: unknown): Asked {
  const fields = isRecord(body) ? body : {}
  const delivery = readDelivery(Object.fromEntries(Object.entries(fields).filter(([name]) => DELIVERY.includes(name))))
  const own = isRecord(body) ? Object.fromEntries(Object.entries(body).filter(([name]) => !DELIVERY.includes(name))) : body
  const { data, error } = functionsJobSchema.safeParse(own)
  if (!data) throw new InvalidRequest(detailsOf(error, own, [...Object.keys(functionsJobSchema.shape), ...DELIVERY]))
  const expected = isRemote(data.src) ? undefined : wrongPath(data.src)
  if (expected !== undefined)
    throw wrong(
      ['src'],
      `Expected a path below the folder of sources, ${expected}, received ${JSON.stringify(data.src.slice(0, 80))}`,
      'value_error.path',
    )
  const files = data.functions.flatMap(savesIn).length
  if (files > FILES) throw wrong(['functions'], `Expected at most ${FILES} files of one job, received ${files}`, 'value_error.list')
  return { operation: 'functions', job: { ...data, input: data.src }, delivery }
}
