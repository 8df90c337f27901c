import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve as absolute, sep } from 'node:path'
import { ImagemillError, asImagemillError } from '../errors.ts'
import { isRecord } from '../hash.ts'
import { cssEdits, cssTexts, findUrls, type CssImage, type CssUrl } from '../module/css.ts'
import { applyEdits } from '../module/edits.ts'
import { isRemote } from '../query/remote.ts'
import { splitId } from '../query/text.ts'
import { fileId } from './address.ts'
import { noteImporter, type Api, type Job } from './api.ts'
import type { BundlerContext, PluginPart, ViteConfig } from './bundler.ts'
import { below } from './error.ts'
import { ask, askAllowed, decode, imageOf, originalJob, planImage, type Asked } from './load.ts'
import { isElsewhere, mayHaveImages, pageImage, pagePlace } from './page-images.ts'
import type { Place } from './place.ts'
import { findTokens } from './tokens.ts'

/** What we use of PostCSS, in our own words: whether it is there is Vite's affair. */
interface Declaration {
  value: string
  source?: { input: { file?: string }; start?: { line: number; column: number } }
  cloneBefore(changed: { value: string }): unknown
}
interface Root {
  source?: { input: { css: string } }
  walkDecls(visit: (declaration: Declaration) => void): void
}
interface Messages {
  result: { messages: object[]; opts: { from?: string | undefined } }
}

export interface PostcssPlugin {
  postcssPlugin: string
  Once(root: Root, messages: Messages): Promise<void>
}

/** Makes the images that a style sheet names: after all `@import`s and preprocessors, and before Vite looks at addresses. */
export function postcssPlugin(api: Api, config: () => ViteConfig | undefined): PostcssPlugin {
  return {
    postcssPlugin: NAME,
    async Once(root, { result }) {
      const from = result.opts.from ?? ''
      // What a framework has had compiled before has its addresses already.
      api.inSheets.set(from, new Set(idsIn(root.source?.input.css ?? '')))
      const settled = config()
      if (!settled) return
      const place = pagePlace(settled, api)
      const declarations: Declaration[] = []
      // An answer of `false` would end the walk.
      root.walkDecls((declaration) => void (mayHaveImages(declaration.value, api) && declarations.push(declaration)))
      for (const declaration of declarations) {
        const { files, ids } = await rewrite(declaration, declaration.source?.input.file ?? from, settled, place)
        inSheet(api, from, ids)
        for (const file of files) result.messages.push({ type: 'dependency', plugin: 'imagemill', file, parent: result.opts.from })
      }
    },
  }
}

function idsIn(css: string): string[] {
  return findTokens(css).flatMap(({ kind, key }) => (kind === 'URL' ? [key] : []))
}

/** Remembers what a sheet shows, so that the chunk which it is a part of can say so. */
function inSheet(api: Api, id: string, files: readonly string[]): void {
  if (files.length > 0) api.inSheets.set(id, new Set([...(api.inSheets.get(id) ?? []), ...files]))
}

interface Shown {
  /** Image files that a sheet depends on. */
  files: string[]
  /** File ids of the outputs. */
  ids: string[]
}

/** Rewrites one declaration. */
async function rewrite(declaration: Declaration, sheet: string, config: ViteConfig, place: Place): Promise<Shown> {
  const at = declaration.source?.start ?? { line: 1, column: 1 }
  const urls = findUrls(declaration.value)
  const { images, files, ids, refuse } = await imagesOf(urls, { sheet, config, place, at: () => at })
  const [plain = declaration.value, rich] = cssTexts(declaration.value, urls, (url) => images.get(url), refuse)
  if (rich !== undefined) declaration.cloneBefore({ value: plain })
  declaration.value = rich ?? plain
  return { files, ids }
}

interface Sheet {
  sheet: string
  config: ViteConfig
  place: Place
  /** Where an address is, counted from 1. */
  at(url: CssUrl): { line: number; column: number }
}

async function imagesOf(
  urls: readonly CssUrl[],
  { sheet, config, place, at }: Sheet,
): Promise<Shown & { images: Map<string, CssImage | undefined>; refuse: (url: CssUrl, why: string) => never }> {
  const images = new Map<string, CssImage | undefined>()
  const files: string[] = []
  const ids: string[] = []
  const fail = (error: ImagemillError, url: CssUrl): never => {
    throw named(error, at(url), sheet, place)
  }
  for (const each of urls) {
    const asked = images.has(each.url) ? undefined : await askBeside(each.url, sheet, config, place)
    if (!asked) continue
    if (!isRemote(asked.file)) files.push(asked.file)
    noteImporter(place.api, imageOf(asked), sheet)
    const known = { file: asked.file, query: asked.query }
    const job = await jobOf(asked, place).catch((error: unknown) => fail(asImagemillError(error).at(known), each))
    images.set(each.url, await pageImage(job, place))
    if (job.request.values.inline?.[0] !== true) ids.push(...job.plan.outputs.map((output) => fileId(output, job.source)))
  }
  const refuse = (each: CssUrl, message: string): never => {
    const { file, query } = splitId(each.url)
    const known = { file: isRemote(file) ? file : join(dirname(sheet), file), query }
    return fail(
      new ImagemillError({ code: 'CONFLICTING_DIRECTIVES', message, hint: 'A second `url()` can hold another one.', ...known }),
      each,
    )
  }
  return { images, files, ids, refuse }
}

async function jobOf(asked: Asked, place: Place): Promise<Job> {
  await place.allow(asked.file)
  return planImage(asked, place).catch((error: unknown) => originalJob(asked, place, error))
}

