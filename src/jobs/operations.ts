import { extname } from 'node:path'
import type * as z from 'zod'
import {
  convertJobSchema,
  exifJobSchema,
  placeholderJobSchema,
  qualityJobSchema,
  resizeJobSchema,
  srcsetJobSchema,
  type ConvertJob,
  type QualityJob,
  type ResizeJob,
  type SrcsetJob,
} from '../contract/job.ts'
import type { JobSuccess } from '../contract/job-result.ts'
import { qualityMetadata } from '../contract/quality.ts'
import { pictureHtml } from '../module/picture-html.ts'
import { FORMATS } from '../query/directives.ts'
import type { Plan } from '../query/plan.ts'
import { parseRequest, type Request } from '../query/request.ts'
import { variantsOf } from '../query/variants.ts'
import type { Format, Header } from '../types.ts'
import { convertRequest, qualityRequest, resizeRequest, srcsetRequest } from './compile.ts'
import { whileRunning, type JobContext } from './context.ts'
import { exif, placeholder } from './facts.ts'
import { makeFiles } from './images.ts'
import { invalidField, invalidJob } from './invalid.ts'
import { outputPaths } from './names.ts'
import { sourceOf } from './source.ts'

/** One operation: what its jobs look like and what is done for them. */
interface Operation {
  schema: z.ZodObject
  /** Checks a job and answers the work that it asks for; nothing is done before that is called. */
  read(job: unknown): (context: JobContext) => Promise<JobSuccess>
}

function operation<T extends z.ZodObject>(
  schema: T,
  run: (job: z.output<T>, context: JobContext) => Promise<JobSuccess>,
  /** Refuses what is wrong whatever the source is. */
  check: (job: z.output<T>) => unknown = () => undefined,
): Operation {
  return {
    schema,
    read(value) {
      const { success, data, error } = schema.safeParse(value)
      if (!success) throw invalidField(error, value, Object.keys(schema.shape))
      check(data)
      return (context) => run(data, context)
    },
  }
}

/** Stands for a source that is not known yet; one that moves has the fewest outputs. */
const ANY: Header = { format: 'jpeg', width: 1000, height: 1000, orientation: 1, frames: 2, alpha: false }

/** Every operation that makes one record: to add one, add its schema and its function here. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  resize: operation(resizeJobSchema, resize, (job) => outputsOf(resizeRequest(job, ANY))),
  srcset: operation(srcsetJobSchema, srcset, (job) => outputsOf(srcsetRequest(job))),
  convert: operation(convertJobSchema, convert, (job) => outputsOf(convertRequest(job))),
  quality: operation(qualityJobSchema, quality, (job) => outputsOf(qualityRequest(job))),
  placeholder: operation(placeholderJobSchema, placeholder),
  exif: operation(exifJobSchema, exif),
}

/** Refuses lists that multiply to more than is made, or that go with nothing. */
function outputsOf({ values }: Request): unknown {
  return variantsOf(values, ANY)
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
  const request = convertRequest(job)
  return makeFiles({ operation: 'convert', input, request, inline, paths: oneFile('convert', output) }, context)
}

async function quality(job: QualityJob, context: JobContext): Promise<JobSuccess> {
  const { input, output, inline } = job
  return makeFiles(
    {
      operation: 'quality',
      input,
      request: qualityRequest(job),
      inline,
      paths: oneFile('quality', output),
      metadata: ({ outputs: [only] }, _, [made]) => (only && made ? qualityMetadata(only.encoding, made) : null),
    },
    context,
  )
}

function oneFile(name: string, output: string): (plan: Plan) => string[] {
  return ({ outputs }) => {
    const [only] = outputs
    if (outputs.length === 1 && only) {
      const called = formatCalled(output)
      if (called === undefined || called === only.encoding.format) return [output]
      throw invalidJob(
        `the output ${output} would be called ${called}, and is ${only.encoding.format}`,
        'Give it the ending of its format, or leave out `format`.',
      )
    }
    throw invalidJob(`\`${name}\` writes one file, and the lists of this job multiply to ${outputs.length}`, 'Use `resize` or `srcset`.')
  }
}

/** The format that the ending of a name stands for; undefined where it stands for none that is made here. */
function formatCalled(name: string): Format | undefined {
  const ending = extname(name).slice(1).toLowerCase()
  return FORMATS.find((format) => format === (ending === 'jpg' ? 'jpeg' : ending))
}

async function headerOf(input: string, { pipeline, cwd, signal }: JobContext): Promise<Header> {
  const { source } = await whileRunning(signal, pipeline.plan(sourceOf(input, cwd), parseRequest('')))
  return source.header
}
