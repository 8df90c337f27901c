// Builds the project at a folder, once for each line of its input, as somebody who watches does: node build.js <root>
// With --plain there is no plugin, and every image is a file as it is.
// One build that watches: Vite keeps the plugins of every build that a process has begun, whatever they are.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { imagemill } from 'imagemill'
import { build } from 'vite'

const [root, plain] = process.argv.slice(2)
const main = join(root, 'main.js')
const code = plain ? readFileSync(main, 'utf8').replaceAll(/\?w=[^']*/g, '?url&no-inline') : readFileSync(main, 'utf8')
writeFileSync(main, code)
let turns = 0
let watcher

/** Resolves when the next turn of the watcher is over. */
function turn() {
  return new Promise((resolve, reject) => {
    const listen = (event) => {
      if (event.code === 'ERROR') reject(event.error)
      if (event.code === 'BUNDLE_END') void event.result.close()
      if (event.code !== 'END') return
      watcher.off('event', listen)
      resolve()
    }
    watcher.on('event', listen)
  })
}

for await (const _ of createInterface({ input: process.stdin })) {
  if (watcher) {
    const over = turn()
    writeFileSync(main, `${code}\n// ${++turns}`)
    await over
  } else {
    const plugins = plain ? [] : [imagemill({ types: false, logLevel: 'error' })]
    watcher = await build({ configFile: false, logLevel: 'error', root, build: { watch: {} }, plugins })
    await turn()
  }
  process.stdout.write('built\n')
}
