import { fields, invalid, read } from './option-values.ts'

/** Options of a store that machines share. */
export interface StoreOptions {
  /** Its address: records are at `/ac/…` below it, bytes at `/cas/…`. */
  remote: string
  /** What it wants to see, sent as `Authorization: Bearer`. @default IMAGEMILL_STORE_TOKEN of the environment */
  token?: string | undefined
  /** Whether what is made here is sent to it. Leave it to builds that you trust, not to those of pull requests. @default false */
  write?: boolean | undefined
  /** Signs records, and refuses those that were not signed with it. @default IMAGEMILL_STORE_SECRET of the environment */
  secret?: string | undefined
}

/** Options of a queue that machines share. */
export interface QueueOptions {
  /** Address of Redis or Valkey, as in `redis://user:password@host:6379/0`; `rediss:` is encrypted. */
  redis: string
  /** Whether a Redis may be used that forgets jobs: one without an append-only file, or that evicts keys. @default false */
  allowForgetful?: boolean | undefined
}

export interface SharedStore {
  url: string
  token: string | undefined
  write: boolean
  secret: string | undefined
}

export interface SharedQueue {
  redis: string
  allowForgetful: boolean
}

export function storeOf(value: unknown, env: NodeJS.ProcessEnv = process.env): SharedStore | undefined {
  if (value === undefined) return undefined
  const raw = fields(value, 'store.', ['remote', 'token', 'write', 'secret'])
  const url = httpAddress(raw['remote'])
  if (url === undefined)
    throw invalid('store.remote', 'an address with http: or https:, and the token apart from it', hidden(raw['remote']))
  return {
    url,
    token: secretOf(raw['token'], 'store.token') ?? secretOf(env['IMAGEMILL_STORE_TOKEN'] || undefined, 'IMAGEMILL_STORE_TOKEN'),
    write: read(raw['write'], 'store.write', 'true or false', flag) ?? false,
    secret: secretOf(raw['secret'], 'store.secret') ?? secretOf(env['IMAGEMILL_STORE_SECRET'] || undefined, 'IMAGEMILL_STORE_SECRET'),
  }
}

/** Sources and images go to the workers and back through the store, so there is no queue without one. */
export function queueOf(value: unknown, store: SharedStore | undefined): SharedQueue | undefined {
  if (value === undefined) return undefined
  const raw = fields(value, 'queue.', ['redis', 'allowForgetful'])
  const redis = redisAddress(raw['redis'])
  if (redis === undefined) throw invalid('queue.redis', "an address such as 'redis://host:6379'", hidden(raw['redis']))
  if (!store?.write) throw invalid('queue', 'the option `store` beside it, with `write: true`', store && { store: { write: false } })
  return { redis, allowForgetful: read(raw['allowForgetful'], 'queue.allowForgetful', 'true or false', flag) ?? false }
}

function httpAddress(value: unknown): string | undefined {
  const url = addressOf(value)
  const isPlain = url?.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return url && isPlain && /^https?:$/.test(url.protocol) ? url.href.replace(/\/+$/, '') : undefined
}

function redisAddress(value: unknown): string | undefined {
  const url = addressOf(value)
  return url && /^rediss?:$/.test(url.protocol) && url.hostname !== '' ? url.href : undefined
}

function addressOf(value: unknown): URL | undefined {
  return typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
}

/** What goes into a header, or into a line of a file of secrets. */
function secretOf(value: unknown, name: string): string | undefined {
  if (value === undefined || (typeof value === 'string' && /^[\x21-\x7e]+$/.test(value))) return value
  throw invalid(name, 'a text without spaces', typeof value === 'string' ? NOT_SHOWN : value)
}

/** Errors end up in logs that more people read than should know a password. */
const NOT_SHOWN = '(not shown)'

function hidden(value: unknown): unknown {
  return typeof value === 'string' && value.includes('@') ? NOT_SHOWN : value
}

function flag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}
