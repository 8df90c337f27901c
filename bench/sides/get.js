import { request } from 'node:http'
import { performance } from 'node:perf_hooks'

/** A function that answers how long a request took, and what came. */
export function getter({ port, agent, host = '127.0.0.1' }) {
  return (path) => {
    const start = performance.now()
    return new Promise((resolve, reject) => {
      request({ host, port, path, agent }, (response) => {
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
}
