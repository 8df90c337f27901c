import { jsonSchemaOf, type SCHEMAS } from '../contract/schemas.ts'
import { isRecord } from '../hash.ts'
import { ERRORS, ID, KEY, REFUSALS, json, ref, type Json } from './openapi-parts.ts'
import { functionPaths, otherPaths, storePaths } from './openapi-paths.ts'

export const OPERATIONS = ['resize', 'srcset', 'quality', 'placeholder', 'exif', 'convert'] as const

/** Schemas by their name in the document. */
const SHAPES = [
  'job-list',
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
export function openApi({ version, url, hasKey, isStore }: { version: string; url: string; hasKey: boolean; isStore: boolean }): Json {
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
    paths: { ...operationPaths(), ...functionPaths(), ...jobPaths(), ...otherPaths(), ...(isStore && storePaths()) },
    components: {
      securitySchemes: {
        ...(hasKey && { key: { type: 'apiKey', in: 'header', name: 'X-API-Key' } }),
        ...(isStore && { token: { type: 'http', scheme: 'bearer' } }),
      },
      schemas: {
        ...Object.fromEntries(OPERATIONS.map((name) => [`${name}-job`, jobSchema(`${name}-job`)])),
        'functions-job': jobSchema('functions-job'),
        ...Object.fromEntries(SHAPES.map((name) => [name, plain(jsonSchemaOf(name))])),
      },
    },
  }
}

/** A job as it is posted: where its files go is the service's affair, and whom to tell is said in it, too. */
function jobSchema(name: `${(typeof OPERATIONS)[number] | 'functions'}-job`): Json {
  const schema = rooted(plain(jsonSchemaOf(name)), name)
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  const delivery = plain(jsonSchemaOf('delivery'))
  const properties = isRecord(schema['properties']) ? schema['properties'] : {}
  const more = isRecord(delivery['properties']) ? delivery['properties'] : {}
  return {
    ...schema,
    properties: { ...properties, ...more },
    required: required.filter((field) => !['operation', 'input', 'output', 'output_dir'].includes(String(field))),
  }
}

/** A schema that refers to itself does so from the top of the document. */
function rooted(schema: Json, name: string): Json {
  const text = JSON.stringify(schema).replaceAll('"$ref":"#', `"$ref":"#/components/schemas/${name}`)
  const value: unknown = JSON.parse(text)
  return isRecord(value) ? value : schema
}

/** Within a document a schema says its dialect once, at the top. */
function plain(schema: object): Json {
  const { $schema: _, ...rest } = { $schema: '', ...schema }
  return rest
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
      KEY,
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
      ...REFUSALS,
      ...ERRORS,
    },
  }
}

function getStatus(summary: string): { summary: string; parameters: Json[]; responses: Json } {
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

function listen(): Json {
  const status = getStatus('The status of a job when it has ended, or after 30 s')
  const timeout = { name: 'timeout', in: 'query', schema: { type: 'number', minimum: 0 }, description: 'Seconds, in place of 30.' }
  return {
    ...status,
    operationId: 'listen',
    parameters: [...status.parameters, timeout],
    responses: { ...status.responses, 400: json('`timeout` is not a number of seconds.', 'api-error') },
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
      200: {
        description: 'Events named `status`, the data of each a job-status-response.',
        content: { 'text/event-stream': { schema: { type: 'string' } } },
      },
      404: json('There is no such job.', 'api-error'),
      ...ERRORS,
    },
  }
  return {
    '/v1/jobs': {
      get: {
        operationId: 'jobs',
        summary: 'Jobs that have not ended',
        responses: { 200: json('A list.', 'job-list'), ...ERRORS },
      },
    },
    '/v1/jobs/{job_id}': {
      get: { ...getStatus('The status of a job'), operationId: 'status' },
      delete: { ...cancelJob(), operationId: 'cancel' },
    },
    '/v1/jobs/{job_id}/events': { get: { ...events, operationId: 'events' } },
    '/listen/{job_id}': { get: listen() },
  }
}
