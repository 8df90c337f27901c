import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { ImagemillError, systemCode } from '../../errors.ts'
import { writeAtomic } from '../../files.ts'
import { hasEnded } from '../../process-name.ts'

/** An id is the name of a file, and a part of what is signed, where a `.` separates. */
const ID = /^[\w-]{1,200}$/

const deliverySchema = z.strictObject({
  id: z.string().regex(ID),
  url: z.url({ protocol: /^https?$/ }),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  created_ms: z.number(),
  /** Tries so far. */
  attempts: z.int().min(0),
  /** Time of the next try, in ms since 1970. */
  next_ms: z.number(),
  /** What came of the last try. */
  last: z.strictObject({ at_ms: z.number(), status: z.int().exactOptional(), error: z.string().min(1) }).exactOptional(),
})

/** What is to be posted, and what came of it so far. */
export type Delivery = z.output<typeof deliverySchema>

/** `pending` will be tried again, `failed` will not. What was delivered is gone. */
export type DeliveryState = 'pending' | 'failed'

/** Deliveries on disk, a file each, whole or not at all. */
export interface Outbox {
  put(state: DeliveryState, delivery: Delivery): Promise<void>
  read(state: DeliveryState, id: string): Promise<Delivery | undefined>
  remove(state: DeliveryState, id: string): Promise<void>
  ids(state: DeliveryState): Promise<string[]>
  /** Removes what processes that were killed have left half written. */
  tidy(): Promise<void>
}

export function openOutbox(folder: string): Outbox {
  const temp = join(folder, 'tmp')
  const path = (state: DeliveryState, id: string): string => join(folder, state, `${id}.json`)
  return {
    async put(state, delivery) {
      const parsed = deliverySchema.safeParse(delivery)
      if (!parsed.success) throw refusal(parsed.error)
      const text = `${JSON.stringify(parsed.data)}\n`
      await mkdir(join(folder, state), { recursive: true })
      await writeAtomic(path(state, delivery.id), text, temp)
    },
    async read(state, id) {
      const text = ID.test(id) ? await readFile(path(state, id), 'utf8').catch(ifMissing(undefined)) : undefined
      if (text === undefined) return undefined
      const parsed = deliverySchema.safeParse(jsonOf(text))
      // A file that is not ours, or was changed by hand into something else.
      return parsed.success && parsed.data.id === id ? parsed.data : undefined
    },
    remove: (state, id) => rm(path(state, id), { force: true }),
    async ids(state) {
      const names = await readdir(join(folder, state)).catch(ifMissing<string[]>([]))
      return names.flatMap((name) => (/^[\w-]+\.json$/.test(name) ? [name.slice(0, -'.json'.length)] : [])).sort()
    },
    async tidy() {
      const names = await readdir(temp).catch(ifMissing<string[]>([]))
      await Promise.all(names.filter(hasEnded).map((name) => rm(join(temp, name), { force: true })))
    },
  }
}

function refusal(error: z.ZodError): ImagemillError {
  const [issue] = error.issues
  return new ImagemillError(
    {
      code: 'INPUT_INVALID',
      message: `a message cannot be kept: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
      hint: 'An `id` has letters, digits, `-` and `_`, and a `url` begins with http:// or https://.',
    },
    { cause: error },
  )
}

function ifMissing<T>(otherwise: T): (error: unknown) => T {
  return (error) => {
    if (systemCode(error) === 'ENOENT') return otherwise
    throw error
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
