import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type * as z from 'zod'
import { resultsDocumentSchema } from '../../src/contract/blitline.ts'
import { directiveFields } from '../../src/contract/fields.ts'
import { exifJobSchema, placeholderJobSchema, qualityJobSchema, resizeJobSchema, srcsetJobSchema } from '../../src/contract/job.ts'
import { jobResultSchema } from '../../src/contract/job-result.ts'
import {
  jobQueuedResponseSchema,
  jobStatusResponseSchema,
  validationErrorSchema,
  webhookEventSchema,
} from '../../src/contract/lifecycle.ts'
import { exifMetadataSchema, placeholderMetadataSchema, qualityMetadataSchema } from '../../src/contract/metadata.ts'
import { SCHEMAS, jsonSchemaOf } from '../../src/contract/schemas.ts'

const quality = {
  success: true,
  operation: 'quality',
  outputs: [{ path: 'out/photo.jpg', format: 'jpeg', width: 1920, height: 1280, size_bytes: 48500 }],
  elapsed_ms: 310,
  metadata: { target_size: 50000, final_quality: 72, final_size: 48500, deviation_percent: 3, iterations: 6, converged: true },
}
const exif = {
  success: true,
  operation: 'exif',
  outputs: [],
  elapsed_ms: 5,
  metadata: {
    has_exif: true,
    make: 'Canon',
    model: 'EOS 5D',
    orientation: 1,
    datetime: '2024:01:15 10:30:00',
    exposure_time: '1/250',
    f_number: 'f/2.8',
    iso: 400,
    gps: { latitude: 40.7128, longitude: -74.006, altitude: 10.5 },
  },
}
const failure = { success: false, operation: 'resize', error: 'Input file not found: missing.png', elapsed_ms: 0 }

/** Every shape as other programs know it. */
const SAMPLES: [string, z.ZodType, unknown][] = [
  [
    'resize',
    jobResultSchema,
    {
      success: true,
      operation: 'resize',
      outputs: [
        { path: 'dist/photo-320.webp', format: 'webp', width: 320, height: 213, size_bytes: 14200 },
        { path: 'dist/photo-640.webp', format: 'webp', width: 640, height: 427, size_bytes: 34100 },
        { path: 'dist/photo-1024.webp', format: 'webp', width: 1024, height: 683, size_bytes: 68900 },
      ],
      elapsed_ms: 74,
      metadata: null,
    },
  ],
  [
    'inline',
    jobResultSchema,
    {
      success: true,
      operation: 'resize',
      outputs: [
        {
          path: 'out/320-image.png',
          format: 'png',
          width: 320,
          height: 240,
          size_bytes: 12345,
          data_base64: 'iVBORw0KGgoAAAANSUhEUgAAAAE...',
        },
      ],
      elapsed_ms: 33,
      metadata: null,
    },
  ],
  ['quality', jobResultSchema, quality],
  ['metadata of quality', qualityMetadataSchema, quality.metadata],
  ['exif', jobResultSchema, exif],
  ['metadata of exif', exifMetadataSchema, exif.metadata],
  ['failure', jobResultSchema, failure],
  ['our failure', jobResultSchema, { ...failure, code: 'SOURCE_NOT_FOUND', hint: 'Check its name.', retryable: false }],
  [
    'lqip',
    placeholderMetadataSchema,
    { kind: 'lqip', data_uri: 'data:image/webp;base64,AA==', width: 20, height: 13, background: '#a0b1c2' },
  ],
  ['dominant_color', placeholderMetadataSchema, { kind: 'dominant_color', dominant_color: '#a0b1c2', background: '#a0b1c2' }],
  ['css_gradient', placeholderMetadataSchema, { kind: 'css_gradient', css: 'linear-gradient(#fff,#000)', background: '#a0b1c2' }],
  [
    'blurhash',
    placeholderMetadataSchema,
    { kind: 'blurhash', hash: 'LEHV6nWB2yk8', data_uri: 'data:image/png;base64,AA==', background: '#a0b1c2' },
  ],
  [
    'thumbhash',
    placeholderMetadataSchema,
    { kind: 'thumbhash', hash: '1QcSHQRnh493V4dI', data_uri: 'data:image/png;base64,AA==', background: '#a0b1c2' },
  ],
  [
    'queued',
    jobQueuedResponseSchema,
    {
      job_id: 'job_a1b2c3',
      status: 'queued',
      endpoint: '/generate/image/v1',
      estimated_time_seconds: 8,
      queued_at: '2026-05-30T12:00:00Z',
    },
  ],
  [
    'completed',
    jobStatusResponseSchema,
    {
      job_id: 'job_a1b2c3',
      status: 'completed',
      progress: 100,
      result_url: 'https://cdn.example/...signed...',
      result_mime_type: 'image/webp',
      queue_wait_seconds: 1.1,
      inference_time_seconds: 6.2,
      total_elapsed_seconds: 7.3,
      credits_charged: true,
      credits_amount: 1,
    },
  ],
  [
    'failed',
    jobStatusResponseSchema,
    {
      job_id: 'job_a1b2c3',
      status: 'failed',
      error: 'Input file not found: missing.png',
      failure_reason_code: 'INPUT_INVALID',
      retryable: false,
    },
  ],
  ['processing', jobStatusResponseSchema, { job_id: 'job_a1b2c3', status: 'processing', progress: 40 }],
  [
    'webhook',
    webhookEventSchema,
    {
      job_id: 'job_a1b2c3',
      user_id: 'usr_123',
      status: 'completed',
      result_url: 'https://cdn.example/...signed...',
      result_mime_type: 'image/webp',
      result_size_bytes: 184320,
      timestamp: 1769774400,
    },
  ],
  [
    'validation error',
    validationErrorSchema,
    { detail: [{ loc: ['body', 'widths', 0], msg: 'Expected a width from 1 to 16383, received -5', type: 'value_error.number' }] },
  ],
  [
    'results of a success',
    resultsDocumentSchema,
    {
      results: {
        original_meta: { width: 421, height: 163 },
        images: [
          {
            image_identifier: 'MY_CLIENT_ID',
            s3_url: 'http://s3.amazonaws.com/blitline/2014061200/20/6_wj-2i_hZRZ7KJj-jwcndQ.jpg',
            meta: { width: 421, height: 163 },
          },
        ],
        job_id: '2m-Ir2YMXQ3yec0NV476xag',
      },
    },
  ],
  [
    'results of a failure',
    resultsDocumentSchema,
    {
      results: {
        original_meta: {},
        images: [],
        job_id: '4weK03Kd0j-D_ttohR7GTcg',
        errors: ["Image processing failed. Unknown function named 'blu3r'"],
        failed_image_identifiers: ['MY_CLIENT_ID'],
      },
    },
  ],
  [
    'a resize job',
    resizeJobSchema,
    { operation: 'resize', input: 'a.jpg', output_dir: 'out', widths: [320], format: 'webp', quality: 70, inline: true },
  ],
  [
    'a srcset job',
    srcsetJobSchema,
    { operation: 'srcset', input: 'a.jpg', output_dir: 'out', widths: [320], formats: ['avif', 'webp'], densities: [1, 2] },
  ],
]

