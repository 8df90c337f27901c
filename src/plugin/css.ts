import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve as absolute, sep } from 'node:path'
import { ImagemillError, asImagemillError } from '../errors.ts'
import { isRecord } from '../hash.ts'
import { cssEdits, cssTexts, findUrls, type CssImage, type CssUrl } from '../module/css.ts'
import { applyEdits } from '../module/edits.ts'
import { isRemote } from '../query/remote.ts'
import { splitId } from '../query/text.ts'
import type { Api } from './api.ts'
import type { BundlerContext, PluginPart, ViteConfig } from './bundler.ts'
import { below } from './error.ts'
import { ask, askAllowed, decode, originalJob, planImage, type Asked } from './load.ts'
import { isElsewhere, mayHaveImages, pageImage, pagePlace } from './page-images.ts'
import type { Place } from './place.ts'

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
    postcssPlugin: 'imagemill',
    async Once(root, { result }) {
      const settled = config()
      if (!settled || !mayHaveImages(root.source?.input.css ?? '', api)) return
      const place = pagePlace(settled, api)
      const declarations: Declaration[] = []
      // An answer of `false` would end the walk.
      root.walkDecls((declaration) => void (mayHaveImages(declaration.value, api) && declarations.push(declaration)))
      for (const declaration of declarations) {
        const sheet = declaration.source?.input.file ?? result.opts.from ?? ''
        for (const file of await rewrite(declaration, sheet, settled, place))
          result.messages.push({ type: 'dependency', plugin: 'imagemill', file, parent: result.opts.from })
      }
    },
  }
}

/** Rewrites one declaration and answers the image files that it depends on. */
async function rewrite(declaration: Declaration, sheet: string, config: ViteConfig, place: Place): Promise<string[]> {
  const at = declaration.source?.start ?? { line: 1, column: 1 }
  const urls = findUrls(declaration.value)
  const { images, files, refuse } = await imagesOf(urls, { sheet, config, place, at: () => at })
  const [plain = declaration.value, rich] = cssTexts(declaration.value, urls, (url) => images.get(url), refuse)
  if (rich !== undefined) declaration.cloneBefore({ value: plain })
  declaration.value = rich ?? plain
  return files
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
): Promise<{ images: Map<string, CssImage | undefined>; files: string[]; refuse: (url: CssUrl, why: string) => never }> {
  const images = new Map<string, CssImage | undefined>()
  const files: string[] = []
  const fail = (error: ImagemillError, url: CssUrl): never => {
    throw named(error, at(url), sheet, place)
  }
  for (const each of urls) {
    const asked = images.has(each.url) ? undefined : await askOf(each.url, sheet, config, place)
    if (!asked) continue
    if (!isRemote(asked.file)) files.push(asked.file)
    const known = { file: asked.file, query: asked.query }
    images.set(each.url, await imageOf(asked, place).catch((error: unknown) => fail(asImagemillError(error).at(known), each)))
  }
  const refuse = (each: CssUrl, message: string): never => {
    const { file, query } = splitId(each.url)
    const known = { file: isRemote(file) ? file : join(dirname(sheet), file), query }
    return fail(
      new ImagemillError({ code: 'CONFLICTING_DIRECTIVES', message, hint: 'A second `url()` can hold another one.', ...known }),
      each,
    )
  }
  return { images, files, refuse }
}

async function imageOf(asked: Asked, place: Place): Promise<CssImage | undefined> {
  await place.allow(asked.file)
  return pageImage(await planImage(asked, place).catch((error: unknown) => originalJob(asked, place, error)), place)
}

/** What an address asks of us: of a file that Vite finds from the style sheet, aliases included. */
async function askOf(url: string, sheet: string, config: ViteConfig, place: Place): Promise<Asked | undefined> {
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
  return Object.assign(new Error(message), { stack: message, pluginCode: error.code, loc: { file: sheet, line, column: column - 1 } })
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
        const settled = config()
        if (settled?.css?.transformer !== 'lightningcss' || !SHEET.test(id) || !mayHaveImages(code, api)) return null
        const sheet = id.replace(/\?.*$/s, '')
        const urls = findUrls(code, { lineComments: /\.(?:scss|less|styl(?:us)?)$/.test(sheet) })
        const at = ({ start }: CssUrl): { line: number; column: number } => placeIn(code, start)
        const { images, files, refuse } = await imagesOf(urls, { sheet, config: settled, place: pagePlace(settled, api), at })
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
