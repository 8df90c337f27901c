// Serves the project at a folder and says where: node dev.js <root>
import { imagemill } from 'imagemill'
import { createServer } from 'vite'

const [root] = process.argv.slice(2)
const server = await createServer({
  configFile: false,
  logLevel: 'error',
  root,
  server: { host: '127.0.0.1', port: 0 },
  optimizeDeps: { noDiscovery: true, include: [] },
  plugins: [imagemill({ types: false, logLevel: 'error' })],
})
await server.listen()
process.stdout.write(`${new URL(server.resolvedUrls.local[0]).origin}\n`)
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)))
