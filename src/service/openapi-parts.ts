export type Json = Record<string, unknown>

export const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })

/** An answer in JSON, by the name of its schema. */
export const json = (description: string, name: string): Json => ({
  description,
  content: { 'application/json': { schema: ref(name) } },
})

export const ID = { name: 'job_id', in: 'path', required: true, schema: { type: 'string' } }

export const KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  schema: { type: 'string' },
  description: 'The same key with the same body is the same job.',
}

/** What every route behind the key may answer. */
export const ERRORS = {
  401: json('The header X-API-Key is missing or wrong.', 'api-error'),
  429: json('Too many requests of this client; Retry-After says when to come again.', 'api-error'),
}

/** What every route that takes jobs may answer. */
export const REFUSALS = {
  400: json('The body is not what its type says.', 'api-error'),
  413: json('The body is too large.', 'api-error'),
  415: json('The body is of another type.', 'api-error'),
  422: json('The job is wrong in itself.', 'validation-error'),
  503: json('Too many jobs wait, the service closes, or the disk is full.', 'api-error'),
}
