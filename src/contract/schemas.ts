import * as z from 'zod'
import { apiErrorSchema } from './api-error.ts'
import { batchResultSchema } from './batch.ts'
import { resultsDocumentSchema } from './blitline.ts'
import { capsSchema } from './caps.ts'
import { deliverySchema } from './delivery.ts'
import { dryRunSchema } from './dry-run.ts'
import {
  batchJobSchema,
  convertJobSchema,
  exifJobSchema,
  placeholderJobSchema,
  qualityJobSchema,
  resizeJobSchema,
  singleJobSchema,
  srcsetJobSchema,
} from './job.ts'
import { inspectionSchema } from './inspection.ts'
import { jobResultSchema, outputFileSchema } from './job-result.ts'
import { functionsJobSchema } from './functions.ts'
import { jobListSchema, jobQueuedResponseSchema, jobStatusResponseSchema, validationErrorSchema, webhookEventSchema } from './lifecycle.ts'
import { manifestSchema } from './manifest.ts'
import {
  exifMetadataSchema,
  placeholderMetadataSchema,
  qualityMetadataSchema,
  lookMetadataSchema,
  srcsetMetadataSchema,
} from './metadata.ts'
import { progressEventSchema } from './progress.ts'
import { reportSchema } from './report.ts'

/** Every JSON shape by the name of its file in `imagemill/schemas/`. */
export const SCHEMAS = {
  job: singleJobSchema,
  'resize-job': resizeJobSchema,
  'srcset-job': srcsetJobSchema,
  'convert-job': convertJobSchema,
  'quality-job': qualityJobSchema,
  'placeholder-job': placeholderJobSchema,
  'exif-job': exifJobSchema,
  'batch-job': batchJobSchema,
  'job-result': jobResultSchema,
  'batch-result': batchResultSchema,
  'output-file': outputFileSchema,
  'quality-metadata': qualityMetadataSchema,
  'look-metadata': lookMetadataSchema,
  'exif-metadata': exifMetadataSchema,
  'placeholder-metadata': placeholderMetadataSchema,
  'srcset-metadata': srcsetMetadataSchema,
  'dry-run': dryRunSchema,
  manifest: manifestSchema,
  report: reportSchema,
  'progress-event': progressEventSchema,
  inspection: inspectionSchema,
  caps: capsSchema,
  'functions-job': functionsJobSchema,
  'job-list': jobListSchema,
  'job-queued-response': jobQueuedResponseSchema,
  'job-status-response': jobStatusResponseSchema,
  'webhook-event': webhookEventSchema,
  'validation-error': validationErrorSchema,
  'api-error': apiErrorSchema,
  delivery: deliverySchema,
  'results-document': resultsDocumentSchema,
} as const satisfies Record<string, z.ZodType>

/** A shape as JSON Schema: what one has to write for a job, what one gets for everything else. */
export function jsonSchemaOf(name: keyof typeof SCHEMAS): object {
  const schema = z.toJSONSchema(SCHEMAS[name], { io: name.endsWith('job') ? 'input' : 'output' })
  return { title: name, ...schema }
}
