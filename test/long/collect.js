// Preloaded into what is watched: what nobody needs any longer goes before memory is measured, so that what stays is seen.
import { writeFileSync } from 'node:fs'

process.on('SIGUSR2', () => {
  globalThis.gc()
  globalThis.gc()
  // Of JavaScript alone: a bundler's own memory is not in it.
  const { heapUsed, external } = process.memoryUsage()
  writeFileSync(process.env.HEAP_FILE, String(heapUsed + external))
})
