import { posix } from 'node:path'
import { isRecord } from '../hash.ts'
import { joinEdits, type Edit } from '../module/edits.ts'
import type { ViteConfig } from './bundler.ts'
import { dataOf, emitFile, idsOf, makeAll, namedBy, shownBackground, type Rendering } from './render.ts'
import { addressStart, findTokens, type Token } from './tokens.ts'

/** Puts addresses into the pages and style sheets of a bundle; by now their own names are known. */
export async function finishAssets(files: Record<string, unknown>, rendering: Rendering): Promise<void> {
  for (const [name, file] of Object.entries(files)) {
    if (!/\.(?:html?|css)$/.test(name) || !isRecord(file) || file['type'] !== 'asset') continue
    const text = textOf(file['source'])
    const tokens = findTokens(text)
    if (tokens.length === 0) continue
    await makeAll(tokens, rendering)
    namedBy(name, idsOf(tokens), rendering)
    const edits: Edit[] = []
    for (const token of tokens)
      edits.push({ start: addressStart(text, token), end: token.end, text: await finalText(token, name, rendering) })
    file['source'] = joinEdits(text, edits)
  }
}

async function finalText({ kind, key }: Token, host: string, rendering: Rendering): Promise<string> {
  if (kind === 'BACKGROUND') return shownBackground(key, rendering)
  return kind === 'URL' ? builtUrl((await emitFile(key, rendering)).fileName, host, rendering) : dataOf(key, rendering, 'uri')
}

/** Address of a file in a page or a style sheet, as Vite makes it for its own: `renderBuiltUrl` first, then `base`. */
function builtUrl(fileName: string, host: string, { context }: Rendering): string {
  const config: Pick<ViteConfig, 'base' | 'experimental'> = context.environment?.config ?? { base: '/' }
  const answer = config.experimental?.renderBuiltUrl?.(fileName, {
    hostId: host,
    hostType: host.endsWith('.css') ? 'css' : 'html',
    type: 'asset',
    ssr: false,
  })
  if (typeof answer === 'string') return answer
  const isRelative = typeof answer === 'object' ? answer.relative === true : config.base === '' || config.base === './'
  if (!isRelative) return config.base + encodeURI(fileName)
  const path = posix.relative(posix.dirname(host), fileName)
  return encodeURI(path.startsWith('.') ? path : `./${path}`)
}

function textOf(source: unknown): string {
  return typeof source === 'string' ? source : source instanceof Uint8Array ? Buffer.from(source).toString('utf8') : ''
}
