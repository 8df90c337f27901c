import { asImagemillError } from '../errors.ts'
import { readFile } from 'node:fs/promises'
import { qualityMetadata } from '../contract/quality.ts'
import type { Output, SourceFormat, StoredOutput } from '../types.ts'
import { dataUri } from './address.ts'
import type { Api, Deliverable, Used } from './api.ts'
import type { BundlerContext, Chunk, OutputOptions } from './bundler.ts'
import { applyEdits, type Edit, type Edited } from '../module/edits.ts'
import { below } from './error.ts'
import { assetFileName, originalName } from './file-names.ts'
import { fileUrlExpression } from './file-url.ts'
import { makeManifest, usesOf } from './manifest.ts'
import { elapsedOf } from '../contract/record.ts'
import { literalsAt } from './string-literals.ts'
import { answerOf, backgroundOf } from './facts.ts'
import { addressStart, findTokens, withQuotes, type Token } from './tokens.ts'

/** A bundle that is being written, in one environment. */
export interface Rendering {
  api: Api
  context: BundlerContext
  root: string
  options: OutputOptions
  /** Whether files of this environment end up on disk; a server build often leaves them to the client's. */
  emits: boolean
  /** Reference of each file that was emitted for this bundle. */
  emitted: Map<string, Promise<string>>
  /** What this bundle uses, to be added to. */
  used: Used
}

/** One chunk of it, among the others. */
interface ChunkRendering extends Rendering {
  chunk: Chunk
  chunks: readonly Chunk[]
}

/** Of what a chunk holds in files, in bytes: from here on, the memory of processes that wait is worth the time of starting them anew. */
const MUCH = 50_000_000

/** Makes every image that is left in the code of a chunk and puts its facts where the tokens are. */
export async function renderChunk(code: string, rendering: ChunkRendering): Promise<Edited | null> {
  const tokens = findTokens(code)
  if (tokens.length === 0) return null
  const size = await makeAll(tokens, rendering)
  if (size > MUCH) rendering.api.pipeline(rendering.root).rest()
  namedBy(rendering.chunk.fileName, idsOf(tokens), rendering)
  // What a module of ours holds Vite can handle itself; within the text of a compiled template it takes care.
  const isWithin = tokens.some((token) => addressStart(code, token) !== token.start)
  const literals = rendering.context.environment && !isWithin ? undefined : literalsAt(rendering.context.parse(code), code)
  const edits: Edit[] = []
  for (const token of tokens) edits.push(await editOf(token, code, literals, rendering))
  return applyEdits(code, edits, Boolean(rendering.options.sourcemap))
}

/** Style sheets get their addresses at the very end, when frameworks have long asked which files a chunk needs. */
export async function emitOfSheets(rendering: Rendering & { chunk: Chunk }): Promise<void> {
  const { api, chunk } = rendering
  const ids = Object.keys(chunk.modules).flatMap((id) => [...(api.inSheets.get(id) ?? [])])
  if (ids.length === 0 || !chunk.viteMetadata) return
  namedBy(chunk.fileName, ids, rendering)
  if (isMadeNow(rendering)) await makeFiles(ids, rendering)
  for (const id of ids) chunk.viteMetadata.importedAssets.add((await emitFile(id, rendering)).fileName)
}

/** Notes which images a chunk, a page or a style sheet names. */
export function namedBy(host: string, ids: readonly string[], { used }: Pick<Rendering, 'used'>): void {
  used.hosts.set(host, new Set([...(used.hosts.get(host) ?? []), ...ids]))
}

/** File ids, and keys of inlined outputs, that tokens stand for. */
export function idsOf(tokens: readonly Token[]): string[] {
  return tokens.flatMap(({ kind, key }) => (kind === 'URL' || kind === 'DATA' || kind === 'BASE64' ? [key] : []))
}

