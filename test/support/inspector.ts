import { createServer, request } from 'node:http'
import { onTestFinished } from 'vitest'
import { inspectionSchema, type InspectedRequest, type Inspection } from '../../src/contract/inspection.ts'
import type { InspectorEvent } from '../../src/plugin/inspector-events.ts'
import { until, type Dev } from './dev.ts'

/** What the inspector of a dev server knows, by the schema that it promises. */
export async function inspectionOf(dev: Dev, base = '/'): Promise<Inspection> {
  const { status, text } = await dev.get(`${base}__imagemill/api/inspection`)
  if (status !== 200) throw new Error(`the inspection answered ${status}: ${text}`)
  return inspectionSchema.parse(JSON.parse(text))
}

export function requestIn({ requests }: Inspection, part: string): InspectedRequest {
  const found = requests.find(({ name }) => name.includes(part))
  if (!found) throw new Error(`no request has ${part} in its name: ${requests.map(({ name }) => name).join(', ')}`)
  return found
}

/** Listens to the events of an inspector, as its page does; answers what was heard so far. */
export async function listen({ origin }: Dev): Promise<() => InspectorEvent[]> {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const { body } = await fetch(`${origin}/__imagemill/api/events`, { signal: stop.signal })
  let text = ''
  const read = async (): Promise<void> => {
    for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) text += part
  }
  read().catch(() => undefined)
  const heard = (): InspectorEvent[] => [...text.matchAll(/^data: (.*)\n\n/gm)].map(([, data = '']): InspectorEvent => JSON.parse(data))
  // What it says first is what it knew when it was opened.
  await until('the first event', () => heard().length > 0)
  return heard
}

/** A proxy that has a server below a path of its own, as those of development machines in a cloud do; answers its origin. */
export async function proxy(to: string, path: string): Promise<string> {
  const { hostname, port } = new URL(to)
  const server = createServer((incoming, outgoing) => {
    const url = incoming.url ?? ''
    if (!url.startsWith(path)) return void outgoing.writeHead(404).end()
    const headers = { ...incoming.headers, host: `${hostname}:${port}` }
    const passed = request({ hostname, port, method: incoming.method, path: url.slice(path.length), headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    outgoing.on('close', () => passed.destroy())
    incoming.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new TypeError('the proxy has no port')
  return `http://127.0.0.1:${address.port}`
}

/** So many requests that nobody made, to see how the page bears them. */
export function manyRequests(count: number): InspectedRequest[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `photos/photo-${String(index).padStart(5, '0')}.jpg`
    return {
      id: index.toString(16).padStart(12, '0'),
      name: `${name}?w=320`,
      source: { path: name, format: 'jpeg', width: 4000, height: 3000, size_bytes: 2_000_000 + index, sha256: String(index) },
      query: 'w=320',
      written: 'w=320',
      importers: [{ file: 'src/main.ts', line: index + 1 }],
      operation: 'resize',
      status: 'completed',
      cached: index % 2 === 0,
      outputs: [
        {
          key: String(index),
          path: `assets/photo-${index}.jpeg`,
          format: 'jpeg',
          width: 320,
          height: 240,
          descriptor: '320w',
          quality: 75,
          status: 'completed',
          size_bytes: 10_000 + index,
          elapsed_ms: index,
          cached: index % 2 === 0,
        },
      ],
    }
  })
}
