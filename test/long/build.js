// Builds the project at a folder, once for each line of its input: node build.js <root>
import { createInterface } from 'node:readline'
import { imagemill } from 'imagemill'
import { build } from 'vite'

const [root] = process.argv.slice(2)
for await (const _ of createInterface({ input: process.stdin })) {
  await build({ configFile: false, logLevel: 'error', root, plugins: [imagemill({ types: false, logLevel: 'error' })] })
  process.stdout.write('built\n')
}
