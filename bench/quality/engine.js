import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { openPipeline } from '../../dist/pipeline.js'
import { parseRequest } from '../../dist/query/request.js'
import { openPool } from '../../dist/queue/pool.js'

/** The engine as a build uses it, with a new cache. */
export function openEngine(work, concurrency = 2) {
  const folder = join(work, 'quality-cache')
  rmSync(folder, { recursive: true, force: true })
  const queue = openPool({ concurrency, memory: 1e9, timeout: 600_000, pixelLimit: 1e8 })
  const warn = (error) => {
    throw error
  }
  const pipeline = openPipeline({ folder, maxSize: 1e10, pixelLimit: 1e8, queue, patience: 600_000, warn })
  return {
    /** The only output of a query: its facts and its bytes. */
    async make(file, query) {
      const { source, plan } = await pipeline.plan(file, parseRequest(query))
      const planned = { source, output: plan.outputs[0] }
      const stored = await pipeline.make(planned)
      return { ...stored, bytes: (await pipeline.read(planned)).bytes }
    },
    close: () => pipeline.close(),
  }
}
