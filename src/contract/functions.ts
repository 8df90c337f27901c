import * as z from 'zod'
import { DIRECTIVES } from '../query/directives.ts'
import { oneOf, text, whole } from './fields.ts'

const MAX_FILESIZE = 'bytes, as a whole number of at least 1 or such as "50kb"'
const isSize = (value: string): boolean => DIRECTIVES.target_size.read(value) !== undefined
const IDENTIFIER = 'a text of 1 to 500 characters'

const saveSchema = z
  .strictObject(
    {
      image_identifier: z
        .string({ error: IDENTIFIER })
        .min(1, { error: IDENTIFIER })
        .max(500, { error: IDENTIFIER })
        .describe('Comes back untouched.'),
      quality: whole('a whole number from 1 to 100', 1, 100).optional(),
      extension: oneOf(['.jpg', '.jpeg', '.png', '.webp', '.avif', '.gif', 'jpg', 'jpeg', 'png', 'webp', 'avif', 'gif'])
        .optional()
        .describe('Format of the file; `.jpg` without it.'),
      max_filesize: z
        .union([whole(MAX_FILESIZE, 1, Number.MAX_SAFE_INTEGER), text(MAX_FILESIZE).refine(isSize, { error: MAX_FILESIZE })], {
          error: MAX_FILESIZE,
        })
        .optional()
        .describe('The best quality of at most so many bytes, of a JPEG, WebP or AVIF.'),
    },
    { error: 'an object with an `image_identifier`' },
  )
  .refine(({ extension, max_filesize }) => max_filesize === undefined || !/png|gif/.test(extension ?? ''), {
    path: ['extension'],
    error: 'that of a JPEG, WebP or AVIF beside `max_filesize`',
  })

export type Save = z.output<typeof saveSchema>

/** One step: what is done to the picture of the step around it, whether the outcome is kept, and what is done to it further. */
export interface FunctionStep {
  name: string
  params?: Record<string, unknown> | undefined
  save?: Save | undefined
  functions?: FunctionStep[] | undefined
}

const stepSchema: z.ZodType<FunctionStep> = z
  .strictObject(
    {
      name: text('the name of a function'),
      params: z.record(z.string(), z.unknown(), { error: 'an object of parameters' }).optional(),
      save: saveSchema.optional(),
      get functions() {
        return z.array(stepSchema, { error: 'a list of functions' }).min(1, { error: 'a list of at least one function' }).optional()
      },
    },
    { error: 'an object with the `name` of a function' },
  )
  .refine(({ save, functions }) => save !== undefined || functions !== undefined, {
    path: ['save'],
    error: '`save`, or `functions` that save something',
  })

/** What `POST /job` takes: functions within functions. An unknown function fails when the job is done, as it always did. */
export const functionsJobSchema = z.strictObject(
  {
    application_id: z.string({ error: 'a text' }).optional().describe('Taken for compatibility; a key is in the header X-API-Key.'),
    v: z.number({ error: 'a version' }).optional().describe('Taken for compatibility.'),
    src: text('the path of an image file'),
    functions: z.array(stepSchema, { error: 'a list of functions' }).min(1, { error: 'a list of at least one function' }),
  },
  { error: 'an object with `src` and `functions`' },
)
