import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Inspection } from '../contract/inspection.ts'
import { sha256Base64 } from '../hash.ts'

export interface PageOptions {
  /** Address of the build folder from the page, such as `./`: with it the page shows the files themselves. @default thumbnails only */
  files?: string
  /** HTML that comes before the views, with its own styles and without scripts. */
  intro?: string
}

/** One self-contained HTML file with the views of the inspector and the data in it; it needs no server. */
export function inspectorPage(inspection: Inspection, { files, intro }: PageOptions = {}): string {
  const { html, policy } = pageOf({ inspection, ...(files !== undefined && { files }) }, intro)
  // Files beside a page that was opened from a disk have no origin in common with it.
  return html.replace('<head>', `<head><meta http-equiv="Content-Security-Policy" content="${policy("'self' data: file: http: https:")}">`)
}

/** The page of the dev server, which asks for its data. */
export function livePage(): { html: string; policy: string } {
  const { html, policy } = pageOf(undefined)
  return { html, policy: `${policy("'self' data:")}; connect-src 'self'; frame-ancestors 'self'` }
}

function pageOf(data: object | undefined, intro = ''): { html: string; policy(images: string): string } {
  const file = readFileSync(
    createRequire(import.meta.url)
      .resolve('imagemill/package.json')
      .replace(/package\.json$/, PAGE),
    'utf8',
  )
  const page = file.replace('<body>', () => `<body>${intro}`)
  const hashes = (tag: string): string =>
    [...page.matchAll(new RegExp(`<${tag}(?: type="module")?>(.*?)</${tag}>`, 'gs'))]
      .map(([, text = '']) => `'sha256-${sha256Base64(text)}'`)
      .join(' ')
  // No text of the data can end the element that it is in.
  const json = data === undefined ? '' : JSON.stringify(data).replaceAll('<', '\\u003C')
  return {
    // A function, because the data may hold what `replace` has a meaning for.
    html: page.replace(DATA, () => DATA + json),
    policy: (images) =>
      `default-src 'none'; script-src ${hashes('script')}; style-src ${hashes('style')}; img-src ${images}; base-uri 'none'; form-action 'none'`,
  }
}

/** Made from `app/` when the package is built. */
const PAGE = 'dist/inspector/page.html'

/** Where the data goes. */
const DATA = '<script type="application/json" id="data">'
