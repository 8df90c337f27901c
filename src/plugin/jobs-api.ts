import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { isRecord } from '../hash.ts'
import { reasonOf, type JobStatusResponse } from '../service/documents.ts'
import type { JobsView } from '../service/view.ts'
import type { Api } from './api.ts'
import type { BuildJob } from '../contract/build-job.ts'
import type { PluginPart } from './bundler.ts'
import { isOfInspector } from './inspector.ts'
import { DEV_PATH } from './place.ts'
import { moveBehindChecks, type DevServer, type Handler } from './serve.ts'

/** Where the jobs of the dev server are asked for, below `base`. */
const API_PATH = '__imagemill/api'

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
  const { watchListener } = await import('../service/watch-app.ts')
  const closing = new AbortController()
  server.httpServer?.once('close', () => closing.abort())
  const origin = (): string => new URL(server.resolvedUrls?.local[0] ?? 'http://localhost').origin
  const listen = watchListener({
    view: viewOf(api, () => origin() + server.config.base + DEV_PATH),
    gauges: () => ({ imagemill_jobs_running: api.jobLog.list().filter(({ status }) => status === 'processing').length }),
    version: ownVersion(),
    origin: () => `${origin()}${server.config.base}${API_PATH}`,
    closing: closing.signal,
  })
  return async (request, response) => listen(request, response)
}

function viewOf(api: Api, base: () => string): JobsView {
  const { jobLog } = api
  return {
    async see(id) {
      const job = jobLog.find(id)
      return job && { operation: job.operation, status: statusOf(job, base()) }
    },
    list: () =>
      jobLog.list().map(({ job_id, operation, name, status, started_ms }) => ({
        job_id,
        operation,
        name,
        status,
        progress: status === 'processing' ? 5 : 100,
        queued_at: new Date(started_ms).toISOString(),
      })),
    watch: (id, listener) => jobLog.watch(id, listener),
  }
}

function statusOf({ job_id, record, started_ms, ended_ms = started_ms }: BuildJob, base: string): JobStatusResponse {
  if (!record) return { job_id, status: 'processing', progress: 5 }
  const [output] = record.success ? record.outputs : []
  if (!record.success || !output) {
    const error = record.success ? 'The job made no file' : record.error
    return {
      job_id,
      status: 'failed',
      error,
      failure_reason_code: reasonOf(record),
      retryable: !record.success && record.retryable === true,
    }
  }
  const seconds = (ended_ms - started_ms) / 1000
  return {
    job_id,
    status: 'completed',
    progress: 100,
    result_url: base + output.path,
    result_mime_type: `image/${output.format}`,
    result_size_bytes: output.size_bytes,
    result: { ...record, outputs: [{ ...output, path: base + output.path }] },
    queue_wait_seconds: 0,
    inference_time_seconds: seconds,
    total_elapsed_seconds: seconds,
    credits_charged: false,
    credits_amount: 0,
  }
}

function ownVersion(): string {
  const own: unknown = createRequire(import.meta.url)('imagemill/package.json')
  return isRecord(own) ? String(own['version']) : ''
}
