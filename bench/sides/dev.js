// A dev server that has already served a page, a module and an image: what a cold module and a second GET take, as a browser sees them.
import { Agent } from 'node:http'
import { lookAt } from '../processes.js'
import { getter } from './get.js'
import { say, task } from './report.js'
import { openServer } from './servers.js'

const { port, host, moduleOf, addressesIn, close } = await openServer(task)
const get = getter({ port, host, agent: new Agent({ keepAlive: true }) })
const processes = () => lookAt(process.pid, { memory: false }).length - 1

for (const path of moduleOf('')) await get(path)
const known = await open(task.warm)

const modules = []
const first_ms = []
const second_ms = []
const opened = []
for (const photo of task.photos) {
  const { ms, addresses } = await open(photo)
  if (ms !== undefined) modules.push({ ms, processes: processes() })
  if (addresses.length !== task.outputs) throw new Error(`expected ${task.outputs} addresses, found ${addresses.length}`)
  opened.push(addresses)
}
await get(known.addresses[0])
for (const address of opened.flat()) {
  first_ms.push((await get(address)).ms)
  second_ms.push((await get(address)).ms)
}
say({ modules, first_ms, second_ms })
await close()
process.exit(0)

/** The addresses of a photograph, and how long it took to learn them; where they need not be asked for, nothing. */
async function open(photo) {
  const [path] = moduleOf(photo)
  if (!path) return { addresses: addressesIn('', photo) }
  const { ms, body } = await get(path)
  return { ms, addresses: [...new Set(addressesIn(body.toString(), photo))] }
}
