import * as z from 'zod'

const count = z.int().min(0)

/** A line on standard error of a command with `--json`. */
export const progressEventSchema = z.discriminatedUnion('event', [
  z.strictObject({ event: z.literal('start'), total: count.nullable().describe('Jobs; null where they are not known beforehand.') }),
  z.strictObject({
    event: z.literal('progress'),
    done: count,
    failed: count.describe('How many of them failed.'),
    total: count.nullable(),
    current: z.string().nullable().describe('What has been worked on for the longest time.'),
    elapsed_ms: z.number().min(0),
    left_ms: z.number().min(0).nullable().describe('An estimate; null until there is something to go by.'),
  }),
  z.strictObject({ event: z.literal('warning'), message: z.string().min(1) }),
  z.strictObject({ event: z.literal('end'), done: count, failed: count, elapsed_ms: z.number().min(0) }),
])

export type ProgressEvent = z.output<typeof progressEventSchema>
