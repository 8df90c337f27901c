import { statSync } from 'node:fs'
import { ImagemillError, systemCode } from '../errors.ts'
import { ifWritable, readWhole } from '../files.ts'
import { canonical, isRecord, sha256 } from '../hash.ts'
import type { Shared } from '../store/shared.ts'
import type { Store } from '../store/store.ts'
import type { Header, Source, SourceFormat } from '../types.ts'
import { readHeader } from './header.ts'
import { sniff } from './sniff.ts'

/** Raised when the readers say more, or other things, of the same bytes. */
const READERS = 2

/** A file changed within this time of being looked at may have changed again without a trace in its times, in ms. */
const DOUBT = 2000

export interface SourceContext {
  store: Store
  /** What other machines know of the same bytes. */
  shared?: Shared | undefined
  /** Reads the header of a format that needs a real decoder. */
  inspect(file: string, format: SourceFormat): Promise<Header>
  /** Runs the same work once for all that ask meanwhile. */
  once(key: string, work: () => Promise<Source>): Promise<Source>
  /** Has work done that nobody needs to wait for. */
  later(work: () => Promise<unknown>): void
}

/**
 * Identity and header of an image file. What was read before is trusted while size, times and inode are
 * the same; otherwise the bytes are read and hashed, and known bytes need no second look at their header.
 */
export async function readSource(file: string, context: SourceContext): Promise<Source> {
  const identity = identify(file)
  const memoKey = sha256(`source ${READERS} ${file}`)
  const memo = asMemo(context.store.get(memoKey)?.value)
  if (memo && canonical(memo.identity) === canonical(identity) && !inDoubt(identity, memo.seen_ms)) return { file, ...memo.source }
  // A page asks for several requests of one image at once, and server and client for the same ones.
  return context.once(`${file} ${canonical(identity)}`, () => readAnew(file, { memoKey, memo, identity }, context))
}

async function readAnew(
  file: string,
  { memoKey, memo, identity }: { memoKey: string; memo: Memo | undefined; identity: Identity },
  context: SourceContext,
): Promise<Source> {
  const { store, later } = context
  const seen_ms = Date.now()
  const bytes = await readSourceFile(file)
  const digest = sha256(bytes)
  const header = memo?.source.digest === digest ? memo.source.header : await headerOf(file, bytes, digest, context)
  const source = { digest, size_bytes: bytes.length, header }
  // What cannot be remembered is found out again next time.
  later(() => ifWritable(() => store.put(memoKey, { identity, seen_ms, source })))
  return { file, ...source }
}

export interface Identity {
  size: string
  mtime: string
  ctime: string
  inode: string
}

interface Memo {
  identity: Identity
  seen_ms: number
  source: Omit<Source, 'file'>
}

export function identify(file: string): Identity {
  try {
    const facts = statSync(file, { bigint: true })
    if (facts.isDirectory())
      throw new ImagemillError({ code: 'SOURCE_UNREADABLE', message: 'a folder has the name of the image', hint: 'Name an image file.' })
    return { size: String(facts.size), mtime: String(facts.mtimeNs), ctime: String(facts.ctimeNs), inode: String(facts.ino) }
  } catch (error) {
    return unreadable(error)
  }
}

/** The bytes of an image file, or an error that says why there are none. */
export async function readSourceFile(file: string): Promise<Buffer> {
  return readWhole(file).catch(unreadable)
}

function unreadable(error: unknown): never {
  const code = systemCode(error)
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    throw new ImagemillError(
      {
        code: 'SOURCE_NOT_FOUND',
        message: 'the image file does not exist',
        hint: 'Check its name, upper and lower case included, and its folder.',
      },
      { cause: error },
    )
  }
  if (code === undefined || error instanceof ImagemillError) throw error
  throw new ImagemillError(
    { code: 'SOURCE_UNREADABLE', message: `the image file cannot be read (${code})`, hint: 'Check its permissions.' },
    { cause: error },
  )
}

export function inDoubt({ mtime, ctime }: Identity, seen_ms: number): boolean {
  const changed_ms = Math.max(Number(BigInt(mtime) / 1_000_000n), Number(BigInt(ctime) / 1_000_000n))
  return changed_ms > seen_ms - DOUBT
}

async function headerOf(file: string, bytes: Buffer, digest: string, { store, shared, inspect, later }: SourceContext): Promise<Header> {
  const format = sniff(bytes)
  if (format === 'jpeg' || format === 'png' || format === 'webp' || format === 'gif') return readHeader(bytes, format)
  const key = sha256(`header ${READERS} ${digest}`)
  const known = (store.get(key) ?? (await shared?.find(digest, key, store, ({ value }) => isHeader(value))))?.value
  if (isHeader(known)) return known
  const header = await inspect(file, format)
  later(async () => (await ifWritable(() => store.put(key, header))) && shared?.send(key, store))
  return header
}

function asMemo(value: unknown): Memo | undefined {
  if (!isRecord(value)) return undefined
  const { identity, seen_ms, source } = value
  return isIdentity(identity) && typeof seen_ms === 'number' && isSource(source) ? { identity, seen_ms, source } : undefined
}

function isIdentity(value: unknown): value is Identity {
  return isRecord(value) && ['size', 'mtime', 'ctime', 'inode'].every((key) => typeof value[key] === 'string')
}

function isSource(value: unknown): value is Memo['source'] {
  return isRecord(value) && typeof value['digest'] === 'string' && typeof value['size_bytes'] === 'number' && isHeader(value['header'])
}

function isHeader(value: unknown): value is Header {
  return (
    isRecord(value) &&
    typeof value['format'] === 'string' &&
    ['width', 'height', 'orientation', 'frames'].every((key) => typeof value[key] === 'number') &&
    typeof value['alpha'] === 'boolean'
  )
}
