import * as z from 'zod'

/** What an installation can do. */
export const capsSchema = z.strictObject({
  version: z.string(),
  operations: z.array(z.string()),
  formats: z.strictObject({ input: z.array(z.string()), output: z.array(z.string()) }),
  directives: z.record(z.string(), z.strictObject({ expected: z.string(), list: z.boolean() })),
  sharp: z.record(z.string(), z.string()).describe('Versions of sharp and its codecs.'),
  node: z.string(),
  platform: z.string(),
})

export type Caps = z.output<typeof capsSchema>
