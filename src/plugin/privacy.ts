import { readdir } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
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
  const found = [...fromBundle(bundle, api, used), ...(await inlined(api, root, used)), ...(await fromPublic(context, api))]
  const names = [...new Set(found.map((file) => (isAbsolute(file) ? pathBelow(root, file) : file)))].sort()
  if (names.length === 0) return
  const error = new ImagemillError({
    code: 'POSITION_SHIPS',
    message: `${names.length === 1 ? 'an image of the build says' : `${names.length} images of the build say`} where it was taken (GPS): ${names.join(', ')}`,
    hint: 'Leave out `metadata=keep`, import the image with a directive such as `?w=1280`, or remove the position from the file; `privacy` in the options of the plugin says what happens.',
  })
  if (privacy === 'error') throw error
  api.report.warn(error.message)
}

/** Sources of the files of a bundle, whoever put them there. Those of ours that carry no metadata need no look. */
function fromBundle(bundle: Record<string, unknown>, api: Api, { files }: Used): string[] {
  const ours = new Map([...files, ...api.inWorkers.files].map(([id, name]) => [name, api.outputs.get(api.files.get(id)?.key ?? '')]))
  return Object.entries(bundle).flatMap(([name, item]) => {
    const planned = ours.get(name)
    if (!isRecord(item) || item['type'] !== 'asset' || !isImageFile(name)) return []
    // Before the bytes are asked for: Rolldown copies those of a whole site then.
    if (planned && !planned.original && planned.output.encoding.metadata !== 'keep') return []
    const bytes = bytesOf(item['source'])
    if (!bytes || !isPlaced(bytes)) return []
    return [planned?.source.file ?? originalOf(item) ?? name]
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
async function inlined(api: Api, root: string, used: Used): Promise<string[]> {
  const keys = [...used.inlined, ...api.inWorkers.inlined]
  const kept = keys
    .map((key) => api.outputs.get(key))
    .filter((planned) => planned?.original || planned?.output.encoding.metadata === 'keep')
  const sources = new Set(kept.flatMap((planned) => (planned ? [planned.source.file] : [])))
  return placedAmong([...sources], api, root)
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
