import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { mkdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ifWritable } from '../files.ts'
import { isRecord } from '../hash.ts'
import { bytesOf } from '../plugin/option-values.ts'
import { PROCESS_NAME } from '../process-name.ts'
import { cacheFolder } from '../store/cache-folder.ts'
import { LAYOUT, WRITTEN } from '../store/disk.ts'
import { ignoreGone, listEntries, type Kept } from '../store/entries.ts'
import { isInUse, sweep } from '../store/sweep.ts'
import { verify } from '../store/verify.ts'
import { UsageError, readArguments } from './arguments.ts'
import { print } from './run-jobs.ts'
import { sizeText } from '../units.ts'

export const help = `Usage: imagemill cache ls [--json]
       imagemill cache verify
       imagemill cache prune [--max-size <size>] [--older-than <time>]
       imagemill cache clear

ls lists the entries of the cache, the last used first. verify reads all of them to the last byte and removes what is
damaged, which is made anew when it is needed. prune removes what was used longest ago, never what a running build uses.
clear removes everything. verify, prune and clear answer a line of JSON.

  --cache <dir>         folder of the cache (node_modules/.cache/imagemill beside the nearest package.json)
  --json                ls: a line of JSON for each entry
  --max-size <size>     prune: what is to be left at most, such as 500mb (2gb)
  --older-than <time>   prune: what was not used for so long goes in any case, such as 12h or 30d
`

const OPTIONS = {
  cache: { type: 'string' },
  json: { type: 'boolean' },
  'max-size': { type: 'string' },
  'older-than': { type: 'string' },
} as const

interface Values {
  json?: boolean | undefined
  'max-size'?: string | undefined
  'older-than'?: string | undefined
}

const ACTIONS: Readonly<Record<string, { takes: readonly (keyof Values)[]; run(folder: string, values: Values): Promise<number> }>> = {
  ls: { takes: ['json'], run: list },
  verify: { takes: [], run: check },
  prune: { takes: ['max-size', 'older-than'], run: prune },
  clear: { takes: [], run: clear },
}

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS, 1)
  const { cache, ...others } = values
  const name = positionals[0] ?? ''
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
  if (!action) throw new UsageError(`expected one of ${Object.keys(ACTIONS).join(', ')}, received ${JSON.stringify(name)}`)
  const wrong = Object.keys(others).find((option) => !action.takes.some((taken) => taken === option))
  if (wrong !== undefined) throw new UsageError(`\`cache ${name}\` has no option --${wrong}`)
  return action.run(cacheFolder(process.cwd(), cache), others)
}

async function list(folder: string, { json = false }: Values): Promise<number> {
  const entries = await listEntries(join(folder, LAYOUT))
  let total = 0
  for (const kept of entries.sort((a, b) => b.usedAt - a.usedAt)) {
    const { size_bytes, ...rest } = describe(kept)
    total += size_bytes
    await print(
      json
        ? `${JSON.stringify({ ...rest, size_bytes })}\n`
        : `${sizeText(size_bytes).padStart(9)}  ${rest.used_at}  ${rest.kind.padEnd(7)}  ${rest.key}\n`,
    )
  }
  process.stderr.write(`${entries.length} entries, ${sizeText(total)} in ${folder}\n`)
  return 0
}

function describe({ path, usedAt, record_bytes, blob, entry }: Kept): { key: string; kind: string; used_at: string; size_bytes: number } {
  const value = entry?.value
  const kind = !entry ? 'damaged' : blob ? 'image' : isRecord(value) && 'identity' in value ? 'source' : 'facts'
  const key = path.slice(path.length - 'json'.length - 65, -'.json'.length)
  return { key, kind, used_at: new Date(usedAt).toISOString(), size_bytes: record_bytes + (blob?.bytes ?? 0) }
}

async function check(folder: string): Promise<number> {
  const verified = await verify(folder)
  await print(`${JSON.stringify(verified)}\n`)
  return verified.left > 0 ? 1 : 0
}

async function prune(folder: string, values: Values): Promise<number> {
  const most = bytesOf(values['max-size'] ?? '2gb')
  if (most === undefined)
    throw new UsageError(`invalid --max-size: expected a size such as 500mb, received ${JSON.stringify(values['max-size'])}`)
  const age = values['older-than']
  const since = age === undefined ? 0 : Date.now() - ageOf(age)
  const swept = isStore(folder) ? await sweep(folder, most, since) : { entries: 0, bytes: 0 }
  await print(`${JSON.stringify({ removed: swept.entries, removed_bytes: Math.round(swept.bytes) })}\n`)
  return 0
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

function ageOf(text: string): number {
  const [, number, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? []
  if (number === undefined)
    throw new UsageError(`invalid --older-than: expected a time such as 12h or 30d, received ${JSON.stringify(text)}`)
  return Number(number) * (UNITS[unit] ?? 0)
}

async function clear(folder: string): Promise<number> {
  const entries = await listEntries(join(folder, LAYOUT))
  if (!isStore(folder)) {
    if (existsSync(join(folder, LAYOUT))) throw new UsageError(`${folder} is not a cache of imagemill: it has no CACHEDIR.TAG of its own`)
    await print(`${JSON.stringify({ removed: 0 })}\n`)
    return 0
  }
  await removeEntries(join(folder, LAYOUT))
  // A running build goes on in there: what it says of itself stays, and that the folder is ours.
  if (!(await isInUse(folder))) {
    for (const name of [LAYOUT, TAG]) await ifWritable(() => rm(join(folder, name), { recursive: true, force: true }))
  }
  // What else is in the folder is not ours.
  await ifWritable(() => rmdir(folder))
  await print(`${JSON.stringify({ removed: entries.length })}\n`)
  return 0
}

const TAG = 'CACHEDIR.TAG'

/** Moved away first: a folder that someone writes to meanwhile cannot be removed. */
async function removeEntries(root: string): Promise<void> {
  const away = join(root, 'tmp', `${PROCESS_NAME}-${randomBytes(8).toString('hex')}`)
  await mkdir(away, { recursive: true })
  for (const name of ['ac', 'cas', WRITTEN]) await rename(join(root, name), join(away, name)).catch(ignoreGone)
  await rm(away, { recursive: true, force: true })
}

/** All that we put into a layout. */
const OURS: ReadonlySet<string> = new Set(['ac', 'cas', 'tmp', 'runs', 'claims', WRITTEN])

/** Whether a folder was made by us: a wrong path must not cost anyone their files. One that was cleared just when a build began has no tag. */
function isStore(folder: string): boolean {
  const tag = join(folder, TAG)
  if (existsSync(tag)) return readFileSync(tag, 'utf8').includes('imagemill')
  const root = join(folder, LAYOUT)
  const names = existsSync(root) ? readdirSync(root) : []
  return names.some((name) => name !== 'tmp') && names.every((name) => OURS.has(name))
}
