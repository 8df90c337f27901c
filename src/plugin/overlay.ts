import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { OverlayFacts } from '../overlay/facts.ts'
import type { Output } from '../types.ts'
import type { Api, Job } from './api.ts'
import type { BundlerContext, PluginPart, ViteConfig } from './bundler.ts'
import { pathBelow } from './path-below.ts'
import { moveBehindChecks, type DevServer, type Handler } from './serve.ts'

const NAME = 'virtual:imagemill/overlay'
const ID = `\0${NAME}`
const FILTER = /virtual:imagemill\/overlay$/

/** Where the overlay asks what it shows, below `base`. */
const FACTS_PATH = '@imagemill-overlay'

/** Made from `overlay/app/` when the package is built. */
const SCRIPT = 'dist/overlay/script.js'

/** The part that resolves the module of the overlay, which is empty wherever there is no overlay. */
export function overlayModulePart(api: Api): PluginPart {
  return {
    name: 'imagemill:overlay-module',
    enforce: 'pre',
    resolveId: { filter: { id: FILTER }, handler: (specifier: string) => (specifier === NAME ? ID : null) },
    load: {
      filter: { id: FILTER },
      handler(this: BundlerContext, id: string) {
        if (id !== ID) return null
        const config = this.environment?.config
        const shows = api.options.overlay && config?.command === 'serve' && config.consumer === 'client'
        return { code: shows ? scriptFor(config) : 'export {}\n', moduleSideEffects: true, moduleType: 'js', map: { mappings: '' } }
      },
    },
  }
}

/** The part that puts the overlay into the pages of the dev server, and tells it what it shows. */
export function overlayPart(api: Api): PluginPart {
  return {
    name: 'imagemill:overlay',
    enforce: 'pre',
    apply: 'serve',
    configureServer(server: DevServer) {
      if (!api.options.overlay) return undefined
      const path = server.config.base + FACTS_PATH
      const handler: Handler = (request, response, next) => {
        const [asked, query] = (request.url ?? '').split('?')
        if (asked !== path || request.method !== 'GET') return next()
        const keys = new URLSearchParams(query).get('keys') ?? ''
        factsOf(keys.split(','), api, server.config).then((facts) => {
          response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
          response.end(JSON.stringify(facts))
        }, next)
      }
      server.middlewares.use(handler)
      return () => moveBehindChecks(server, handler)
    },
    transformIndexHtml: {
      order: 'pre',
      handler(_: string, { server }: { server?: { config: { base: string } } }) {
        if (!api.options.overlay || !server) return undefined
        return [{ tag: 'script', attrs: { type: 'module', src: `/@id/__x00__${NAME}` }, injectTo: 'body' }]
      },
    },
  }
}

function scriptFor(config: ViteConfig): string {
  const script = readFileSync(
    createRequire(import.meta.url)
      .resolve('imagemill/package.json')
      .replace(/package\.json$/, SCRIPT),
    'utf8',
  )
  return `${script}\nstart(${JSON.stringify((config.server.origin ?? '') + config.base + FACTS_PATH)})\n`
}

/** What is known of files by their keys; nothing is made for it. */
async function factsOf(
  keys: readonly string[],
  api: Api,
  { root, base }: Pick<ViteConfig, 'root' | 'base'>,
): Promise<Record<string, OverlayFacts>> {
  const wanted = new Set(keys)
  const facts: Record<string, OverlayFacts> = {}
  const { requestId } = await import('./asked-for.ts')
  for (const job of api.jobs.values()) {
    for (const output of job.plan.outputs) {
      // Of an original that stands in, the browser knows more.
      if (!wanted.has(output.key) || facts[output.key] || api.outputs.get(output.key)?.original) continue
      const stored = await api.openedPipeline()?.known(output.key)
      const inspector = `${base}__imagemill/#/request/${requestId(job.name)}`
      facts[output.key] = { inspector, ...aboutOf(output, job, root), ...(stored && { size_bytes: stored.size_bytes }) }
    }
  }
  return facts
}

function aboutOf({ picture, encoding }: Output, { source, plan, written }: Job, root: string): Omit<OverlayFacts, 'inspector'> {
  const { format } = encoding
  const widths = plan.outputs.filter((other) => other.encoding.format === format).map((other) => other.picture.width)
  return {
    path: pathBelow(root, source.file),
    query: written,
    source_width: source.header.orientation >= 5 ? source.header.height : source.header.width,
    format,
    width: picture.width,
    height: picture.height,
    widths: [...new Set(widths)].sort((a, b) => a - b),
  }
}
