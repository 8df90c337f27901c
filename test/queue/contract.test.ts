import { pool } from '../support/jobs.ts'
import { withProgram } from '../support/installed.ts'
import { bullmq, startRedis, startWorker } from '../support/redis.ts'
import { startStore } from '../support/store-server.ts'
import { testQueue } from './contract.ts'

testQueue('pool', async () => pool({ concurrency: 3 }))

withProgram('redis-server', 'redis-server', (program) => {
  testQueue('bullmq', async () => {
    const [redis, store] = await Promise.all([startRedis(program), startStore()])
    await startWorker(redis.url, store.url, ['--concurrency', '3'])
    return bullmq(redis.url, store.url).queue
  })
  testQueue('bullmq without any Redis', async () => bullmq('redis://127.0.0.1:1', (await startStore()).url).queue)
})
