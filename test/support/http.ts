import { request } from 'node:http'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: Buffer
  text: string
}

/** One HTTP request with its path exactly as given: `fetch` would tidy `..` and `//` away before the server sees them. */
export function send(
  origin: string,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const body = Buffer.concat(parts)
        const flat = Object.entries(response.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(', ') : (value ?? ''),
        ])
        resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(flat), body, text: body.toString() })
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}
