// What a person writes who needs no cache, no records and no limits: as many pipelines of sharp at a time as there are CPUs.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { setEncoder } from '../../dist/engine/encode.js'
import { task } from './report.js'

const sharp = createRequire(new URL('../../package.json', import.meta.url))('sharp')
sharp.concurrency(1)
const left = JSON.parse(readFileSync(task.list, 'utf8'))
mkdirSync(dirname(left[0].output), { recursive: true })
await Promise.all(
  Array.from({ length: task.processes }, async () => {
    for (let job = left.shift(); job; job = left.shift())
      await setEncoder(sharp(job.input).autoOrient().resize(job.width), { format: 'webp', ...task.encoding }).toFile(job.output)
  }),
)
