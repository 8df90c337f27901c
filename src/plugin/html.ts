import { dirname, join, relative, sep } from 'node:path'
import { joinEdits } from '../module/edits.ts'
import { isRemote } from '../query/remote.ts'
import { splitId } from '../query/text.ts'
import { noteImporter, type Api } from './api.ts'
import type { PluginPart, ViteConfig } from './bundler.ts'
import { ask, askAllowed, imageOf, type Asked } from './load.ts'
import { isElsewhere, mayHaveImages, pagePlace } from './page-images.ts'
import { DEV_PATH, type Place } from './place.ts'
import { AWAY } from './tokens.ts'
import { isOutside } from './path-below.ts'

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
  const [{ htmlElements }, { markupEdits }] = await Promise.all([import('../module/html-elements.ts'), import('./markup.ts')])
  const edits = await markupEdits(
    {
      code: html,
      file: filename,
      elements: htmlElements(html),
      ask: (url) => askOf(url, filename, place),
      found: (asked) => {
        noteImporter(place.api, imageOf(asked), filename)
        if (place.devBase !== undefined && !isRemote(asked.file)) watch(asked.file, place)
      },
    },
    place,
  )
  return joinEdits(html, edits)
}

/** What an address asks of us: of a file beside the page, in the public folder or below the root, or of an image of another server. */
function askOf(url: string, filename: string, place: Place): Asked | undefined {
  if (isRemote(url)) return askAllowed(url, place.api)
  if (isElsewhere(url)) return undefined
  const { file, query } = splitId(url)
  const path = file.startsWith('/') ? file.slice(1) : relative(place.root, join(dirname(filename), file))
  return ask(`${path.split(sep).join('/')}?${query}`, place)
}

/** A page that names an image in its markup is loaded anew when the image changes. */
function watch(file: string, { api, root }: Place): void {
  api.onPages.add(file)
  if (isOutside(root, file)) api.watcher?.add(file)
}