/** What takes the place of a token. */
async function editOf(
  token: Token,
  code: string,
  literals: ReturnType<typeof literalsAt> | undefined,
  rendering: ChunkRendering,
): Promise<Edit> {
  const { key, end } = token
  const start = addressStart(code, token)
  const whole = withQuotes(code, token) ?? { start, end }
  switch (token.kind) {
    case 'URL': {
      const address = await emitOutput(key, rendering)
      const literal = literals?.(start)
      if (!literal || (rendering.context.environment && literal.isDouble)) return { start, end, text: address }
      return { start, end, text: `${literal.open}${rendering.context.environment ? `"${address}"` : address}${literal.close}` }
    }
    case 'DATA':
      return { start, end, text: await dataOf(key, rendering, 'uri') }
    case 'BASE64':
      return { start, end, text: await dataOf(key, rendering, 'bare') }
    case 'SIZE':
      return { ...whole, text: String((await madeOf(key, rendering)).size_bytes) }
    case 'MS':
      return { ...whole, text: String(await elapsedOfJob(key, rendering)) }
    case 'FACT':
      rendering.used.facts.add(key)
      return { ...whole, text: JSON.stringify(JSON.stringify(await answerOf(key, rendering))) }
    case 'BACKGROUND':
      return { start, end, text: await shownBackground(key, rendering) }
    case 'METADATA':
      return { ...whole, text: JSON.stringify(await metadataOf(key, rendering)) }
    case 'MANIFEST':
      return { ...whole, text: JSON.stringify(await manifestOf(rendering)) }
  }
}

/** All at once, so that the outputs of one source are made from one decode; their bytes, so many in all, are read one by one later. */
export async function makeAll(tokens: readonly Token[], rendering: Rendering): Promise<number> {
  const keys = tokens.flatMap(({ kind, key }) => {
    if (kind === 'MS') return outputsOfJob(key, rendering.api).map((output) => output.key)
    if (kind === 'URL') return isMadeNow(rendering) ? [fileOf(key, rendering.api).key] : []
    return kind === 'MANIFEST' || kind === 'FACT' || kind === 'BACKGROUND' ? [] : [key]
  })
  const facts = tokens.flatMap(({ kind, key }) => (kind === 'FACT' || kind === 'BACKGROUND' ? [key] : []))
  const [made] = await Promise.all([
    Promise.all([...new Set(keys)].map((key) => madeOf(key, rendering))),
    ...[...new Set(facts)].map((id) => answerOf(id, rendering)),
  ])
  return made.reduce((sum, { size_bytes }) => sum + size_bytes, 0)
}

/** A build that leaves its files to another one makes none, but where a failure may pass the name goes by how it ends. */
function isMadeNow({ emits, api }: Pick<Rendering, 'emits' | 'api'>): boolean {
  return emits || api.options.onError === 'warn'
}

/** Makes the outputs of some files, at once. */
export async function makeFiles(ids: readonly string[], rendering: Pick<Rendering, 'api' | 'root'>): Promise<void> {
  await Promise.all(ids.map((id) => madeOf(fileOf(id, rendering.api).key, rendering)))
}

/** Makes an output; when that fails and the user wants to go on, its source takes its place. */
async function madeOf(
  key: string,
  { api, root }: Pick<Rendering, 'api' | 'root'>,
): Promise<Pick<StoredOutput, 'size_bytes' | 'elapsed_ms' | 'search'>> {
  const planned = deliverable(key, api)
  if (planned.original) return { size_bytes: planned.source.size_bytes, elapsed_ms: 0 }
  try {
    return await api.report.follow(planned, api.pipeline(root).make(planned))
  } catch (error) {
    const known = asImagemillError(error).at({ file: planned.source.file, query: queryOf(key, api) })
    if (api.options.onError === 'fail') throw known
    api.report.warn(`${below(root, known).message} The source is used as it is.`)
    planned.original = true
    planned.error = known
    return { size_bytes: planned.source.size_bytes, elapsed_ms: 0 }
  }
}

function fileNameOf(id: string, api: Api, options: OutputOptions): string {
  const { key, name } = fileOf(id, api)
  const { original, source, output } = deliverable(key, api)
  const named = original ? originalName(source) : { name, extension: output.encoding.format, key }
  return assetFileName(options, named.name, named.extension, named.key)
}

function fileOf(id: string, api: Api): { key: string; name: string } {
  const file = api.files.get(id)
  if (file) return file
  throw new TypeError(`the code names file ${id}, which was never planned`)
}

export function deliverable(key: string, api: Api): Deliverable {
  const planned = api.outputs.get(key)
  if (planned) return planned
  throw new TypeError(`the code names output ${key}, which was never planned`)
}

export function queryOf(key: string, api: Api): string | undefined {
  for (const { plan, written } of api.jobs.values()) if (plan.outputs.some((output) => output.key === key)) return written
  return undefined
}

