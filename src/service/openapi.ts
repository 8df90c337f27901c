import { jsonSchemaOf, type SCHEMAS } from '../contract/schemas.ts'
import { isRecord } from '../hash.ts'

export const OPERATIONS = ['resize', 'srcset', 'quality', 'placeholder', 'exif', 'convert'] as const

type Json = Record<string, unknown>

/** Schemas by their name in the document. */
const SHAPES = [
  'job-result',
  'output-file',
  'job-queued-response',
  'job-status-response',
  'webhook-event',
  'results-document',
  'validation-error',
  'api-error',
] as const satisfies (keyof typeof SCHEMAS)[]

/** The routes of the service as OpenAPI 3.1, from the schemas that requests are checked by. */
export function openApi({ version, url, hasKey }: { version: string; url: string; hasKey: boolean }): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'imagemill',
      version,
      description: 'Responsive images as jobs: sent, followed, and fetched.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url }],
    ...(hasKey && { security: [{ key: [] }] }),
    paths: { ...operationPaths(), ...jobPaths(), ...otherPaths() },
    components: {
      ...(hasKey && { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-API-Key' } } }),
      schemas: {
        ...Object.fromEntries(OPERATIONS.map((name) => [`${name}-job`, jobSchema(name)])),
        ...Object.fromEntries(SHAPES.map((name) => [name, plain(jsonSchemaOf(name))])),
      },
    },
  }
}

/** A job as it is posted: where its files go is the service's affair, and whom to tell is said in it, too. */
export function jobSchema(operation: (typeof OPERATIONS)[number]): Json {
  const schema = plain(jsonSchemaOf(`${operation}-job`))
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  const delivery = plain(jsonSchemaOf('delivery'))
  const properties = isRecord(schema['properties']) ? schema['properties'] : {}
  const more = isRecord(delivery['properties']) ? delivery['properties'] : {}
  return {
    ...schema,
    properties: { ...properties, ...more },
    required: required.filter((name) => !['operation', 'input', 'output', 'output_dir'].includes(String(name))),
  }
}

/** Within a document a schema says its dialect once, at the top. */
function plain(schema: object): Json {
  const { $schema: _, ...rest } = { $schema: '', ...schema }
  return rest
}

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })
const json = (description: string, name: string): Json => ({ description, content: { 'application/json': { schema: ref(name) } } })
const ID = { name: 'job_id', in: 'path', required: true, schema: { type: 'string' } }

const ERRORS = {
  401: json('The header X-API-Key is missing or wrong.', 'api-error'),
  429: json('Too many requests of this client; Retry-After says when to come again.', 'api-error'),
}

function operationPaths(): Json {
  return Object.fromEntries(
    OPERATIONS.flatMap((name) => [
      [`/v1/${name}`, { post: postJob(name) }],
      [
        `/v1/${name}/status/{job_id}`,
        {
          get: { ...getStatus('The status of a job'), operationId: `status_${name}` },
          delete: { ...cancelJob(), operationId: `cancel_${name}` },
        },
      ],
    ]),
  )
}

function postJob(name: string): Json {
  const form = { type: 'object', properties: { job: ref(`${name}-job`), file: { type: 'string', format: 'binary' } }, required: ['file'] }
  return {
    operationId: name,
    summary: `Takes a job: ${name}`,
    parameters: [
      {
        name: 'Idempotency-Key',
        in: 'header',
        schema: { type: 'string' },
        description: 'The same key with the same body is the same job.',
      },
      { name: 'job', in: 'query', schema: { type: 'string' }, description: 'The job as JSON, when the body is an image.' },
      { name: 'filename', in: 'query', schema: { type: 'string' }, description: 'What the image is called, when the body is one.' },
    ],
    requestBody: {
      required: true,
      content: {
        'application/json': { schema: ref(`${name}-job`) },
        'multipart/form-data': { schema: form },
        'image/*': { schema: { type: 'string', format: 'binary' } },
      },
    },
    responses: {
      202: json('It was taken, and will be done whatever happens.', 'job-queued-response'),
      400: json('The body is not what its type says.', 'api-error'),
      413: json('The body is too large.', 'api-error'),
      415: json('The body is of another type.', 'api-error'),
      422: json('The job is wrong in itself.', 'validation-error'),
      503: json('Too many jobs wait, or the disk is full.', 'api-error'),
      ...ERRORS,
    },
  }
}

function getStatus(summary: string): Json {
  return {
    summary,
    parameters: [ID, { name: 'If-None-Match', in: 'header', schema: { type: 'string' } }],
    responses: {
      200: json('What is known of it.', 'job-status-response'),
      304: { description: 'It is as it was.' },
      404: json('There is no such job.', 'api-error'),
      ...ERRORS,
    },
  }
}

function cancelJob(): Json {
  return {
    summary: 'Stops a job',
    parameters: [ID],
    responses: {
      200: json('It is cancelled.', 'job-status-response'),
      404: json('There is no such job.', 'api-error'),
      409: json('It has ended otherwise.', 'api-error'),
      ...ERRORS,
    },
  }
}

function jobPaths(): Json {
  const events = {
    summary: 'Every status of a job as it comes',
    parameters: [ID],
    responses: {
      200: { description: 'Events named `status`.', content: { 'text/event-stream': {} } },
      404: json('There is no such job.', 'api-error'),
    },
  }
  return {
    '/v1/jobs': {
      get: {
        operationId: 'jobs',
        summary: 'Jobs that have not ended',
        responses: { 200: { description: 'A list.', content: { 'application/json': {} } }, ...ERRORS },
      },
    },
    '/v1/jobs/{job_id}': {
      get: { ...getStatus('The status of a job'), operationId: 'status' },
      delete: { ...cancelJob(), operationId: 'cancel' },
    },
    '/v1/jobs/{job_id}/events': { get: { ...events, operationId: 'events' } },
    '/listen/{job_id}': { get: { ...getStatus('The status of a job when it has ended, or after 30 s'), operationId: 'listen' } },
  }
}

function otherPaths(): Json {
  const open = (operationId: string, summary: string, type = 'application/json'): Json => ({
    get: { operationId, summary, security: [], responses: { 200: { description: summary, content: { [type]: {} } } } },
  })
  const signed = (name: string): Json => ({ name, in: 'query', required: true, schema: { type: 'string' } })
  return {
    '/results/{job_id}/{name}': {
      get: {
        operationId: 'result',
        summary: 'A file that a job made',
        security: [],
        parameters: [ID, { name: 'name', in: 'path', required: true, schema: { type: 'string' } }, signed('expires'), signed('signature')],
        responses: {
          200: { description: 'The whole file.', content: { 'image/*': {} } },
          206: { description: 'The part that `Range` asks for.', content: { 'image/*': {} } },
          304: { description: 'It is as it was.' },
          403: json('The address was not given out by this service.', 'api-error'),
          410: json('The time of the address is over.', 'api-error'),
          416: json('The part is not within the file.', 'api-error'),
        },
      },
    },
    '/webhooks/event-schema': open('eventSchema', 'The JSON Schema of what callback_url is told', 'application/schema+json'),
    '/schemas/{name}.json': open('schema', 'A JSON Schema', 'application/schema+json'),
    '/openapi.json': open('openapi', 'This document'),
    '/healthz': open('health', 'Whether the process runs'),
    '/readyz': open('ready', 'Whether jobs are taken'),
    '/metrics': {
      get: {
        operationId: 'metrics',
        summary: 'Counters for Prometheus',
        responses: { 200: { description: 'Text format 0.0.4.', content: { 'text/plain': {} } }, ...ERRORS },
      },
    },
  }
}
