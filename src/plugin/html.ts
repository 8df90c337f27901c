import { dirname, join, relative, sep } from 'node:path'
import { asImagemillError, ImagemillError } from '../errors.ts'
import { joinEdits } from '../module/edits.ts'
import type { HtmlImage, HtmlUrl } from '../module/html.ts'
import { isRemote } from '../query/remote.ts'
import { splitId } from '../query/text.ts'
import type { Api } from './api.ts'
import type { PluginPart, ViteConfig } from './bundler.ts'
import { below } from './error.ts'
import { ask, askAllowed, originalJob, planImage, type Asked } from './load.ts'
import { isElsewhere, mayHaveImages, pageImage, pagePlace } from './page-images.ts'
import { DEV_PATH, type Place } from './place.ts'
import { AWAY } from './tokens.ts'

interface Page {
  /** Path of the file. */
  filename: string
  /** The dev server, when there is one. */
  server?: unknown
}

/** The parts that make the images which a page names in its own markup. */
export function htmlParts(api: Api, config: () => ViteConfig | undefined): PluginPart[] {
  const part = (order: 'pre' | 'post', handler: (html: string, page: Page, config: ViteConfig) => unknown): PluginPart => ({
    name: `imagemill:html-${order}`,
    enforce: 'pre',
    transformIndexHtml: {
      order,
      handler(html: string, page: Page) {
        const settled = config()
        return settled && handler(html, page, settled)
      },
    },
  })
  return [
    part('pre', (html, { filename }, settled) =>
      mayHaveImages(html, api) ? rewrite(html, filename, away(pagePlace(settled, api))) : undefined,
    ),
    // On the dev server Vite puts the base before some addresses and not before others; until it has, ours are away.
    part('post', (html, { server }, { base, server: { origin = '' } }) => (server ? html.replaceAll(AWAY.URL, origin + base) : undefined)),
  ]
}

/** Addresses are away from the site until Vite has done its own work on the page. */
function away(place: Place): Place {
  return place.devBase === undefined ? place : { ...place, devBase: AWAY.URL + DEV_PATH }
}

async function rewrite(html: string, filename: string, place: Place): Promise<string> {
  const { readHtml } = await import('../module/html.ts')
  const page = readHtml(html)
  const images = new Map<string, HtmlImage | undefined>()
  await Promise.all(
    page.urls.map(async (each) => {
      const asked = images.has(each.url) ? undefined : askOf(each.url, filename, place)
      if (asked) images.set(each.url, await imageOf(asked, each, filename, place))
    }),
  )
  const refuse = (at: HtmlUrl, why: string): never => {
    const { file, query } = splitId(at.url)
    throw named(
      new ImagemillError({
        code: 'CONFLICTING_DIRECTIVES',
        message: why,
        hint: 'An `<img>` takes any number of formats and sizes in its `src`.',
        file,
        query,
      }),
      at,
      filename,
      place,
    )
  }
  return joinEdits(
    html,
    page.edits((url) => images.get(url), refuse),
  )
}

/** What an address asks of us: of a file beside the page, in the public folder or below the root, or of an image of another server. */
function askOf(url: string, filename: string, place: Place): Asked | undefined {
  if (isRemote(url)) return askAllowed(url, place.api)
  if (isElsewhere(url)) return undefined
  const { file, query } = splitId(url)
  const path = file.startsWith('/') ? file.slice(1) : relative(place.root, join(dirname(filename), file))
  return ask(`${path.split(sep).join('/')}?${query}`, place)
}

async function imageOf(asked: Asked, at: HtmlUrl, filename: string, place: Place): Promise<HtmlImage | undefined> {
  try {
    await place.allow(asked.file)
    if (place.devBase !== undefined && !isRemote(asked.file)) watch(asked.file, place)
    const job = await planImage(asked, place).catch((error: unknown) => originalJob(asked, place, error))
    return await pageImage(job, place)
  } catch (error) {
    throw named(asImagemillError(error).at({ file: asked.file, query: asked.query }), at, filename, place)
  }
}

/** A page that names an image in its markup is loaded anew when the image changes. */
function watch(file: string, { api, root }: Place): void {
  api.onPages.add(file)
  if (relative(root, file).startsWith('..')) api.watcher?.add(file)
}

/** An error as Vite shows it, with the place in the page. */
function named(error: ImagemillError, { line, column }: HtmlUrl, filename: string, { root }: Place): Error {
  const page = relative(root, filename).split(sep).join('/')
  const message = `${below(root, error).message}\n  named by ${page}:${line}:${column}`
  // Where in our code it was found out helps nobody.
  return Object.assign(new Error(message), {
    stack: message,
    pluginCode: error.code,
    loc: { file: filename, line, column: column - 1 },
  })
}
