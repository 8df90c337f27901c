import { readdir } from 'node:fs/promises'
import { isAbsolute, join, posix } from 'node:path'
import { ImagemillError, systemCode } from '../errors.ts'
import { isRecord } from '../hash.ts'
import { isImageFile } from '../query/text.ts'
import { showsPosition } from '../source/position.ts'
import { sniff } from '../source/sniff.ts'
import type { Api, Used } from './api.ts'
import type { BundlerContext } from './bundler.ts'
import { pathBelow } from './path-below.ts'
import { rootOf } from './place.ts'

/** Reports every image that ships and says where it was taken: files of the bundle, what is inlined, and Vite's `public` folder. */
export async function checkPrivacy(bundle: Record<string, unknown>, context: BundlerContext, api: Api, used: Used): Promise<void> {
  const { privacy } = api.options
  if (privacy === 'off') return
  const root = rootOf(context)
  const inPublic = (await fromPublic(context, api)).map((file): Found => ({ file, way: 'public' }))
  const found = [...fromBundle(bundle, api, used), ...(await inlined(api, root, used)), ...inPublic]
  const names = [...new Set(found.map(({ file }) => (isAbsolute(file) ? pathBelow(root, file) : file)))].sort()
  if (names.length === 0) return
  const error = new ImagemillError({
    code: 'POSITION_SHIPS',
    message: `${names.length === 1 ? 'an image of the build says' : `${names.length} images of the build say`} where ${names.length === 1 ? 'it was' : 'they were'} taken (GPS): ${names.join(', ')}`,
    hint: hintOf(new Set(found.map(({ way }) => way)), names),
  })
  if (privacy === 'error') throw error
  api.report.warn(error.message)
}

/** A file that says where it was taken, and how it comes into the build. */
interface Found {
  file: string
  way: 'kept' | 'whole' | 'public'
}

/** What helps against each way; nothing but a clean file helps against that of the public folder. */
function hintOf(ways: ReadonlySet<Found['way']>, [name = '']: readonly string[]): string {
  const job = JSON.stringify({ operation: 'exif', exif_op: 'strip', mode: 'gps', input: name, output: `clean/${posix.basename(name)}` })
  const helps = [
    ...(ways.has('kept') ? ['leave out `metadata=keep`'] : []),
    ...(ways.has('whole') ? ['import the image with a directive such as `?w=1280`'] : []),
    `remove the position from the file: imagemill process --job '${job}'`,
  ]
  const text = helps.join(', or ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}; \`privacy\` in the options of the plugin says what happens.`
}

/** Sources of the files of a bundle, whoever put them there. Those of ours that carry no metadata need no look. */
function fromBundle(bundle: Record<string, unknown>, api: Api, { files }: Used): Found[] {
  const ours = new Map([...files, ...api.inWorkers.files].map(([id, name]) => [name, api.outputs.get(api.files.get(id)?.key ?? '')]))
  return Object.entries(bundle).flatMap(([name, item]) => {
    const planned = ours.get(name)
    if (!isRecord(item) || item['type'] !== 'asset' || !isImageFile(name)) return []
    // Before the bytes are asked for: Rolldown copies those of a whole site then.
    if (planned && !planned.original && planned.output.encoding.metadata !== 'keep') return []
    const bytes = bytesOf(item['source'])
    if (!bytes || !isPlaced(bytes)) return []
    return [{ file: planned?.source.file ?? originalOf(item) ?? name, way: planned && !planned.original ? 'kept' : 'whole' }]
  })
}

function bytesOf(source: unknown): Buffer | undefined {
  return source instanceof Uint8Array ? Buffer.from(source.buffer, source.byteOffset, source.byteLength) : undefined
}

function originalOf(item: unknown): string | undefined {
  const names = isRecord(item) ? item['originalFileNames'] : undefined
  return Array.isArray(names) && typeof names[0] === 'string' ? names[0] : undefined
}

function isPlaced(bytes: Buffer): boolean {
  try {
    return showsPosition(bytes, sniff(bytes))
  } catch (error) {
    // An image in name only.
    if (error instanceof ImagemillError) return false
    throw error
  }
}

/** Sources whose bytes are in the code, with all of their metadata. */
async function inlined(api: Api, root: string, used: Used): Promise<Found[]> {
  const keys = [...used.inlined, ...api.inWorkers.inlined]
  const kept = keys
    .map((key) => api.outputs.get(key))
    .filter((planned) => planned?.original || planned?.output.encoding.metadata === 'keep')
  const sources = new Set(kept.flatMap((planned) => (planned ? [planned.source.file] : [])))
  return (await placedAmong([...sources], api, root)).map((file) => ({ file, way: 'kept' }))
}

/** Vite copies the public folder as it is. */
async function fromPublic({ environment }: BundlerContext, api: Api): Promise<string[]> {
  const config = environment?.config
  if (!config?.publicDir || config.consumer !== 'client' || config.build.copyPublicDir === false) return []
  const names = await readdir(config.publicDir, { recursive: true }).catch(ignoreMissing)
  return placedAmong(
    names.filter(isImageFile).map((name) => join(config.publicDir, name)),
    api,
    config.root,
  )
}

/** One after the other: a folder may hold thousands, and they are read only once. */
async function placedAmong(files: readonly string[], api: Api, root: string): Promise<string[]> {
  const placed: string[] = []
  for (const file of files) if (await api.pipeline(root).showsPosition(file)) placed.push(file)
  return placed
}

function ignoreMissing(error: unknown): string[] {
  if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return []
  throw error
}
