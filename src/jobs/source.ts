import { basename, resolve } from 'node:path'
import type { Pipeline } from '../pipeline.ts'
import { isRemote } from '../query/remote.ts'
import { parseRequest } from '../query/request.ts'

/** The source that a job names: the absolute path of a file, or an address of another server as it is. */
export function sourceOf(input: string, cwd: string): string {
  return isRemote(input) ? input : resolve(cwd, input)
}

/** The file of a source, of an address the one that holds its bytes. */
export async function fileOf(input: string, cwd: string, pipeline: Pipeline): Promise<string> {
  if (!isRemote(input)) return resolve(cwd, input)
  const { source } = await pipeline.plan(input, parseRequest(''))
  return source.local ?? source.file
}

/** What files made of a source are named after: of an address the last part of its path, or its host. */
export function nameOf(input: string): string {
  if (!isRemote(input) || !URL.canParse(input)) return input
  const { pathname, hostname } = new URL(input)
  return basename(pathname) || hostname.replace(/[^\w.-]/g, '')
}