describe('samples', () => {
  test.each(SAMPLES)('%s', (_, schema, sample) => {
    expect(schema.parse(sample)).toEqual(sample)
  })

  test('what is wrong with a record is found', () => {
    const [, , resize] = SAMPLES[0] ?? []
    const wrong: unknown[] = [
      { ...failure, outputs: [] },
      { ...failure, metadata: null },
      { ...Object(resize), metadata: undefined },
      { ...Object(resize), outputs: [{ ...quality.outputs[0], format: 'jpg' }] },
      { ...Object(resize), outputs: [{ ...quality.outputs[0], data_base64: 'data:image/png;base64,AA==' }] },
      { ...Object(resize), success: 'yes' },
      { ...Object(resize), extra: 1 },
    ]
    for (const record of wrong) expect(jobResultSchema.safeParse(record).success).toBe(false)
  })
})

describe('jobs', () => {
  test('defaults are those of the contract', () => {
    const job = { operation: 'quality', input: 'a.jpg', output: 'b.jpg', target_size: '50kb', format: 'jpeg' }
    expect(qualityJobSchema.parse(job)).toEqual({ ...job, tolerance_percent: 5, max_iterations: 10, min_quality: 30, max_quality: 95 })
    expect(placeholderJobSchema.parse({ operation: 'placeholder', input: 'a.jpg' })).toMatchObject({
      kind: 'lqip',
      width: 20,
      inline: true,
    })
    expect(exifJobSchema.parse({ operation: 'exif', input: 'a.jpg', exif_op: 'extract' })).toMatchObject({ return_metadata: true })
    expect(exifJobSchema.safeParse({ operation: 'exif', input: 'a.jpg', exif_op: 'strip' }).error?.issues[0]?.path).toEqual(['output'])
  })

  test('every directive of a query that says something about an image is a field', () => {
    for (const name of ['w', 'h', 'aspect', 'fit', 'crop', 'trim', 'format', 'quality', 'blur', 'tint', 'densities', 'animated'])
      expect(Object.keys(directiveFields)).toContain(name)
    const job = { operation: 'resize', input: 'a', output_dir: 'b' }
    const right = {
      w: [1, 2],
      aspect: '16:9',
      fit: 'cover',
      trim: true,
      rotate: -90,
      flip: false,
      'avif.quality': 5,
      effort: 'max',
      tint: ['red', '#00f'],
    }
    expect(resizeJobSchema.parse({ ...job, ...right })).toEqual({ ...job, ...right })
    for (const wrong of [
      { w: true },
      { w: [] },
      { w: '1;2' },
      { fit: 'stretch' },
      { flip: 'yes' },
      { animated: [true] },
      { 'avif.quality': 101 },
      { as: 'url' },
    ])
      expect([wrong, resizeJobSchema.safeParse({ ...job, ...wrong }).success]).toEqual([wrong, false])
  })
})

test('each shape is exported as a JSON Schema of the package', () => {
  const require = createRequire(import.meta.url)
  const folder = join(require.resolve('imagemill/package.json'), '../dist/schemas')
  expect(readdirSync(folder).sort()).toEqual(
    Object.keys(SCHEMAS)
      .map((name) => `${name}.json`)
      .sort(),
  )
  for (const name of Object.keys(SCHEMAS)) {
    const exported: unknown = JSON.parse(readFileSync(require.resolve(`imagemill/schemas/${name}.json`), 'utf8'))
    expect(exported).toEqual(JSON.parse(JSON.stringify(jsonSchemaOf(name as keyof typeof SCHEMAS))))
    expect(exported).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', title: name })
  }
  expect(jsonSchemaOf('placeholder-job')).toMatchObject({ required: ['operation', 'input'], additionalProperties: false })
})
