import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import sharp from 'sharp'
import * as vite from 'vite'
import { imagemill, type ImagemillOptions } from 'imagemill'
import { filesOf } from './build.ts'

export interface Rendered {
  /** What the server renders. */
  html: string
  /** Files of the client's build. */
  files: Map<string, Buffer>
  /** Width in px of the image at an address of the page. */
  widthOf(address: string): Promise<number | undefined>
}

/** Builds a component for the browser and for the server, by `main.js` and `server.js`, and renders it there. */
export async function render(
  root: string,
  plugins: vite.PluginOption[],
  { options = {}, config = {}, first = true }: { options?: ImagemillOptions; config?: vite.InlineConfig; first?: boolean } = {},
): Promise<Rendered> {
  const both: vite.InlineConfig = {
    configFile: false,
    logLevel: 'silent',
    ...config,
    root,
    // Which comes first in the list must not matter.
    plugins: first ? [imagemill({ logLevel: 'silent', ...options }), plugins] : [plugins, imagemill({ logLevel: 'silent', ...options })],
  }
  await vite.build({ ...both, build: { assetsInlineLimit: 0, outDir: 'dist', ...config.build } })
  await vite.build({
    ...both,
    // What is rendered here comes from the modules of this repository, of which a project in a temporary folder knows nothing.
    ssr: { noExternal: true },
    build: { assetsInlineLimit: 0, ...config.build, ssr: 'server.js', outDir: 'server' },
  })
  const server: { render(): string | Promise<string> } = await import(pathToFileURL(join(root, 'server/server.js')).href)
  return {
    html: await server.render(),
    files: filesOf(join(root, 'dist')),
    widthOf: async (address) => (await sharp(readFileSync(join(root, 'dist', address.replace(/^(?:\.?\/)/, '')))).metadata()).width,
  }
}

/** The attributes of the elements of some names, in their order. */
export function tagsIn(html: string, ...names: string[]): Record<string, string>[] {
  return [...html.matchAll(new RegExp(`<(${names.join('|')})\\b([^>]*)>`, 'g'))].map(([, tag = '', attributes = '']) => ({
    tag,
    ...Object.fromEntries([...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value])),
  }))
}
