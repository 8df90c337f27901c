// A worker whose tasks are taken over soon: node worker-once.js <redis> <store> <folder> <lock in ms>
import { openWorker } from '../../dist/queue/bullmq/worker.js'
import { openPool } from '../../dist/queue/pool.js'
import { openRemote } from '../../dist/store/remote.js'
import { openRunStore } from '../../dist/store/run-store.js'

const [redis, url, folder, lock] = process.argv.slice(2)
const warn = (error) => process.stderr.write(`${error.message}\n`)
await openWorker({
  redis,
  allowForgetful: false,
  pool: openPool({ concurrency: 1, memory: 1e9, timeout: 60_000, pixelLimit: 1e8 }),
  store: openRunStore({ folder, maxSize: 1e9, warn }),
  remote: openRemote({ url, write: true, warn }),
  concurrency: 1,
  lock: Number(lock),
  onDone: () => undefined,
})
process.stderr.write('waiting for jobs\n')
