import { once } from 'node:events'
import { createServer } from 'node:http'
import { basename } from 'node:path'
import { load } from './plugins.js'

/**
 * The dev server of a side: where it is, what has to be asked for before the addresses of a photograph are known (of no photograph:
 * what a page asks for first), and how they are found in the answer.
 */
export function openServer(task) {
  return SERVERS[task.side](task)
}

const SERVERS = {
  ours: (task) => vite(task, (photo) => `/photos/${photo}?${task.query}&import`),
  rival: (task) => vite(task, (photo) => `/photos/${photo}?${task.query}&import`),
  enhanced: (task) => vite(task, (photo) => `/${basename(photo, '.jpg').replace(/\W/g, '')}.svelte`),
  eleventy,
  ipx,
}

async function vite({ side, root }, moduleOf) {
  const { vite: bundler, plugins } = await load(side)
  const server = await bundler.createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins,
    server: { port: 0, host: '127.0.0.1', watch: null },
    optimizeDeps: { noDiscovery: true },
  })
  await server.listen()
  return {
    port: server.httpServer.address().port,
    moduleOf: (photo) => (photo ? [moduleOf(photo)] : ['/', '/main.js']),
    addressesIn: (code) => code.match(/\/@image(?:mill|tools)\/[\w.-]+/g) ?? [],
    close: () => server.close(),
  }
}

/** Eleventy's own, with the plugin that makes images when they are asked for. Its pages are built when it starts. */
async function eleventy({ widths, formats }) {
  const [{ Eleventy }, { eleventyImageTransformPlugin }] = await Promise.all([import('@11ty/eleventy'), import('@11ty/eleventy-img')])
  const eleventyOf = new Eleventy('.', '_site', {
    quietMode: true,
    runMode: 'serve',
    config(config) {
      config.addPlugin(eleventyImageTransformPlugin, { widths, formats, transformOnRequest: true })
      config.setServerOptions({ showVersion: false })
    },
  })
  await eleventyOf.init()
  await eleventyOf.watch()
  const port = await freePort()
  await eleventyOf.serve(port)
  return {
    port,
    host: 'localhost',
    moduleOf: (photo) => [photo ? `/${basename(photo, '.jpg')}/` : '/'],
    addressesIn: (html) => html.replaceAll('&amp;', '&').match(/\/\.11ty\/image\/\?[^"\s]+/g) ?? [],
    close: async () => undefined,
  }
}

/** Addresses are written by hand: there is nothing to ask for before. */
async function ipx({ root, widths, formats }) {
  const { createIPX, createIPXNodeServer, ipxFSStorage } = await import('ipx')
  const server = createServer(createIPXNodeServer(createIPX({ storage: ipxFSStorage({ dir: `${root}/photos` }) }))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: server.address().port,
    moduleOf: () => [],
    addressesIn: (_, photo) => formats.flatMap((format) => widths.map((width) => `/w_${width},f_${format}/${photo}`)),
    close: async () => server.close(),
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
