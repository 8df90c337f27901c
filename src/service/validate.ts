import type * as z from 'zod'
import { deliverySchema, type Delivery } from '../contract/delivery.ts'
import { ImagemillError } from '../errors.ts'
import { isRecord } from '../hash.ts'
import { short } from '../jobs/invalid.ts'
import { OPERATIONS } from '../jobs/operations.ts'
import { isRemote } from '../query/remote.ts'
import { nearest } from '../query/spelling.ts'
import { nameIn } from './fetched.ts'
import { InvalidRequest, type Detail } from './http-error.ts'
import { wrongPath } from './paths.ts'

export interface Asked {
  operation: string
  job: Record<string, unknown>
  delivery: Delivery
}

const DELIVERY = Object.keys(deliverySchema.shape)

/** A job as it was posted, checked to its last field: `input` is given for an upload. */
export function readAsked(operation: string, body: unknown, input?: string): Asked {
  if (!isRecord(body)) throw wrong([], `Expected a JSON object, received ${short(JSON.stringify(body) ?? 'nothing')}`, 'value_error.object')
  const delivery = readDelivery(Object.fromEntries(Object.entries(body).filter(([name]) => DELIVERY.includes(name))))
  const own = Object.fromEntries(Object.entries(body).filter(([name]) => !DELIVERY.includes(name)))
  if (own['operation'] !== undefined && own['operation'] !== operation)
    throw wrong(
      ['operation'],
      `Expected ${operation}, as in the address, received ${short(JSON.stringify(own['operation']))}`,
      'value_error.operation',
    )
  if (input !== undefined && own['input'] !== undefined)
    throw wrong(['input'], 'Expected no path beside an uploaded file', 'value_error.input')
  const job = withOutput(operation, { ...own, operation, ...(input !== undefined && { input }) })
  checkJob(operation, job)
  return { operation, job, delivery }
}

export function readDelivery(value: Record<string, unknown>): Delivery {
  const { success, data, error } = deliverySchema.safeParse(value)
  if (!success) throw new InvalidRequest(detailsOf(error, value, DELIVERY))
  return data
}

function checkJob(operation: string, job: Record<string, unknown>): void {
  const known = OPERATIONS[operation]
  if (!known) throw new TypeError(`there is no operation ${operation}`)
  const { error } = known.schema.safeParse(job)
  const details = [...(error ? detailsOf(error, job, [...Object.keys(known.schema.shape), ...DELIVERY]) : []), ...pathDetails(job)]
  if (details.length > 0) throw new InvalidRequest(details)
  try {
    known.read(job)
  } catch (thrown) {
    if (!(thrown instanceof ImagemillError)) throw thrown
    throw wrong([], sentence(`${thrown.reason}${thrown.hint === undefined ? '' : `. ${thrown.hint}`}`), 'value_error.job')
  }
}

/** Paths lead nowhere but below the folders that they are meant for; nothing on disk is looked at. */
function pathDetails(job: Record<string, unknown>): Detail[] {
  return ['input', 'output', 'output_dir'].flatMap((name): Detail[] => {
    const value = job[name]
    // An address is looked at by whoever knows which ones are taken.
    if (typeof value !== 'string' || value === '' || (name === 'input' && isRemote(value)) || (name === 'output_dir' && value === '.'))
      return []
    const expected = wrongPath(value)
    const folder = name === 'input' ? 'sources' : 'results'
    const msg = `Expected a path below the folder of ${folder}, ${expected}, received ${short(JSON.stringify(value))}`
    return expected === undefined ? [] : [{ loc: ['body', name], msg, type: 'value_error.path' }]
  })
}

/** Where a job that does not say so writes to: a file is called like its source. */
function withOutput(operation: string, job: Record<string, unknown>): Record<string, unknown> {
  if (operation === 'resize' || operation === 'srcset') return { output_dir: '.', ...job }
  const isFile = operation === 'convert' || operation === 'quality' || (operation === 'exif' && job['exif_op'] !== 'extract')
  if (!isFile || job['output'] !== undefined || typeof job['input'] !== 'string') return job
  const input = isRemote(job['input']) && URL.canParse(job['input']) ? nameIn(job['input']) : job['input']
  const [, stem = '', extension = ''] = /([^/]*?)(?:\.([^./]*))?$/.exec(input) ?? []
  const format = typeof job['format'] === 'string' && /^[a-z]{1,5}$/.test(job['format']) ? job['format'] : extension
  return { ...job, output: format === '' ? stem : `${stem}.${format === 'jpeg' ? 'jpg' : format}` }
}

/** Everything that a schema has against a value, each by the place where it is. */
export function detailsOf({ issues }: z.ZodError, value: unknown, known: readonly string[]): Detail[] {
  return issues.flatMap((issue): Detail[] => {
    const loc = ['body', ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))]
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ loc: [...loc, short(key)], msg: unknownField(key, known), type: 'value_error.unknown_field' }))
    const found = issue.path.reduce<unknown>(
      (inner, key) => (isRecord(inner) || Array.isArray(inner) ? Reflect.get(inner, key) : undefined),
      value,
    )
    if (found === undefined) return [{ loc, msg: `Expected ${issue.message}, received nothing`, type: 'value_error.missing' }]
    return [{ loc, msg: `Expected ${issue.message}, received ${short(JSON.stringify(found))}`, type: `value_error.${typeOf(found)}` }]
  })
}

function unknownField(key: string, known: readonly string[]): string {
  const near = nearest(key, known)
  return `Unknown field ${short(JSON.stringify(key))}${near ? `: did you mean \`${near}\`?` : ''}`
}

/** What a wrong value is. */
function typeOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value
}

export function wrong(loc: (string | number)[], msg: string, type: string): InvalidRequest {
  return new InvalidRequest([{ loc: ['body', ...loc], msg, type }])
}

/** Does what belongs to one part of a body; what is wrong with it is told by the place where it is. */
export function within<T>(at: readonly number[], work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error
    throw new InvalidRequest(error.detail.map(({ loc: [first = 'body', ...rest], ...more }) => ({ loc: [first, ...at, ...rest], ...more })))
  }
}

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
