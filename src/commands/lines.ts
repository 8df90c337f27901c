import type { Readable } from 'node:stream'
import { ImagemillError, asImagemillError } from '../errors.ts'
import { invalidJob } from '../jobs/invalid.ts'

/** Most bytes of one job; what is longer is a mistake or an attack. */
export const LONGEST = 4_000_000

/** A job as it was read, or why it could not be. */
export type Item = { name: string } & ({ job: unknown } | { error: ImagemillError })

/** Jobs written one a line. A line that is too long is thrown away as it comes, so that memory stays bounded. */
export async function* readLines(input: Readable, signal: AbortSignal): AsyncGenerator<Item> {
  let parts: Buffer[] = []
  let length = 0
  let number = 0
  const add = (part: Buffer): void => {
    length += part.length
    if (length <= LONGEST) parts.push(part)
    else parts = []
  }
  const end = (): Item => {
    const item = itemOf(`line ${++number}`, length > LONGEST ? undefined : Buffer.concat(parts))
    parts = []
    length = 0
    return item
  }
  for await (const chunk of untilAborted(input, signal)) {
    let from = 0
    for (let to = chunk.indexOf(10); to >= 0; to = chunk.indexOf(10, from)) {
      add(chunk.subarray(from, to))
      yield end()
      from = to + 1
    }
    if (from < chunk.length) add(chunk.subarray(from))
  }
  if (length > 0) yield end()
}

/** One job that takes up a whole stream. */
export async function readOne(input: Readable, signal: AbortSignal, name: string): Promise<Item> {
  return itemOf(name, await readAll(input, signal, LONGEST))
}

/** All bytes of a stream, undefined when there are more than `most`. */
export async function readAll(input: Readable, signal: AbortSignal, most: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = []
  let length = 0
  for await (const chunk of untilAborted(input, signal)) {
    length += chunk.length
    if (length > most) return undefined
    parts.push(chunk)
  }
  return Buffer.concat(parts)
}

async function* untilAborted(input: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = (): void => void input.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const chunk of input) {
      const bytes: unknown = chunk
      if (signal.aborted) return
      if (bytes instanceof Buffer) yield bytes
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Bytes as a job, or the error that they are none. */
export function itemOf(name: string, bytes: Buffer | undefined): Item {
  try {
    return { name, job: parseJson(bytes) }
  } catch (error) {
    return { name, error: asImagemillError(error) }
  }
}

export function parseJson(bytes: Buffer | undefined, most = LONGEST): unknown {
  if (!bytes) throw invalidJob(`the JSON is too long: expected at most ${most} bytes`, 'Write each job on a line of its own.')
  const text = decode(bytes)
  if (text.trim() === '') throw invalidJob('there is no job: expected a JSON object, received an empty line')
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new ImagemillError({ code: 'INPUT_INVALID', message: `the job is not JSON (${oneLine(error.message)})` }, { cause: error })
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new ImagemillError({ code: 'INPUT_INVALID', message: 'the job is not valid UTF-8' }, { cause: error })
  }
}

function oneLine(text: string): string {
  const line = text.replaceAll(/[\0-\u001F]+/g, ' ')
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}
