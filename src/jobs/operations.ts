import { resolve } from 'node:path'
import type * as z from 'zod'
import {
  convertJobSchema,
  exifJobSchema,
  placeholderJobSchema,
  resizeJobSchema,
  srcsetJobSchema,
  type ConvertJob,
  type ResizeJob,
  type SrcsetJob,
} from '../contract/job.ts'
import type { JobSuccess } from '../contract/job-result.ts'
import { pictureHtml } from '../module/picture-html.ts'
import { parseRequest } from '../query/request.ts'
import type { Header } from '../types.ts'
import { convertRequest, resizeRequest, srcsetRequest } from './compile.ts'
import { whileRunning, type JobContext } from './context.ts'
import { exif, placeholder } from './facts.ts'
import { makeFiles } from './images.ts'
import { invalidField, invalidJob } from './invalid.ts'
import { outputPaths } from './names.ts'

/** One operation: what its jobs look like and what is done for them. */
interface Operation {
  /** Checks a job and answers the work that it asks for; nothing is done before that is called. */
  read(job: unknown): (context: JobContext) => Promise<JobSuccess>
}

function operation<T extends z.ZodObject>(schema: T, run: (job: z.output<T>, context: JobContext) => Promise<JobSuccess>): Operation {
  return {
    read(value) {
      const { success, data, error } = schema.safeParse(value)
      if (!success) throw invalidField(error, value, Object.keys(schema.shape))
      return (context) => run(data, context)
    },
  }
}

/** Every operation that makes one record: to add one, add its schema and its function here. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  resize: operation(resizeJobSchema, resize),
  srcset: operation(srcsetJobSchema, srcset),
  convert: operation(convertJobSchema, convert),
  placeholder: operation(placeholderJobSchema, placeholder),
  exif: operation(exifJobSchema, exif),
}

async function resize(job: ResizeJob, context: JobContext): Promise<JobSuccess> {
  const { input, output_dir, scale_percent, inline } = job
  const header = scale_percent === undefined ? undefined : await headerOf(input, context)
  const request = resizeRequest(job, header)
  return makeFiles(
    { operation: 'resize', input, request, inline, paths: ({ outputs }) => outputPaths(output_dir, input, outputs) },
    context,
  )
}

async function srcset(job: SrcsetJob, context: JobContext): Promise<JobSuccess> {
  const { input, output_dir, inline, generate_html } = job
  const request = srcsetRequest(job)
  return makeFiles(
    {
      operation: 'srcset',
      input,
      request,
      inline,
      paths: ({ outputs }) => outputPaths(output_dir, input, outputs),
      ...(generate_html && { metadata: (plan, paths) => pictureHtml(plan, paths) }),
    },
    context,
  )
}

async function convert(job: ConvertJob, context: JobContext): Promise<JobSuccess> {
  const { input, output, inline } = job
  return makeFiles(
    {
      operation: 'convert',
      input,
      request: convertRequest(job),
      inline,
      paths({ outputs }) {
        if (outputs.length === 1) return [output]
        throw invalidJob(
          `\`convert\` writes one file, and the lists of this job multiply to ${outputs.length}`,
          'Use `resize` or `srcset`.',
        )
      },
    },
    context,
  )
}

async function headerOf(input: string, { pipeline, cwd, signal }: JobContext): Promise<Header> {
  const { source } = await whileRunning(signal, pipeline.plan(resolve(cwd, input), parseRequest('')))
  return source.header
}
