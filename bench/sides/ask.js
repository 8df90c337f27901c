// Asks a server for many addresses by a few connections, and keeps the answers as files.
import { writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { getter } from './get.js'

const CONNECTIONS = 8

const { port, paths, out } = JSON.parse(await text(process.stdin))
const get = getter({ port, agent: new Agent({ keepAlive: true }) })
const left = [...paths]
await Promise.all(
  Array.from({ length: CONNECTIONS }, async () => {
    for (let path = left.shift(); path; path = left.shift()) {
      const { body } = await get(path)
      const [, width, format, name] = /w_(\d+),f_(\w+)\/([^/]+)\.\w+$/.exec(path)
      writeFileSync(join(out, `${name}-${width}.${format}`), body)
    }
  }),
)
process.exit(0)
