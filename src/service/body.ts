import { createHash } from 'node:crypto'
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServiceContext } from './context.ts'
import { HttpError, invalidBody } from './http-error.ts'
import { boundaryOf, readMultipart, type Sink } from './multipart.ts'
import { safeName } from './safe-name.ts'

export interface BodyLimits {
  /** Most bytes of JSON. */
  json: number
  /** Most bytes of an uploaded image. */
  upload: number
}

/** A file that came with a request. */
export interface Upload {
  /** A name that is safe in any folder. */
  name: string
  /** sha256, hex. */
  digest: string
}

export interface Body {
  fields: unknown
  upload?: Upload
}

/** JSON, and nothing else. */
export async function readJson(c: ServiceContext, limits: BodyLimits): Promise<unknown> {
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(c.req.header('content-type') ?? '')) throw unsupported('application/json')
  return parse(await readText(c, limits.json))
}

/** What was posted: a job as JSON; an image itself, with the job in the address; or both as a form. A file goes to `folder`. */
export async function readBody(c: ServiceContext, folder: string, limits: BodyLimits): Promise<Body> {
  const type = c.req.header('content-type') ?? ''
  if (/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) return { fields: parse(await readText(c, limits.json)) }
  if (/^(?:image\/|application\/octet-stream\b)/i.test(type)) {
    refuseLength(c, limits.upload)
    const file = await saver(folder, c.req.query('filename'), limits.upload)
    await pour(chunksOf(c), file.sink)
    return { fields: parse(Buffer.from(c.req.query('job') ?? '{}')), upload: file.upload() }
  }
  const boundary = boundaryOf(type)
  if (boundary === undefined) throw unsupported('application/json, multipart/form-data, or an image')
  refuseLength(c, limits.upload + limits.json)
  return readForm(c, boundary, folder, limits)
}

async function readForm(c: ServiceContext, boundary: string, folder: string, limits: BodyLimits): Promise<Body> {
  let job: Buffer | undefined
  let file: Saver | undefined
  await readMultipart(chunksOf(c), boundary, async ({ name, filename }) => {
    if (name === 'job' && job === undefined) return collector(limits.json, (bytes) => (job = bytes))
    if (name === 'file' && !file) return (file = await saver(folder, filename, limits.upload)).sink
    throw invalidBody(`expected one part \`job\` and one \`file\`, received ${JSON.stringify(name.slice(0, 50))}`)
  })
  const upload = file?.upload()
  return { fields: parse(job ?? Buffer.from('{}')), ...(upload && { upload }) }
}

async function readText(c: ServiceContext, most: number): Promise<Buffer> {
  refuseLength(c, most)
  let bytes: Buffer = Buffer.alloc(0)
  await pour(
    chunksOf(c),
    collector(most, (all) => (bytes = all)),
  )
  return bytes
}

function parse(bytes: Buffer): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (depthOf(text) > DEEPEST) throw invalidBody(`the JSON is nested more than ${DEEPEST} deep`)
    const value: unknown = JSON.parse(text)
    return value
  } catch (error) {
    if (error instanceof SyntaxError) throw invalidBody('the job is not JSON')
    if (error instanceof TypeError) throw invalidBody('the job is not valid UTF-8')
    throw error
  }
}

/** What is nested deeper is made to break programs that walk it. */
const DEEPEST = 64

function depthOf(text: string): number {
  let [depth, deepest, isText] = [0, 0, false]
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '"') isText = !isText
    else if (isText) at += char === '\\' ? 1 : 0
    else if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth)
    else if (char === ']' || char === '}') depth--
  }
  return deepest
}

/** A body that says that it is too large is not read at all. */
function refuseLength(c: ServiceContext, most: number): void {
  if (Number(c.req.header('content-length') ?? 0) > most) throw tooLarge(most)
}

async function* chunksOf(c: ServiceContext): AsyncGenerator<Uint8Array> {
  const { body } = c.req.raw
  if (!body) return
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader()
  try {
    for (let next = await read(reader); !next.done; next = await read(reader)) yield next.value
  } finally {
    reader.releaseLock()
  }
}

/** A connection that ends before its body does. */
async function read(reader: ReadableStreamDefaultReader<Uint8Array>): ReturnType<typeof reader.read> {
  return reader.read().catch(() => {
    throw invalidBody('the body ends before its end')
  })
}

async function pour(chunks: AsyncIterable<Uint8Array>, sink: Sink): Promise<void> {
  for await (const chunk of chunks) await sink.write(Buffer.from(chunk))
  await sink.end()
}

function collector(most: number, done: (bytes: Buffer) => void): Sink {
  const parts: Buffer[] = []
  let length = 0
  return {
    write(bytes) {
      length += bytes.length
      if (length > most) throw tooLarge(most)
      parts.push(Buffer.from(bytes))
    },
    end: () => done(Buffer.concat(parts)),
  }
}

interface Saver {
  sink: Sink
  /** What was saved; an error when it was cut off. */
  upload(): Upload
}

/** Saves an upload as it comes, which survives a failure of the power when it has ended. */
async function saver(folder: string, filename: string | undefined, most: number): Promise<Saver> {
  const name = safeName(filename ?? '', 'upload')
  await mkdir(folder, { recursive: true })
  const handle: FileHandle = await open(join(folder, name), 'wx', 0o600)
  const hash = createHash('sha256')
  let length = 0
  let digest: string | undefined
  const sink: Sink = {
    async write(bytes) {
      length += bytes.length
      hash.update(bytes)
      if (length <= most) return void (await handle.write(bytes))
      await handle.close()
      throw tooLarge(most)
    },
    async end() {
      await handle.sync().finally(() => handle.close())
      if (length === 0) throw invalidBody('the uploaded file is empty')
      digest = hash.digest('hex')
    },
  }
  return {
    sink,
    upload() {
      if (digest === undefined) throw invalidBody('the uploaded file has no end')
      return { name, digest }
    },
  }
}

function tooLarge(most: number): HttpError {
  return new HttpError({
    status: 413,
    code: 'BODY_TOO_LARGE',
    message: `the body is too large: expected at most ${most} bytes`,
  })
}

function unsupported(expected: string): HttpError {
  return new HttpError({
    status: 415,
    code: 'CONTENT_TYPE_UNSUPPORTED',
    message: `the content type is not one that is taken: expected ${expected}`,
  })
}
