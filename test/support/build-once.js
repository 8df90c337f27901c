// One build in a process of its own: node build-once.js <root> <options of the plugin as JSON> <output folder>
import { imagemill } from 'imagemill'
import { build } from 'vite'

const [root, options = '{}', outDir = 'dist'] = process.argv.slice(2)
await build({ configFile: false, logLevel: 'warn', root, build: { outDir }, plugins: [imagemill(JSON.parse(options))] })
process.stdout.write('built\n')
