import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isRecord } from '../hash.ts'
import { applyEdits, type Edit, type Edited } from '../module/edits.ts'
import type { Element } from '../module/html.ts'
import { isRemote } from '../query/remote.ts'
import { noteImporter, type Api } from './api.ts'
import type { BundlerContext, PluginPart, ViteConfig } from './bundler.ts'
import { askBeside } from './css.ts'
import { imageOf } from './load.ts'
import { watch } from './modules.ts'
import { mayHaveImages } from './page-images.ts'
import { DEV_PATH, placeOf } from './place.ts'
import { AWAY } from './tokens.ts'

/** A component itself, not one of the parts that its compiler makes of it. */
const COMPONENT = /\.(?:vue|svelte)$/

/**
 * The parts that make the images which the markup of a Vue or Svelte component names, as in a page. What is not known
 * before the page runs is left alone, and so is a component with a mistake: its own compiler says what is wrong with it.
 */
export function componentParts(api: Api): PluginPart[] {
  return [
    {
      name: 'imagemill:components',
      enforce: 'pre',
      transform: {
        order: 'pre',
        filter: { id: COMPONENT },
        async handler(this: BundlerContext, code: string, id: string): Promise<Edited | null> {
          const config = this.environment?.config
          if (!config || !COMPONENT.test(id) || !mayHaveImages(code, api)) return null
          const elements = await (id.endsWith('.vue') ? readVue(code, id, config) : readSvelte(code, config))
          const edits = elements && (await editsOf(code, id, elements, this, api))
          return edits && edits.length > 0 ? applyEdits(code, edits, true) : null
        },
      },
    },
    {
      name: 'imagemill:components-dev',
      apply: 'serve',
      transform: {
        order: 'post',
        filter: { code: AWAY.URL + DEV_PATH },
        handler(this: BundlerContext, code: string): Promise<Edited> | null {
          const config = this.environment?.config
          const edits = [...code.matchAll(AWAY_IN_DEV)].map(({ 0: { length }, index }) => ({
            start: index,
            end: index + length,
            text: `${config?.server.origin ?? ''}${config?.base ?? '/'}`,
          }))
          return edits.length > 0 ? applyEdits(code, edits, true) : null
        },
      },
    },
  ]
}

const AWAY_IN_DEV = new RegExp(`${AWAY.URL.replaceAll('.', '\\.')}(?=${DEV_PATH})`, 'g')

async function editsOf(code: string, id: string, elements: readonly Element[], context: BundlerContext, api: Api): Promise<Edit[]> {
  const config = context.environment?.config
  if (!config) return []
  const { devBase, ...rest } = placeOf(context, api)
  // Compilers import what is an address of the site, or put a base before it; what is elsewhere they leave alone.
  const place = { ...rest, devBase: devBase === undefined ? undefined : AWAY.URL + DEV_PATH }
  const { markupEdits } = await import('./markup.ts')
  return markupEdits(
    {
      code,
      file: id,
      elements,
      ask: (url) => askBeside(url.replace(/^~(?=[^/])/, ''), id, config, place),
      found: (asked) => {
        noteImporter(api, imageOf(asked), id)
        if (isRemote(asked.file)) return
        if (place.devBase === undefined) context.addWatchFile(asked.file)
        else watch(asked.file, id, place)
      },
    },
    place,
  )
}

/** The parser is the one of the plugin that compiles the component. */
async function readVue(code: string, id: string, { plugins = [] }: ViteConfig): Promise<Element[] | undefined> {
  const api = plugins.find(({ name }) => name === 'vite:vue')?.api
  const compiler = isRecord(api) && isRecord(api['options']) ? api['options']['compiler'] : undefined
  if (!isRecord(compiler) || typeof compiler['parse'] !== 'function') return undefined
  const answer: unknown = compiler['parse'](code, { filename: id, sourceMap: false })
  const { descriptor, errors }: Record<string, unknown> = isRecord(answer) ? answer : {}
  const template = isRecord(descriptor) ? descriptor['template'] : undefined
  if (!isRecord(template) || template['lang'] !== undefined || (Array.isArray(errors) && errors.length > 0)) return undefined
  const { vueElements } = await import('../module/vue-elements.ts')
  return vueElements(template['ast'], code)
}

async function readSvelte(code: string, config: ViteConfig): Promise<Element[] | undefined> {
  const parse = await svelteParser(config)
  if (!parse) return undefined
  const { svelteElements, svelteMarkup } = await import('../module/svelte-elements.ts')
  try {
    const tree = parse(svelteMarkup(code), { modern: true })
    return isRecord(tree) ? svelteElements(tree['fragment'], code) : undefined
  } catch {
    return undefined
  }
}

/** The compiler of the project, the very module that its Vite plugin loads. */
async function svelteParser(config: ViteConfig): Promise<((code: string, options: object) => unknown) | undefined> {
  const find = config.createResolver?.({ preferRelative: false, tryIndex: false, extensions: [] })
  const path = await find?.('svelte/compiler', join(config.root, 'package.json'))
  if (path === undefined) return undefined
  const module: unknown = await import(pathToFileURL(path).href)
  const parse = isRecord(module) ? module['parse'] : undefined
  return typeof parse === 'function' ? (code, options): unknown => parse(code, options) : undefined
}
