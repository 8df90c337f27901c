// The store that workers share: node store.js <folder>; prints its port.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { storeRoutes } from '../../dist/service/store-routes.js'

const { serve } = await import(
  pathToFileURL(createRequire(new URL('../../package.json', import.meta.url)).resolve('@hono/node-server')).href
)
serve({ fetch: storeRoutes({ folder: process.argv[2], write: true }).fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
  process.stdout.write(`${port}\n`),
)
