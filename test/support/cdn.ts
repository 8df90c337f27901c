import { webServer, type TestServer } from './server.ts'
import { jpeg } from './images.ts'

/** A server with one photograph under every address, which it knows by its ETag. */
export async function cdn(width = 60, height = 40): Promise<TestServer> {
  const photo = await jpeg(width, height)
  return webServer((request, response) => {
    if (request.headers['if-none-match'] === '"1"') return void response.writeHead(304).end()
    response.writeHead(200, { 'content-type': 'image/jpeg', etag: '"1"' }).end(photo)
  })
}

/** Options of the plugin that allow a server of this machine. */
export function allowing(origin: string) {
  return { remote: { allow: `${origin}/**`, allowPrivate: true } }
}
