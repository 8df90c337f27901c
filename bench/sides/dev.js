// A dev server that has already served a page and an image: what a cold module and a second GET take, as a browser sees them.
import { Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'
import { lookAt } from '../processes.js'
import { load } from './plugins.js'
import { say, task } from './report.js'

const { vite, plugins } = await load(task.side)
const server = await vite.createServer({
  root: task.root,
  configFile: false,
  logLevel: 'silent',
  plugins,
  server: { port: 0, host: '127.0.0.1', watch: null },
  optimizeDeps: { noDiscovery: true },
})
await server.listen()
const { port } = server.httpServer.address()
const agent = new Agent({ keepAlive: true })

await get('/')
await get('/main.js')
await get(`/photos/${task.warm}?w=200&format=webp&import`)

const modules = []
const answers = []
for (const photo of task.photos) {
  const module = await get(`/photos/${photo}?${task.query}&import`)
  modules.push({ ms: module.ms, processes: lookAt(process.pid, { memory: false }).length - 1 })
  answers.push(module.body.toString())
}
const first_ms = []
const second_ms = []
for (const code of answers) {
  const addresses = [...new Set(code.match(/\/@image(?:mill|tools)\/[\w.-]+/g))]
  if (addresses.length !== task.outputs) throw new Error(`expected ${task.outputs} addresses in the module, found ${addresses.length}`)
  for (const address of addresses) {
    first_ms.push((await get(address)).ms)
    second_ms.push((await get(address)).ms)
  }
}
say({ modules, first_ms, second_ms })
await server.close()
process.exit(0)

function get(path) {
  const start = performance.now()
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, agent }, (response) => {
      const chunks = []
      response
        .on('data', (chunk) => chunks.push(chunk))
        .on('error', reject)
        .on('end', () => {
          const ms = performance.now() - start
          if (response.statusCode === 200) resolve({ ms, body: Buffer.concat(chunks) })
          else reject(new Error(`${path}: ${response.statusCode}`))
        })
    })
      .on('error', reject)
      .end()
  })
}
