// The least that this work can cost: each photograph decoded once, each size resized once, each output encoded once with the
// settings of one side, by as many processes, and nothing else: no bundler, no cache, no records.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { task } from './report.js'

await mkdir(task.out, { recursive: true })
const left = [...task.files]
const workers = Array.from({ length: task.processes }, () =>
  fork(fileURLToPath(new URL('floor-worker.js', import.meta.url)), [], { env: { ...process.env, UV_THREADPOOL_SIZE: '2' } }),
)
await Promise.all(
  workers.map(async (worker) => {
    const next = () =>
      left.length > 0
        ? worker.send({ file: left.shift(), out: task.out, widths: task.widths, formats: task.formats, settings: task.settings })
        : worker.disconnect()
    worker.on('message', next)
    const [code] = await once(worker, 'exit')
    if (code !== 0) throw new Error(`a process of the floor ended with ${code}`)
  }),
)
