import { ERRORS, ID, KEY, REFUSALS, json, ref, type Json } from './openapi-parts.ts'

/** Jobs of functions, one or several. */
export function functionPaths(): Json {
  const oneOrMore = (name: string): Json => ({ oneOf: [ref(name), { type: 'array', items: ref(name), minItems: 1, maxItems: 100 }] })
  const documents = (description: string): Json => ({
    description,
    content: { 'application/json': { schema: oneOrMore('results-document') } },
  })
  return {
    '/job': {
      post: {
        operationId: 'functions',
        summary: 'Takes jobs of functions: all of them, or none',
        parameters: [KEY],
        requestBody: { required: true, content: { 'application/json': { schema: oneOrMore('functions-job') } } },
        responses: {
          200: documents('The document of each job, which have ended.'),
          202: documents('They were taken, and not all of them have ended.'),
          ...REFUSALS,
          ...ERRORS,
        },
      },
    },
    '/job/{job_id}': {
      get: {
        operationId: 'document',
        summary: 'The document of a job',
        parameters: [ID],
        responses: {
          200: json('It has ended.', 'results-document'),
          202: json('It has not ended.', 'results-document'),
          404: json('There is no such job.', 'api-error'),
          ...ERRORS,
        },
      },
    },
  }
}

/** What has nothing to do with a job that goes on. */
export function otherPaths(): Json {
  const object = { schema: { type: 'object' } }
  const open = (operationId: string, summary: string, type = 'application/json', more: Json = {}): Json => ({
    operationId,
    summary,
    security: [],
    responses: { 200: { description: summary, content: { [type]: object } }, ...more },
  })
  const unknown = { 404: json('There is none of this name.', 'api-error') }
  const name = { name: 'name', in: 'path', required: true, schema: { type: 'string' }, description: 'Such as `job-result`.' }
  const ready = { 200: { description: 'They are.' }, 503: { description: 'They are not.' } }
  const text = { description: 'Text format 0.0.4.', content: { 'text/plain': { schema: { type: 'string' } } } }
  return {
    '/results/{job_id}/{name}': { get: result() },
    '/webhooks/event-schema': { get: open('eventSchema', 'The JSON Schema of what callback_url is told', 'application/schema+json') },
    '/schemas/{name}.json': {
      get: { ...open('schema', 'A JSON Schema', 'application/schema+json', unknown), parameters: [name] },
    },
    '/openapi.json': { get: open('openapi', 'This document') },
    '/healthz': { get: open('health', 'Whether the process runs') },
    '/readyz': { get: { operationId: 'ready', summary: 'Whether jobs are taken', security: [], responses: ready } },
    '/metrics': { get: { operationId: 'metrics', summary: 'Counters for Prometheus', responses: { 200: text, ...ERRORS } } },
  }
}

function result(): Json {
  const signed = (name: string): Json => ({ name, in: 'query', required: true, schema: { type: 'string' } })
  const file = { 'image/*': { schema: { type: 'string', format: 'binary' } }, 'application/json': { schema: { type: 'object' } } }
  return {
    operationId: 'result',
    summary: 'A file that a job made',
    security: [],
    parameters: [ID, { name: 'name', in: 'path', required: true, schema: { type: 'string' } }, signed('expires'), signed('signature')],
    responses: {
      200: { description: 'The whole file.', content: file },
      206: { description: 'The part that `Range` asks for.', content: file },
      304: { description: 'It is as it was.' },
      403: json('The address was not given out by this service.', 'api-error'),
      410: json('The time of the address is over.', 'api-error'),
      416: json('The part is not within the file.', 'api-error'),
    },
  }
}

/** The store that other machines share; readers may have a token, writers must. */
export function storePaths(): Json {
  const file = (type: string): Json => ({ content: { [type]: { schema: { type: 'string', format: 'binary' } } } })
  const path = (what: string, name: string, type: string): Json => ({
    parameters: [{ name, in: 'path', required: true, schema: { type: 'string', pattern: '^[0-9a-f]{64}$' } }],
    get: {
      operationId: `read_${what}`,
      summary: `Reads a ${what} of the shared store`,
      security: [{}, { token: [] }],
      responses: {
        200: { description: 'It is there.', ...file(type) },
        401: { description: 'A token is needed.' },
        403: { description: 'This token may not do that.' },
        404: { description: 'It is not there.' },
      },
    },
    put: {
      operationId: `write_${what}`,
      summary: `Writes a ${what} of the shared store`,
      security: [{ token: [] }],
      requestBody: { required: true, ...file(type) },
      responses: {
        201: { description: 'It is written.' },
        400: { description: 'It is not what its name says.' },
        401: { description: 'A token is needed.' },
        403: { description: 'This token may not do that.' },
        413: { description: 'It is too large.' },
        507: { description: 'The disk is full.' },
      },
    },
  })
  return { '/ac/{key}': path('record', 'key', 'application/json'), '/cas/{digest}': path('blob', 'digest', 'application/octet-stream') }
}
