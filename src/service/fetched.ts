import { copyFile, link, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { whileRunning } from '../jobs/context.ts'
import type { Pipeline } from '../pipeline.ts'
import { parseRequest } from '../query/request.ts'
import { systemCode } from '../errors.ts'
import { safeName } from './safe-name.ts'

/** An address of another server as a file in a folder of its own; answers its name. */
export async function fetchSource(
  url: string,
  folder: string,
  { pipeline, signal }: { pipeline: Pipeline; signal: AbortSignal },
): Promise<string> {
  const { source } = await whileRunning(signal, pipeline.plan(url, parseRequest('')))
  if (source.local === undefined) throw new TypeError('what was fetched is nowhere')
  const name = nameIn(url)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await link(source.local, join(folder, name)).catch(async (error: unknown) => {
    // Another disk, or one that knows no links.
    if (systemCode(error) === undefined) throw error
    await copyFile(source.local ?? '', join(folder, name))
  })
  return name
}

/** What the file of an address is called. */
export function nameIn(url: string): string {
  const { pathname } = new URL(url)
  return safeName(decoded(pathname), 'image')
}

/** A path as it is read, or as it is written where that is no text. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch (error) {
    if (error instanceof URIError) return path
    throw error
  }
}
