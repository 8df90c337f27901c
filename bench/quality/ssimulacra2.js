import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/**
 * SSIMULACRA 2 (https://github.com/cloudinary/ssimulacra2): 100 is the same, 90 hardly seen, 70 good, 50 middling.
 * In a thread of its own, because the module logs what it does.
 */
export function openSsimulacra2() {
  const worker = new Worker(new URL('ssimulacra2-worker.js', import.meta.url), { stdout: true })
  return {
    /** Of two pictures as RGB bytes. */
    async score(source, shown, { width, height }) {
      worker.postMessage({ pictures: { source, shown }, width, height })
      const [score] = await once(worker, 'message')
      return score
    },
    close: () => worker.terminate(),
  }
}
