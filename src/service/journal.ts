import { constants } from 'node:fs'
import { mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { deliverySchema } from '../contract/delivery.ts'
import { jobResultSchema } from '../contract/job-result.ts'
import { systemCode } from '../errors.ts'
import { ignoreGone } from '../store/entries.ts'
import { isJobId, type AcceptedJob, type EndedJob } from './job.ts'

/** What is known of all jobs, on disk: a job that was taken is there before its caller is told so, and stays until it has ended. */
export interface Journal {
  accept(job: AcceptedJob): Promise<void>
  /** Jobs that have not ended, in the order in which they were taken. */
  open(): Promise<AcceptedJob[]>
  /** A job that has not ended. */
  read(id: string): Promise<AcceptedJob | undefined>
  /** A job that has. */
  ended(id: string): Promise<EndedJob | undefined>
  /** Keeps how a job ended. It counts as one that has not until `close`, so that whoever is to be told of its end surely is. */
  end(job: EndedJob): Promise<void>
  close(id: string): Promise<void>
  /** Forgets jobs that ended before a time, in ms since 1970; answers their ids. */
  expire(before_ms: number): Promise<string[]>
}

const text = z.string().min(1)
const fileSchema = z.strictObject({
  name: text,
  mime: text,
  width: z.int().exactOptional(),
  height: z.int().exactOptional(),
  size_bytes: z.int(),
  digest: text,
  image_identifier: z.string(),
})

const acceptedSchema = z.strictObject({
  id: text,
  operation: text,
  endpoint: text,
  job: z.record(z.string(), z.unknown()),
  upload: text.exactOptional(),
  delivery: deliverySchema,
  weight: z.record(z.string(), z.number()),
  queued_ms: z.number(),
})

const endedSchema = acceptedSchema.extend({
  end: z.strictObject({
    status: z.enum(['completed', 'failed', 'cancelled']),
    started_ms: z.number(),
    ended_ms: z.number(),
    attempts: z.int(),
    record: jobResultSchema,
    files: z.array(fileSchema),
    main: fileSchema.exactOptional(),
    base64: z.string().exactOptional(),
    original_meta: z.strictObject({ width: z.int().exactOptional(), height: z.int().exactOptional() }),
    failures: z.array(z.strictObject({ image_identifier: z.string(), error: z.string() })),
  }),
})

/** A file a job: `open/<id>.json` until it has ended, `ended/<id>.json` from then on. */
export async function openJournal(folder: string): Promise<Journal> {
  const folders = { open: join(folder, 'open'), ended: join(folder, 'ended') }
  for (const path of Object.values(folders)) await openFolder(path)
  const path = (kind: keyof typeof folders, id: string): string => join(folders[kind], `${id}.json`)

  const readOpen = async (id: string): Promise<AcceptedJob | undefined> => parse(await readIfThere(path('open', id)), acceptedSchema)

  return {
    accept: (job) => writeDurable(folders.open, `${job.id}.json`, JSON.stringify(job)),
    async open() {
      const jobs = await Promise.all((await idsIn(folders.open)).map(readOpen))
      return jobs.filter((job) => job !== undefined).sort((a, b) => a.queued_ms - b.queued_ms || (a.id < b.id ? -1 : 1))
    },
    read: readOpen,
    ended: async (id) => parse(await readIfThere(path('ended', id)), endedSchema),
    end: (job) => writeDurable(folders.ended, `${job.id}.json`, JSON.stringify(job)),
    close: (id) => rm(path('open', id), { force: true }),
    async expire(before_ms) {
      const gone: string[] = []
      for (const id of await idsIn(folders.ended)) {
        const facts = await stat(path('ended', id)).catch(ignoreGone)
        if (!facts || facts.mtimeMs >= before_ms) continue
        await rm(path('ended', id), { force: true })
        gone.push(id)
      }
      return gone
    },
  }
}

/** Makes a folder of this process alone, or removes from it what an earlier one that was killed has left half written. */
export async function openFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const name of await readdir(folder)) if (/^\..+\.part$/.test(name)) await rm(join(folder, name), { force: true })
}

/** Writes a whole file or none of it; when this is done it survives a failure of the power. */
export async function writeDurable(folder: string, name: string, content: string | Uint8Array): Promise<void> {
  const part = join(folder, `.${name}.part`)
  const handle = await open(part, constants.O_CREAT | constants.O_WRONLY | constants.O_TRUNC, 0o600)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(part, join(folder, name))
  await syncFolder(folder)
}

/** The name of a new file is part of its folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch((error: unknown) => {
    // Windows opens no folders, and keeps their names by itself.
    if (systemCode(error) === 'EPERM' || systemCode(error) === 'EISDIR') return undefined
    throw error
  })
  await handle?.sync().finally(() => handle.close())
}

/** What was written by halves, or by a hand, is no job. */
function parse<T>(json: string | undefined, schema: z.ZodType<T>): T | undefined {
  if (json === undefined) return undefined
  try {
    return schema.safeParse(JSON.parse(json)).data
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function idsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).map((name) => name.replace(/\.json$/, '')).filter(isJobId)
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(ignoreGone)
}
