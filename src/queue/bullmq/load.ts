import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Bullmq from 'bullmq'
import type * as Ioredis from 'ioredis'
import { ImagemillError, systemCode } from '../../errors.ts'

export type { Redis } from 'ioredis'

/** BullMQ and a client of Redis, which only those install who have many machines. */
export async function loadBullmq(): Promise<{ bullmq: typeof Bullmq; Redis: typeof Ioredis.Redis }> {
  const [bullmq, ioredis] = await Promise.all([
    load('bullmq', (path) => import(path) as Promise<typeof Bullmq>),
    load('ioredis', (path) => import(path) as Promise<typeof Ioredis>),
  ])
  return { bullmq, Redis: ioredis.Redis }
}

/** A package beside this one, or of the project that the command runs in. */
async function load<T>(name: string, take: (path: string) => Promise<T>): Promise<T> {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return await take(pathToFileURL(createRequire(from).resolve(name)).href)
    } catch (error) {
      if (systemCode(error) !== 'MODULE_NOT_FOUND') throw error
    }
  }
  throw new ImagemillError({
    code: 'PACKAGE_MISSING',
    message: `the package ${name} is not installed, which work on other machines needs`,
    hint: 'Install both: npm install bullmq ioredis',
  })
}
