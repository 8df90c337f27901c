import type { IncomingMessage, ServerResponse } from 'node:http'
import colours from 'picocolors'
import type { Api } from './api.ts'
import type { PluginPart } from './bundler.ts'
import { moveBehindChecks, type DevServer, type Handler } from './serve.ts'

/** Where the inspector is, below `base`. */
const PATH = '__imagemill'

/** Addresses of its data, by names and never by paths; the other ones below `api/` are those of jobs. */
const ROUTE = /^(?:$|\/$|\/api\/(?:inspection|events|try|(?:details|thumbnail|source|reference)\/.*)$)/

/** Whether a path below `base` and `__imagemill` is the inspector's: which of us is asked first differs between versions of Vite. */
export function isOfInspector(path: string): boolean {
  return ROUTE.test(path.replace(/\?.*$/s, ''))
}

export type InspectorListener = (path: string, request: IncomingMessage, response: ServerResponse) => Promise<void>

/** The part that shows what was done to every image, on a page of the dev server. */
export function inspectorPart(api: Api): PluginPart {
  return {
    name: 'imagemill:inspector',
    enforce: 'pre',
    configureServer(server: DevServer) {
      const prefix = `${server.config.base}${PATH}`
      let listener: Promise<InspectorListener> | undefined
      const handler: Handler = (request, response, next) => {
        const path = (request.url ?? '').replace(/\?.*$/s, '')
        if (!path.startsWith(prefix) || !isOfInspector(path.slice(prefix.length))) return next()
        // Whoever does not look at it does not load it.
        listener ??= import('./inspector-routes.ts').then(({ openInspector }) => openInspector(api, server))
        listener.then((listen) => listen(path.slice(prefix.length), request, response)).catch(next)
      }
      server.middlewares.use(handler)
      if (api.options.logLevel === 'info') printLink(server)
      return () => moveBehindChecks(server, handler)
    },
  }
}

/** Among the addresses that Vite prints when it starts. */
function printLink(server: DevServer): void {
  const { printUrls } = server
  server.printUrls = () => {
    printUrls.call(server)
    for (const url of server.resolvedUrls?.local.slice(0, 1) ?? [])
      server.config.logger.info(`  ${colours.green('➜')}  ${colours.bold('Images')}:  ${colours.cyan(`${url}${PATH}/`)}`)
  }
}
