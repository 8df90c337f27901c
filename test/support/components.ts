import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { imagemill, type ImagemillOptions } from 'imagemill'
import sharp from 'sharp'
import * as vite from 'vite'
import { filesOf } from './build.ts'
import { jpeg } from './images.ts'
import { project, type Project } from './project.ts'

/** A project with a page, a photograph `a.jpg` of 300 × 200 px, and packages of this repository. */
export async function componentProject(packages: readonly string[], files: Record<string, string>): Promise<Project> {
  const made = project({
    'index.html':
      '<!doctype html><html lang="en"><head><link rel="icon" href="data:,"><title>Images</title></head><body><div id="app"></div><script type="module" src="/main.js"></script></body></html>',
    'a.jpg': await jpeg(300, 200),
    ...files,
  })
  for (const name of packages) {
    const path = join(made.root, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(join(import.meta.dirname, '../../node_modules', name), path)
  }
  return made
}

export interface Rendered {
  /** What the server renders, by the `render()` of `server.js`. */
  html: string
  /** Files of the client's build. */
  files: Map<string, Buffer>
  /** Width in px of the image at an address of the page. */
  widthOf(address: string | undefined): Promise<number | undefined>
}

export interface RenderSettings {
  options?: ImagemillOptions
  config?: vite.InlineConfig
  /** Whether the plugin is before the others. */
  first?: boolean
}

/** Builds a project for the browser, by `main.js`, and for the server, and renders it there. */
export async function render(
  root: string,
  plugins: () => vite.PluginOption[],
  { options = {}, config = {}, first = true }: RenderSettings = {},
): Promise<Rendered> {
  const ours = imagemill({ logLevel: 'silent', ...options })
  const build = (more: vite.BuildEnvironmentOptions): Promise<unknown> =>
    vite.build({
      configFile: false,
      logLevel: 'silent',
      ...config,
      root,
      plugins: first ? [ours, plugins()] : [plugins(), ours],
      build: { assetsInlineLimit: 0, ...config.build, ...more },
    })
  await build({ outDir: 'dist' })
  await build({ outDir: 'server', ssr: 'server.js' })
  const server: { render(): string | Promise<string> } = await import(pathToFileURL(join(root, 'server/server.js')).href)
  return {
    html: await server.render(),
    files: filesOf(join(root, 'dist')),
    widthOf: async (address = '') => (await sharp(readFileSync(join(root, 'dist', address))).metadata()).width,
  }
}

/** The elements of some names with their attributes, in their order. */
export function elementsIn(html: string, ...names: string[]): Record<string, string>[] {
  return [...html.matchAll(new RegExp(`<(${names.join('|')})\\b((?:"[^"]*"|[^">])*)>`, 'g'))].map(([, tag = '', attributes = '']) => ({
    tag,
    ...Object.fromEntries([...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value])),
  }))
}

/** The candidates of a srcset: address and descriptor. */
export function candidatesOf(srcset = ''): [string, string][] {
  return srcset.split(', ').map((candidate) => {
    const [address = '', descriptor = ''] = candidate.split(' ')
    return [address, descriptor]
  })
}