/** What an address asks of us: of a file that Vite finds from the style sheet or component, aliases included. */
export async function askBeside(url: string, sheet: string, config: ViteConfig, place: Place): Promise<Asked | undefined> {
  if (isRemote(url)) return askAllowed(url, place.api)
  if (isElsewhere(url)) return undefined
  const { file, query } = splitId(url)
  const decoded = decode(file)
  const resolve = config.createResolver?.({ preferRelative: true, tryIndex: false, extensions: [] })
  const resolved = file.startsWith('/') ? undefined : await resolve?.(decoded, sheet)
  // From the root it may be a file of the public folder, too.
  const path = file.startsWith('/') ? decoded.slice(1) : relative(place.root, resolved ?? join(dirname(sheet), decoded))
  return ask(`${path.split(sep).join('/').replaceAll('%', '%25')}?${query}`, place)
}

/** An error as Vite shows it, with the place in the style sheet. */
function named(error: ImagemillError, { line, column }: { line: number; column: number }, sheet: string, { root }: Place): Error {
  const message = `${below(root, error).message}\n  named by ${relative(root, sheet).split(sep).join('/')}:${line}:${column}`
  // Of an error of PostCSS, Vite makes the place anew from these; bundlers print a message again that they find in the stack.
  const place = { file: sheet, line, column }
  return Object.assign(new Error(message), { ...place, stack: '', pluginCode: error.code, loc: { ...place, column: column - 1 } })
}

/** Lightning CSS has no plugins: there the sheets are changed before it reads them, without those that it imports itself. */
export function lightningPart(api: Api, config: () => ViteConfig | undefined): PluginPart {
  return {
    name: 'imagemill:css',
    enforce: 'pre',
    transform: {
      order: 'pre',
      filter: { id: SHEET },
      async handler(this: BundlerContext, code: string, id: string) {
        api.inSheets.set(id, new Set(idsIn(code)))
        const settled = config()
        if (settled?.css?.transformer !== 'lightningcss' || !SHEET.test(id) || !mayHaveImages(code, api)) return null
        const sheet = id.replace(/\?.*$/s, '')
        const urls = findUrls(code, { lineComments: /\.(?:scss|less|styl(?:us)?)$/.test(sheet) })
        const at = ({ start }: CssUrl): { line: number; column: number } => placeIn(code, start)
        const { images, files, ids, refuse } = await imagesOf(urls, { sheet, config: settled, place: pagePlace(settled, api), at })
        inSheet(api, id, ids)
        for (const file of files) this.addWatchFile(file)
        return applyEdits(
          code,
          cssEdits(code, urls, (url) => images.get(url), refuse),
          true,
        )
      },
    },
  }
}

/** A style sheet, or the style of a component or a page. */
const SHEET = /\.(?:css|less|sass|scss|styl|stylus|pcss|postcss|sss)(?:$|\?)/

function placeIn(code: string, offset: number): { line: number; column: number } {
  const lines = code.slice(0, offset).split('\n')
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
}

/** The settings of PostCSS with our plugin behind the user's own: naming one makes Vite look for no other, so they are looked for here. */
export async function withPostcss(userConfig: UserConfig, plugin: PostcssPlugin): Promise<{ css: { postcss: object } } | undefined> {
  const given = userConfig.css?.postcss
  if (isRecord(given)) return { css: { postcss: { plugins: [plugin] } } }
  const root = userConfig.root ?? process.cwd()
  if (given === undefined && !mayHaveConfig(absolute(root))) return { css: { postcss: { plugins: [plugin] } } }
  const { default: load } = await import('postcss-load-config')
  const found = await load({}, typeof given === 'string' ? given : root).catch((error: unknown) => {
    if (error instanceof Error && error.message.includes('No PostCSS Config found')) return { options: {}, plugins: [] }
    // Vite loads it, too, when there is a style sheet, and says what is wrong with it.
    return undefined
  })
  return found && { css: { postcss: { ...found.options, plugins: [...found.plugins, plugin] } } }
}

/**
 * With `builder.sharedPlugins` Vite settles its configuration once for each environment, by new plugins, and then goes on
 * with the old ones: those of PostCSS are new still, and belong to plugins that never learn of any configuration.
 */
export function useOwnPostcss({ css, plugins = [] }: ViteConfig): void {
  const own = plugins.flatMap(({ name, api }) => (name === 'imagemill:serve' && isRecord(api) ? [api['styles']] : []))
  const list: unknown = isRecord(css?.postcss) ? css.postcss['plugins'] : undefined
  if (!Array.isArray(list)) return
  for (const [at, plugin] of list.entries()) if (isRecord(plugin) && plugin['postcssPlugin'] === NAME) list[at] = own.shift() ?? plugin
}

const NAME = 'imagemill'

/** A quick look for what the loader would search: most projects have none, and loading it takes longer than a warm build does with ten images. */
function mayHaveConfig(folder: string): boolean {
  const parent = dirname(folder)
  const manifest = join(folder, 'package.json')
  if (CONFIGS.some((name) => existsSync(join(folder, name)))) return true
  if (existsSync(manifest) && readFileSync(manifest, 'utf8').includes('"postcss"')) return true
  return parent !== folder && mayHaveConfig(parent)
}

const ENDINGS = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']
const CONFIGS = [
  ...ENDINGS.map((ending) => `postcss.config${ending}`),
  ...['', '.json', '.yaml', '.yml', ...ENDINGS].flatMap((ending) => [`.postcssrc${ending}`, `.config/postcssrc${ending}`]),
]

export interface UserConfig {
  root?: string
  css?: { postcss?: unknown }
}