export async function bytesOf(key: string, { api, root }: Pick<Rendering, 'api' | 'root'>): Promise<Buffer> {
  const planned = deliverable(key, api)
  if (!planned.original) {
    const { bytes, healed } = await api.pipeline(root).read(planned)
    // Made anew, it is no hit any more.
    if (healed) await madeOf(key, { api, root })
    return bytes
  }
  return readFile(planned.source.local ?? planned.source.file).catch(() => Buffer.alloc(0))
}

/** What stands for the address of an output in the code. */
async function emitOutput(id: string, rendering: ChunkRendering): Promise<string> {
  const { context, options, chunk } = rendering
  const { fileName, asset } = await emitFile(id, rendering)
  // Vite puts the address here, with base, `renderBuiltUrl` and all; plain bundlers get an expression.
  return context.environment ? `__VITE_ASSET__${asset}__` : fileUrlExpression(options.format, chunk.fileName, fileName)
}

/** Puts an output into the bundle, once. */
export async function emitFile(id: string, rendering: Rendering): Promise<{ fileName: string; asset: string }> {
  const { api, options, emitted, used } = rendering
  const { key } = fileOf(id, api)
  const fileName = fileNameOf(id, api, options)
  const reference = emitted.get(fileName) ?? emit(key, fileName, rendering)
  emitted.set(fileName, reference)
  used.files.set(id, fileName)
  return { fileName, asset: await reference }
}

async function emit(key: string, fileName: string, rendering: Rendering): Promise<string> {
  // A server build that leaves files to the client's still needs the reference; Vite drops the file.
  const source = rendering.emits ? await bytesOf(key, rendering) : Buffer.alloc(0)
  return rendering.context.emitFile({ type: 'asset', fileName, source })
}

export async function dataOf(key: string, rendering: Rendering, form: 'uri' | 'bare'): Promise<string> {
  const bytes = await bytesOf(key, rendering)
  rendering.used.inlined.add(key)
  return form === 'bare' ? bytes.toString('base64') : dataUri({ encoding: { format: formatOf(deliverable(key, rendering.api)) } }, bytes)
}

function formatOf({ original, source, output }: Deliverable): SourceFormat {
  return original ? source.header.format : output.encoding.format
}

/** A placeholder as a page shows it: a value of the CSS property `background`. */
export async function shownBackground(id: string, rendering: Rendering): Promise<string> {
  rendering.used.facts.add(id)
  return backgroundOf(id, rendering)
}

async function elapsedOfJob(jobId: string, rendering: Rendering): Promise<number> {
  return elapsedOf(await Promise.all(outputsOfJob(jobId, rendering.api).map(({ key }) => madeOf(key, rendering))))
}

/** What an output says of itself in its record; an original was not made. */
async function metadataOf(key: string, rendering: Rendering): Promise<unknown> {
  const made = await madeOf(key, rendering)
  const { output, original } = deliverable(key, rendering.api)
  return original ? null : qualityMetadata(output.encoding, made)
}

/** Outputs of a job, or the one output that a record of its own stands for. */
function outputsOfJob(id: string, api: Api): Output[] {
  const output = api.outputs.get(id)?.output
  if (output) return [output]
  for (const { plan } of api.jobs.values()) if (plan.job_id === id) return plan.outputs
  return []
}

/** The manifest module lists what all chunks use, whichever chunk it is in itself. */
async function manifestOf(rendering: ChunkRendering): Promise<unknown> {
  const { api, root, chunks, options } = rendering
  const tokens = chunks.flatMap(({ modules }) => Object.values(modules).flatMap(({ code }) => findTokens(code ?? '')))
  // Of one that fails the name is another.
  if (api.options.onError === 'warn')
    await makeAll(
      tokens.filter(({ kind }) => kind === 'URL'),
      rendering,
    )
  const files = tokens.flatMap(({ kind, key }): [string, string][] => (kind === 'URL' ? [[key, fileNameOf(key, api, options)]] : []))
  const inlined = tokens.flatMap(({ kind, key }) => (kind === 'DATA' || kind === 'BASE64' ? [key] : []))
  const facts = tokens.flatMap(({ kind, key }) => (kind === 'FACT' ? [key] : []))
  const used = {
    files: new Map([...api.inWorkers.files, ...files]),
    inlined: new Set([...api.inWorkers.inlined, ...inlined]),
    facts: new Set([...api.inWorkers.facts, ...facts]),
  }
  return makeManifest(api.jobs.values(), api, root, usesOf(used))
}
