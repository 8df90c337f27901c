// ipx as a server, asked for every output by a process of its own, whose time is not counted.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createIPX, createIPXNodeServer, ipxFSStorage } from 'ipx'
import { task } from './report.js'

const server = createServer(createIPXNodeServer(createIPX({ storage: ipxFSStorage({ dir: task.dir }) }))).listen(0, '127.0.0.1')
await once(server, 'listening')
const paths = task.files.flatMap((file) =>
  task.widths.flatMap((width) => task.formats.map((format) => `/w_${width},f_${format}/${basename(file)}`)),
)
const { port } = server.address()
const script = fileURLToPath(new URL('ask.js', import.meta.url))
// A session of its own: what is measured is this one.
const asking = spawn(process.execPath, [script], {
  detached: true,
  stdio: ['pipe', 'inherit', 'inherit'],
  env: { ...process.env, BENCH_REPORT: '' },
})
asking.stdin.end(JSON.stringify({ port, paths, out: task.out }))
const [code] = await once(asking, 'exit')
if (code !== 0) throw new Error(`the asking process ended with ${code}`)
process.exit(0)
