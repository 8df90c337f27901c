import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Api } from './api.ts'
import type { PluginPart } from './bundler.ts'
import { isOfInspector } from './inspector.ts'
import { API_PATH } from './place.ts'
import { moveBehindChecks, type DevServer, type Handler } from './serve.ts'

type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** The part that shows the jobs of the dev server, by the routes of the service. */
export function jobsApiPart(api: Api): PluginPart {
  return {
    name: 'imagemill:jobs',
    enforce: 'pre',
    configureServer(server: DevServer) {
      const prefix = `${server.config.base}${API_PATH}`
      let listener: Promise<Listener> | undefined
      const handler: Handler = (request, response, next) => {
        const url = request.url ?? ''
        const rest = url.slice(prefix.length)
        if (!url.startsWith(prefix) || !/^(?:$|[/?])/.test(rest) || isOfInspector(`/api${rest}`)) return next()
        // Whoever only looks at pages need not load it.
        listener ??= openListener(api, server)
        request.url = rest.startsWith('/') ? rest : `/${rest}`
        listener.then((listen) => listen(request, response)).catch(next)
      }
      server.middlewares.use(handler)
      return () => moveBehindChecks(server, handler)
    },
  }
}

async function openListener(api: Api, server: DevServer): Promise<Listener> {
  const [{ watchListener }, { watchedJobs }] = await Promise.all([import('../service/watch-app.ts'), import('./jobs-view.ts')])
  const closing = new AbortController()
  server.httpServer?.once('close', () => closing.abort())
  const origin = (): string => new URL(server.resolvedUrls?.local[0] ?? 'http://localhost').origin
  const listen = watchListener(watchedJobs(api, () => origin() + server.config.base, closing.signal))
  return async (request, response) => listen(request, response)
}
