/** What the service counts, in the text format of Prometheus. */
export interface Metrics {
  request(method: string, route: string, status: number, ms: number): void
  /** A job that ended. */
  job(operation: string, status: string, times: { wait_s: number; work_s: number; bytes: number }): void
  text(gauges: Readonly<Record<string, number>>): string
}

/** Upper ends of the classes of times, in s. */
const CLASSES = [0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60]

export function openMetrics(): Metrics {
  const counters = new Map<string, number>()
  const add = (name: string, labels: Record<string, string | number>, by = 1): void => {
    const series = `${name}{${Object.entries(labels)
      .map(([key, value]) => `${key}="${escaped(String(value))}"`)
      .join(',')}}`
    counters.set(series, (counters.get(series) ?? 0) + by)
  }
  const observe = (name: string, labels: Record<string, string>, seconds: number): void => {
    for (const end of [...CLASSES, Infinity])
      add(`${name}_bucket`, { ...labels, le: end === Infinity ? '+Inf' : end }, seconds <= end ? 1 : 0)
    add(`${name}_sum`, labels, seconds)
    add(`${name}_count`, labels)
  }
  return {
    request(method, route, status, ms) {
      add('imagemill_http_requests_total', { method, route, status })
      observe('imagemill_http_request_seconds', { route }, ms / 1000)
    },
    job(operation, status, { wait_s, work_s, bytes }) {
      add('imagemill_jobs_total', { operation, status })
      add('imagemill_result_bytes_total', { operation }, bytes)
      observe('imagemill_job_wait_seconds', { operation }, wait_s)
      observe('imagemill_job_work_seconds', { operation }, work_s)
    },
    text(gauges) {
      const lines = FAMILIES.flatMap(([name, type, help]) => {
        const series = name in gauges ? [`${name} ${gauges[name]}`] : seriesOf(counters, name, type)
        return series.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...series]
      })
      return `${lines.join('\n')}\n`
    },
  }
}

const FAMILIES = [
  ['imagemill_jobs_queued', 'gauge', 'Jobs that wait.'],
  ['imagemill_jobs_running', 'gauge', 'Jobs under way.'],
  ['imagemill_workers', 'gauge', 'Workers on other machines that are there.'],
  ['imagemill_webhooks_pending', 'gauge', 'Messages that are not delivered yet.'],
  ['imagemill_process_resident_memory_bytes', 'gauge', 'Memory of the service, its workers not counted.'],
  ['imagemill_uptime_seconds', 'gauge', 'Time since the start.'],
  ['imagemill_jobs_total', 'counter', 'Jobs that ended.'],
  ['imagemill_result_bytes_total', 'counter', 'Bytes of results.'],
  ['imagemill_job_wait_seconds', 'histogram', 'Time from the acceptance of a job to its begin.'],
  ['imagemill_job_work_seconds', 'histogram', 'Time from the begin of a job to its end.'],
  ['imagemill_http_requests_total', 'counter', 'Requests that were answered.'],
  ['imagemill_http_request_seconds', 'histogram', 'Time of a request.'],
] as const

function seriesOf(counters: ReadonlyMap<string, number>, name: string, type: string): string[] {
  const names = type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
  return [...counters]
    .filter(([series]) => names.includes(series.slice(0, series.indexOf('{'))))
    .map(([series, value]) => `${series} ${value}`)
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
